//! The articles of the knowledge base, for the host over MCP and REST.

use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::fields;
use crate::base::id::ArticleId;
use crate::ports::World;
use crate::ports::paging::{Found, Page};
use crate::products::desk::input::{self, ArticleChanges, CreateKbArticle};
use crate::products::desk::kb;
use crate::products::desk::views::Articles;
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;
use crate::sale::request::PAGE;

pub fn create(cx: &Cx<'_, impl World>, asked: &CreateKbArticle) -> Result<Value, Failure> {
    let title = fields::line("title", &asked.title, 1, 200)?;
    let body = input::article(&asked.body)?;
    if kb::count(cx.world)? >= kb::ARTICLES_MAX {
        let detail = format!("a host may have at most {} articles", kb::ARTICLES_MAX);
        return Err(Abort::new(Code::TooManyArticles, detail).into());
    }
    let id = ArticleId::random(cx.world);
    let now = cx.world.now();
    cx.world.atomically(|| kb::insert(cx.world, &id, &title, &body, now))?;
    one(cx, &id)
}

pub fn change(
    cx: &Cx<'_, impl World>,
    id: &ArticleId,
    changes: &ArticleChanges,
) -> Result<Value, Failure> {
    let title = changes.title.as_deref().map(|title| fields::line("title", title, 1, 200));
    let title = title.transpose()?;
    let body = changes.body.as_deref().map(input::article).transpose()?;
    let now = cx.world.now();
    let (title, body) = (title.as_deref(), body.as_deref());
    let sql = cx.world;
    sql.atomically(|| kb::update(sql, id, title, body, now))?;
    one(cx, id)
}

pub fn remove(cx: &Cx<'_, impl World>, id: &ArticleId) -> Result<Value, Failure> {
    if !cx.world.atomically(|| kb::remove(cx.world, id))? {
        return Err(not_found());
    }
    Ok(json!({"success": true, "articleId": id, "message": "The article is removed."}))
}

pub fn list(cx: &Cx<'_, impl World>, cursor: Option<&str>) -> Result<Articles, Failure> {
    let page = Page::of(&kb::NEWEST_FIRST, PAGE, cursor, cx.world.now())?;
    let Found { entries: articles, next_cursor } = kb::list(cx.world, &page)?;
    Ok(Articles { articles, next_cursor })
}

fn one(cx: &Cx<'_, impl World>, id: &ArticleId) -> Result<Value, Failure> {
    Ok(json!(kb::find(cx.world, id)?.ok_or_else(not_found)?))
}

fn not_found() -> Failure {
    Abort::new(Code::ArticleNotFound, "articleId: there is no such article").into()
}
