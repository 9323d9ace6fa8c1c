//! The way out of messages and reminders: one click in a mail program (RFC 8058), or a page for people. Nobody signs in for
//! it, and looking at the page changes nothing, because programs follow the links in mails.

use askama::Template;

use crate::base::code::Code;
use crate::base::http::Reply;
use crate::identity::reader::Reader;
use crate::ports::World;
use crate::products::events::news::readers;
use crate::products::events::pages::HostCard;
use crate::rails::outcome::{Abort, Failure, Fatal, Money};
use crate::sale::cx::Cx;

/// As of other pages, but for the form, which goes to the page's own address.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// What the form sends to get mails again. Everything else stops them.
const AGAIN: &[u8] = b"mails=on";

#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct Page {
    host: String,
    is_unsubscribed: bool,
    /// Whether the reader has just chosen.
    is_done: bool,
}

/// The URL for a reader.
pub fn url(cx: &Cx<'_, impl World>, reader: &Reader) -> String {
    format!("{}/u/{}/{reader}", cx.config.public_url, cx.scope)
}

/// The page for people.
///
/// # Errors
/// `not_found` if the link is not one of ours.
pub fn page(
    cx: &Cx<'_, impl World>,
    host: &HostCard<'_>,
    reader: &Reader,
) -> Result<Reply, Failure> {
    check(cx, reader)?;
    let is_unsubscribed =
        !readers::unsubscribed(cx.world, std::slice::from_ref(reader))?.is_empty();
    shown(host, is_unsubscribed, false)
}

/// Stops the mails, or has them come again.
///
/// # Errors
/// As [`page`].
pub fn set(
    cx: &Cx<'_, impl World>,
    host: &HostCard<'_>,
    reader: &Reader,
    body: &[u8],
) -> Result<Reply, Failure> {
    check(cx, reader)?;
    let is_unsubscribed = body != AGAIN;
    readers::set_unsubscribed(cx.world, reader, is_unsubscribed, cx.now())?;
    shown(host, is_unsubscribed, true)
}

fn check(cx: &Cx<'_, impl World>, reader: &Reader) -> Result<(), Failure> {
    if reader.is_of(&cx.config.keys, cx.scope) {
        return Ok(());
    }
    let detail = "this link is not whole; copy all of it from the mail";
    Err(Abort::new(Code::NotFound, detail).with_money(Money::NotAsked).into())
}

fn shown(host: &HostCard<'_>, is_unsubscribed: bool, is_done: bool) -> Result<Reply, Failure> {
    let page = Page { host: host.name(), is_unsubscribed, is_done };
    let html = page.render().map_err(|error| {
        Failure::Fatal(Fatal { what: error.to_string(), money: Money::NotAsked })
    })?;
    Ok(Reply::text(200, "text/html; charset=utf-8", html)
        .with_header("content-security-policy", CONTENT_SECURITY_POLICY.to_owned())
        .with_header("x-content-type-options", "nosniff".to_owned())
        // A form without a referrer has no origin either, and would be refused as another site's.
        .with_header("referrer-policy", "same-origin".to_owned())
        .with_header("cache-control", "no-store".to_owned()))
}
