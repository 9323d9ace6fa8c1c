//! Incoming mail in the form of Resend: the webhook `email.received`, signed as all its webhooks. It names a mail, and the
//! API gives the mail itself: `GET /emails/receiving/{id}`. A webhook that brings the text needs no second request.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::base::email::EmailAddress;
use crate::mail::inbound::fields::{Fields, addresses};
use crate::mail::inbound::mime::{ATTACHMENTS_MAX, Attachment};
use crate::mail::inbound::{Envelope, Incoming, Letter};

const ID_CHARS_MAX: usize = 64;

/// A webhook about a mail that has arrived.
#[derive(Debug, PartialEq)]
pub enum Received {
    /// The mail with its text.
    Mail(Box<Incoming>),
    /// The id under which the API has it.
    Id(String),
    /// A mail that cannot be read.
    Nothing,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default, alias = "id")]
    email_id: Option<String>,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    html: Option<String>,
    #[serde(default)]
    message_id: Option<String>,
    #[serde(default)]
    headers: Value,
    #[serde(default)]
    attachments: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    filename: Option<String>,
    #[serde(default)]
    content_type: Option<String>,
    #[serde(default)]
    size: Option<u64>,
}

/// Reads a webhook; `None` if it is about something else.
#[must_use]
pub fn read(body: &[u8]) -> Option<Received> {
    let body: Value = serde_json::from_slice(body).ok()?;
    if body.get("type")?.as_str()? != "email.received" {
        return None;
    }
    let data = body.get("data").and_then(|data| Data::deserialize(data).ok());
    let Some(data) = data else { return Some(Received::Nothing) };
    let id = data.email_id.clone().filter(|id| is_id(id));
    if data.text.is_none() && data.html.is_none() {
        return Some(id.map_or(Received::Nothing, Received::Id));
    }
    Some(incoming(data).map_or(Received::Nothing, |mail| Received::Mail(Box::new(mail))))
}

/// Reads the API's answer; `None` if it is no mail.
#[must_use]
pub fn fetched(body: &str) -> Option<Incoming> {
    incoming(serde_json::from_str(body).ok()?)
}

fn incoming(data: Data) -> Option<Incoming> {
    let named = [
        ("from", Some(data.from)),
        ("subject", data.subject),
        ("message-id", data.message_id),
        ("to", Some(data.to.join(", "))),
    ];
    let named = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let fields = Fields::new(named.chain(headers(&data.headers)));
    let files = data.attachments.iter().take(ATTACHMENTS_MAX).map(|file| {
        let name = file.filename.as_deref().unwrap_or_default();
        let media = file.content_type.as_deref().unwrap_or_default();
        Attachment::new(name, media, file.size.unwrap_or_default())
    });
    let to: Vec<EmailAddress> = data.to.iter().flat_map(|to| addresses(to)).collect();
    // The webhook has no envelope. The field stands for it.
    let from =
        fields.get("return-path").or_else(|| fields.get("from")).unwrap_or_default().to_owned();
    let letter =
        Letter::of_parts(fields, data.text.as_deref(), data.html.as_deref(), files.collect());
    Incoming::read(letter, Envelope { from: &from, to: &to, is_platform: false })
}

/// The headers as an object, or as a list of `{name, value}`; providers send either.
fn headers(value: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let of_object = |object: &Map<String, Value>| {
        object.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
    };
    match value {
        Value::Object(object) => of_object(object),
        Value::Array(list) => list
            .iter()
            .filter_map(|entry| Some((text(entry.get("name")?)?, text(entry.get("value")?)?)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn is_id(text: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    !text.is_empty() && text.len() <= ID_CHARS_MAX && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_webhook_brings_a_mail_or_names_it() {
        let named = json!({"type": "email.received", "data": {"email_id": "a1-b2", "from": "Ada <ada@example.org>"}});
        assert_eq!(read(named.to_string().as_bytes()), Some(Received::Id("a1-b2".to_owned())));
        let whole = json!({"id": "a1", "from": "Ada <ada@example.org>", "to": ["x@y.org"],
            "subject": "Re: [#7]", "text": null, "html": "<p>Yes</p><blockquote>No</blockquote>",
            "message_id": "<m@x>", "headers": {"In-Reply-To": "<eml_1@y>", "Auto-Submitted": "no"},
            "attachments": [{"filename": "a.pdf", "content_type": "application/pdf", "size": 7}]});
        let mail = fetched(&whole.to_string()).unwrap();
        assert_eq!((mail.text.as_str(), mail.rest.as_str()), ("Yes", "> No"));
        assert_eq!(mail.answered(), ["eml_1@y"]);
        assert_eq!(mail.attachments, [Attachment::new("a.pdf", "application/pdf", 7)]);
        assert!(!mail.is_automatic);
        let brought = json!({"type": "email.received", "data": whole});
        assert_eq!(read(brought.to_string().as_bytes()), Some(Received::Mail(Box::new(mail))));
        for id in ["../x", "", "a/b", "a?b"] {
            let bad = json!({"type": "email.received", "data": {"email_id": id}});
            assert_eq!(read(bad.to_string().as_bytes()), Some(Received::Nothing), "{id}");
        }
        assert_eq!(read(br#"{"type":"email.bounced"}"#), None);
    }
}
