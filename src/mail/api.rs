//! The HTTP mail API with the interface of Resend's `POST /emails`: the request of a mail, and the meaning of the answer.
//! The mail's id is the `Idempotency-Key`, so that a retried mail arrives once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::mail::Message;
use crate::mail::settings::{MailApi, Sender};
use crate::ports::{HttpError, HttpRequest, HttpResponse, MailError, Sent};

/// The tag with the host's scope. A provider repeats tags in its webhooks, so that a bounce leads back to the mail.
pub const SCOPE_TAG: &str = "concierge_scope";
/// The tag with the mail's id.
pub const MAIL_TAG: &str = "concierge_mail";
const TIMEOUT_MILLIS: u32 = 20_000;
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// The longest mail that is taken from the API. It brings no files.
const RECEIVED_BYTES_MAX: usize = 1024 * 1024;
const PROVIDER_ID_CHARS_MAX: usize = 128;

/// The request that sends a mail. The same mail always gives the same request.
#[must_use]
pub fn request(api: &MailApi, from: &Sender, message: &Message) -> HttpRequest {
    let domain = from.address.domain();
    let mut headers: Map<String, Value> = message
        .headers(domain)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    headers.insert("Message-ID".to_owned(), message.message_id(domain).into());
    headers.insert("Auto-Submitted".to_owned(), "auto-generated".into());
    let mut body = json!({
        "from": from.to_string(),
        "to": [message.to],
        "subject": message.subject,
        "text": message.text,
        "headers": headers,
        "tags": [
            {"name": SCOPE_TAG, "value": message.scope},
            {"name": MAIL_TAG, "value": message.id},
        ],
    });
    if let (Some(reply_to), Some(members)) = (&message.reply_to, body.as_object_mut()) {
        members.insert("reply_to".to_owned(), reply_to.as_str().into());
    }
    if let (Some(calendar), Some(members)) = (&message.calendar, body.as_object_mut()) {
        let file = json!({
            "filename": Message::CALENDAR_NAME,
            "content": STANDARD.encode(calendar),
            "content_type": Message::calendar_type(calendar),
        });
        members.insert("attachments".to_owned(), json!([file]));
    }
    HttpRequest {
        body: Some(body.to_string()),
        url: api.url.clone(),
        headers: vec![
            ("authorization".to_owned(), format!("Bearer {}", api.key.as_str())),
            ("idempotency-key".to_owned(), message.id.to_string()),
        ],
        timeout_millis: TIMEOUT_MILLIS,
        response_bytes_max: ANSWER_BYTES_MAX,
    }
}

/// The request for a mail that has arrived, by the id in its webhook.
#[must_use]
pub fn received(api: &MailApi, id: &str) -> HttpRequest {
    HttpRequest {
        body: None,
        url: format!("{}/receiving/{id}", api.url.trim_end_matches('/')),
        headers: vec![("authorization".to_owned(), format!("Bearer {}", api.key.as_str()))],
        timeout_millis: TIMEOUT_MILLIS,
        response_bytes_max: RECEIVED_BYTES_MAX,
    }
}

/// Reads the answer. Anything but a clear refusal may mean that the mail was accepted.
///
/// # Errors
/// [`MailError`]. Its text holds no address and nothing of the mail.
pub fn read(answer: Result<HttpResponse, HttpError>) -> Result<Sent, MailError> {
    let answer = answer.map_err(|error| {
        MailError::Unavailable(match error {
            HttpError::Timeout => "no answer within the time limit".to_owned(),
            HttpError::Connection(_) => "the connection failed".to_owned(),
            HttpError::TooLong => "the answer is too long".to_owned(),
            moved @ HttpError::Redirected { .. } => format!("MAIL_API_URL: {moved}"),
        })
    })?;
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let word = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| is_word(text));
    let why = || match word("name") {
        Some(name) => format!("HTTP {}, {name}", answer.status),
        None => format!("HTTP {}", answer.status),
    };
    match answer.status {
        200..=299 => Ok(Sent { provider_id: word("id").unwrap_or_default().to_owned() }),
        429 => Err(MailError::Later(why())),
        // 409: an earlier request with the same key is still in progress.
        408 | 409 | 425 => Err(MailError::Unavailable(why())),
        400..=499 => Err(MailError::Refused(why())),
        _ => Err(MailError::Unavailable(why())),
    }
}

/// Whether text looks like an identifier of the API. No part of a mail does.
fn is_word(text: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    !text.is_empty() && text.len() <= PROVIDER_ID_CHARS_MAX && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Sent, MailError> {
        read(Ok(HttpResponse { status, body: body.to_owned() }))
    }

    #[test]
    fn only_a_clear_answer_counts() {
        let sent = |id: &str| Ok(Sent { provider_id: id.to_owned() });
        assert_eq!(answer(200, r#"{"id":"49a3999c-0ce1"}"#), sent("49a3999c-0ce1"));
        assert_eq!(answer(202, "no json"), sent(""));
        let refused = MailError::Refused("HTTP 422, validation_error".to_owned());
        assert_eq!(
            answer(422, r#"{"name":"validation_error","message":"ada@example.org"}"#),
            Err(refused)
        );
        assert_eq!(
            answer(403, r#"{"name":"to ada@example.org"}"#),
            Err(MailError::Refused("HTTP 403".to_owned()))
        );
        assert!(matches!(answer(429, ""), Err(MailError::Later(_))));
        for status in [301, 408, 409, 425, 500, 503] {
            assert!(matches!(answer(status, ""), Err(MailError::Unavailable(_))), "{status}");
        }
        assert!(matches!(read(Err(HttpError::Timeout)), Err(MailError::Unavailable(_))));
    }
}
