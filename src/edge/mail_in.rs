//! Incoming mail: the Worker's `email` event (Cloudflare Email Routing, or `wrangler dev` at `/cdn-cgi/handler/email`), and
//! webhooks of other providers. A mail is read here, and the host's object gets what is left of it.

#![expect(unreachable_pub, reason = "wasm_bindgen exports public functions only")]

use std::cell::RefCell;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::Env;

use crate::base::email::EmailAddress;
use crate::base::http::Reply;
use crate::edge::fetch::EdgeHttp;
use crate::edge::gateway::Gateway;
use crate::edge::platform::{log, now};
use crate::edge::{convert, rpc};
use crate::mail::api;
use crate::mail::inbound::admission::{Admission, TooMany};
use crate::mail::inbound::resend::{self, Received};
use crate::mail::inbound::{Envelope, Incoming, Letter, RAW_BYTES_MAX};
use crate::ports::{Http, Level};
use crate::products::desk::incoming::Taken;
use crate::products::desk::messages::Outcome;

/// What the sender of one too many is told.
const TOO_MANY: &str = "Too many mails came at once. Please write again in a few minutes.";
/// What the sender of a mail is told that is longer than the platform said.
const TOO_LONG: &str =
    "This mail is too long. Please send it again with smaller files, or without them.";
/// For the log; the sender's server or the provider tries again.
const NOT_NOW: &str = "the mail cannot be taken now";
thread_local! {
    /// The mails that this isolate has read.
    static SEEN: RefCell<Admission> = RefCell::default();
}

/// Takes a raw mail. Returns why its sender's server is to refuse it, if so.
///
/// # Errors
/// If an object does not answer; the sender's server tries again.
#[wasm_bindgen(js_name = "__mail_in")]
pub async fn mail_in(
    from: String,
    to: String,
    raw: Vec<u8>,
    env: Env,
) -> Result<Option<String>, JsValue> {
    // `entry.mjs` has looked at the length that the platform says.
    if raw.len() > RAW_BYTES_MAX {
        return Ok(Some(TOO_LONG.to_owned()));
    }
    match admit(&from) {
        Ok(()) => {}
        Err(TooMany::OfSender) => return Ok(Some(TOO_MANY.to_owned())),
        Err(TooMany::OfAll) => return Err(js_sys::Error::new(NOT_NOW).into()),
    }
    let to: Vec<EmailAddress> = EmailAddress::parse(&to).into_iter().collect();
    let envelope = Envelope { from: &from, to: &to, is_platform: true };
    let mail = Incoming::read(Letter::read(&raw), envelope);
    drop(raw);
    let taken = deliver(&env, mail.as_ref()).await.map_err(|error| {
        log(Level::Error, "an incoming mail", &[("why", &error.to_string())]);
        JsValue::from(js_sys::Error::new(NOT_NOW))
    })?;
    Ok(taken.reason)
}

fn admit(from: &str) -> Result<(), TooMany> {
    SEEN.with_borrow_mut(|seen| seen.admit(from, now()))
}

async fn deliver(env: &Env, mail: Option<&Incoming>) -> worker::Result<Taken> {
    let host = mail.and_then(|mail| Some((mail.host()?, mail)));
    let taken = match host {
        Some((host, mail)) => rpc::mail_in(env, &host, mail).await?,
        None => None,
    };
    let taken = taken.unwrap_or_else(|| Taken::of(Outcome::Unknown));
    log(Level::Info, "a mail came in", &[("outcome", &taken.outcome)]);
    Ok(taken)
}

impl Gateway {
    /// Takes the mail of a webhook. A provider is never told to refuse it: it has taken it already.
    pub(super) async fn mail_received(&self, received: Received) -> worker::Result<Reply> {
        let mail = match received {
            Received::Mail(mail) => Some(*mail),
            Received::Id(id) => self.fetch_mail(&id).await?,
            Received::Nothing => None,
        };
        match mail.as_ref().map_or(Ok(()), |mail| admit(mail.from.as_str())) {
            Ok(()) => {}
            Err(TooMany::OfSender) => return Ok(Reply::empty(204)),
            Err(TooMany::OfAll) => return Err(NOT_NOW.into()),
        }
        deliver(&self.env, mail.as_ref()).await.map(|_| Reply::empty(204))
    }

    async fn fetch_mail(&self, id: &str) -> worker::Result<Option<Incoming>> {
        let config = convert::config(&self.env).map_err(worker::Error::from)?;
        let Some(settings) = config.mail.as_ref().and_then(|mail| mail.api.as_ref()) else {
            return Ok(None);
        };
        let answer = EdgeHttp.send(api::received(settings, id)).await;
        let answer = answer.map_err(|error| worker::Error::from(error.to_string()))?;
        match answer.status {
            200 => Ok(resend::fetched(&answer.body)),
            // There is no such mail any more.
            404 | 410 => Ok(None),
            status => Err(format!("the mail API answers {status}").into()),
        }
    }
}
