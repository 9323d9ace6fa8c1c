//! The knowledge base: written by the host, searchable by every caller (SQLite's FTS5, which Durable Objects support,
//! over the terms of [`terms`]).

use serde::Serialize;

use crate::base::id::ArticleId;
use crate::base::terms;
use crate::base::time::UnixSeconds;
use crate::ports::paging::{Found, KeyKind, Order, Page, Query};
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError, SqlValue};

/// Articles of one host.
pub const ARTICLES_MAX: u64 = 2_000;
/// Articles that are indexed anew in one step.
const AT_ONCE: u32 = 20;
/// The excerpt of an article in search results, characters.
const SHOWN_CHARS: usize = 4_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Article {
    pub article_id: String,
    /// One line, at most 200 characters.
    pub title: String,
    /// Plain text; in search results its beginning.
    pub body: String,
    /// When it last changed.
    pub updated_at: String,
}

/// Inserts a new article.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses; the same for every function here.
pub fn insert(
    sql: &impl Sql,
    id: &ArticleId,
    title: &str,
    body: &str,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO kb_articles (id, title, body, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?4)";
    sql.run(statement, &[id.as_str().into(), title.into(), body.into(), now.into()])?;
    index(sql, id, title, body)
}

/// Changes an article; `false` if there is none.
///
/// # Errors
/// As [`insert`].
pub fn update(
    sql: &impl Sql,
    id: &ArticleId,
    title: Option<&str>,
    body: Option<&str>,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    unindex(sql, id)?;
    let statement = "UPDATE kb_articles SET title = coalesce(?2, title), \
         body = coalesce(?3, body), updated_at = ?4 WHERE id = ?1 RETURNING title, body";
    let parameters = [id.as_str().into(), title.into(), body.into(), now.into()];
    let Some(mut changed) = first(sql, statement, &parameters)? else { return Ok(false) };
    index(sql, id, &changed.text()?, &changed.text()?)?;
    Ok(true)
}

/// Removes an article; `false` if there is none.
///
/// # Errors
/// As [`insert`].
pub fn remove(sql: &impl Sql, id: &ArticleId) -> Result<bool, SqlError> {
    unindex(sql, id)?;
    let statement = "DELETE FROM kb_articles WHERE id = ?1 RETURNING id";
    Ok(!sql.run(statement, &[id.as_str().into()])?.is_empty())
}

/// One article.
///
/// # Errors
/// As [`insert`].
pub fn find(sql: &impl Sql, id: &ArticleId) -> Result<Option<Article>, SqlError> {
    let statement = "SELECT id, title, body, updated_at FROM kb_articles WHERE id = ?1";
    first(sql, statement, &[id.as_str().into()])?.as_mut().map(article).transpose()
}

/// Articles by last change, newest first.
pub static NEWEST_FIRST: Order =
    Order { list: "articles", keys: &[("-updated_at", KeyKind::Int), ("-number", KeyKind::Int)] };

/// A page of the articles in the order [`NEWEST_FIRST`].
///
/// # Errors
///
/// As [`insert`].
pub fn list(sql: &impl Sql, page: &Page) -> Result<Found<Article>, SqlError> {
    let query = Query {
        columns: "id, title, body, updated_at",
        table: "kb_articles",
        condition: "TRUE",
        parameters: &[],
    };
    page.find(sql, query, article)
}

/// The number of articles.
///
/// # Errors
///
/// As [`insert`].
pub fn count(sql: &impl Sql) -> Result<u64, SqlError> {
    let found = first(sql, "SELECT count(*) FROM kb_articles", &[])?;
    found.map_or(Ok(0), |mut columns| columns.count())
}

/// The articles that match a query best.
///
/// # Errors
///
/// As [`insert`].
pub fn search(sql: &impl Sql, query: &str, limit: u32) -> Result<Vec<Article>, SqlError> {
    let wanted = terms::query(query);
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    catch_up(sql)?;
    let statement = "SELECT a.id, a.title, a.body, a.updated_at FROM kb_text t \
         JOIN kb_articles a ON a.number = t.rowid WHERE kb_text MATCH ?1 \
         ORDER BY bm25(kb_text, 4.0, 1.0), a.number LIMIT ?2";
    let mut found = all(sql, statement, &[wanted.into(), limit.into()], article)?;
    for article in &mut found {
        article.body = article.body.chars().take(SHOWN_CHARS).collect();
    }
    Ok(found)
}

/// Indexes articles without an index, or with one of an older version.
fn catch_up(sql: &impl Sql) -> Result<(), SqlError> {
    let statement = "SELECT id, title, body FROM kb_articles WHERE terms < ?1 LIMIT ?2";
    loop {
        let read = |columns: &mut Columns| {
            Ok((columns.parsed(ArticleId::parse)?, columns.text()?, columns.text()?))
        };
        let old = all(sql, statement, &[terms::VERSION.into(), AT_ONCE.into()], read)?;
        if old.is_empty() {
            return Ok(());
        }
        sql.atomically(|| {
            old.iter().try_for_each(|(id, title, body)| {
                unindex(sql, id)?;
                index(sql, id, title, body)
            })
        })?;
    }
}

fn index(sql: &impl Sql, id: &ArticleId, title: &str, body: &str) -> Result<(), SqlError> {
    let statement = "INSERT INTO kb_text (rowid, title, body) \
         SELECT number, ?2, ?3 FROM kb_articles WHERE id = ?1";
    let (title, body) = (terms::index(title), terms::index(body));
    sql.run(statement, &[id.as_str().into(), title.into(), body.into()])?;
    let statement = "UPDATE kb_articles SET terms = ?2 WHERE id = ?1";
    sql.run(statement, &[id.as_str().into(), terms::VERSION.into()]).map(drop)
}

fn unindex(sql: &impl Sql, id: &ArticleId) -> Result<(), SqlError> {
    let statement =
        "DELETE FROM kb_text WHERE rowid = (SELECT number FROM kb_articles WHERE id = ?1)";
    sql.run(statement, &[SqlValue::from(id.as_str())]).map(drop)
}

fn article(columns: &mut Columns) -> Result<Article, SqlError> {
    Ok(Article {
        article_id: columns.text()?,
        title: columns.text()?,
        body: columns.text()?,
        updated_at: columns.moment()?.to_string(),
    })
}
