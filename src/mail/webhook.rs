//! Webhooks with a provider's reports about accepted mails, signed after Standard Webhooks
//! (<https://www.standardwebhooks.com>): HMAC-SHA-256 over `id.timestamp.body`, in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::base::http::Headers;
use crate::base::id::{MailId, ScopeId};
use crate::base::time::UnixSeconds;
use crate::mail::Message;
use crate::mail::api::{MAIL_TAG, SCOPE_TAG};
use crate::mail::reports::Fate;

/// The highest age of a webhook and difference of the clocks, seconds.
const TOLERANCE_SECONDS: i64 = 300;
/// Signatures that are checked at most. There are several during a change of keys.
const SIGNATURES_MAX: usize = 8;
const ID_CHARS_MAX: usize = 128;
const SECRET_BYTES_MIN: usize = 16;

/// The key that signs webhooks (`MAIL_WEBHOOK_SECRET`). There is no `Debug`, so it is never shown.
#[derive(Clone)]
pub struct WebhookSecret(Vec<u8>);

/// A webhook that is not signed with our key, or not from the last five minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the webhook is not signed with this deployment's key, or too long ago; see webhook-id, webhook-timestamp and webhook-signature of Standard Webhooks"
)]
pub struct Unsigned;

/// A report about a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The host that sent the mail.
    pub scope: ScopeId,
    pub mail_id: MailId,
    pub fate: Fate,
}

impl WebhookSecret {
    /// Parses `whsec_` and base64.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
        (bytes.len() >= SECRET_BYTES_MIN).then_some(Self(bytes))
    }
}

/// Verifies that a webhook is from the provider. Returns its id, which stays the same when it is sent again.
///
/// # Errors
/// [`Unsigned`] for every fault.
pub fn verify(
    secret: &WebhookSecret,
    headers: &Headers,
    body: &[u8],
    now: UnixSeconds,
) -> Result<String, Unsigned> {
    let header = |name: &str| {
        headers.get(&format!("webhook-{name}")).or_else(|| headers.get(&format!("svix-{name}")))
    };
    let id = header("id").filter(|id| is_id(id)).ok_or(Unsigned)?;
    let timestamp = header("timestamp").ok_or(Unsigned)?;
    let at: i64 = timestamp.parse().map_err(|_| Unsigned)?;
    if now.since(UnixSeconds::new(at)).saturating_abs() > TOLERANCE_SECONDS {
        return Err(Unsigned);
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0).map_err(|_| Unsigned)?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    let expected: [u8; 32] = mac.finalize().into_bytes().into();
    let mut is_ours = subtle::Choice::from(0);
    let signatures = header("signature").ok_or(Unsigned)?;
    for signature in signatures.split(' ').take(SIGNATURES_MAX) {
        let given = signature.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
        is_ours |= given.unwrap_or_default().as_slice().ct_eq(&expected);
    }
    if bool::from(is_ours) { Ok(id.to_owned()) } else { Err(Unsigned) }
}

/// Reads the report; `None` if it is not about one of our mails, or of a kind that is not recorded.
#[must_use]
pub fn read(body: &[u8]) -> Option<Event> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let fate = match body.get("type")?.as_str()? {
        "email.delivered" => Fate::Delivered,
        "email.bounced" => Fate::Bounced,
        "email.complained" => Fate::Complained,
        "email.failed" | "email.suppressed" => Fate::Failed,
        _ => return None,
    };
    let data = body.get("data")?;
    let (scope, mail_id) = by_tags(data).or_else(|| by_header(data))?;
    Some(Event {
        scope: ScopeId::parse(&scope).ok()?,
        mail_id: MailId::parse(&mail_id).ok()?,
        fate,
    })
}

fn by_tags(data: &Value) -> Option<(String, String)> {
    let tags = data.get("tags")?;
    Some((named(tags, SCOPE_TAG)?, named(tags, MAIL_TAG)?))
}

fn by_header(data: &Value) -> Option<(String, String)> {
    let value = named(data.get("headers")?, Message::LEADS_BACK)?;
    let (scope, id) = value.split_once('/')?;
    Some((scope.to_owned(), id.to_owned()))
}

/// A member of an object, or of a list of `{name, value}`; providers send either.
fn named(of: &Value, name: &str) -> Option<String> {
    let value = match of {
        Value::Object(members) => {
            members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        }
        Value::Array(list) => list
            .iter()
            .find(|entry| {
                let named = entry.get("name").and_then(Value::as_str);
                named.is_some_and(|named| named.eq_ignore_ascii_case(name))
            })
            .and_then(|entry| entry.get("value")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    value?.as_str().map(str::to_owned)
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= ID_CHARS_MAX && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = UnixSeconds::new(1_614_265_330);
    /// The example in the Standard Webhooks libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn check(prefix: &str, changes: &[(&str, &str)], body: &[u8], now: UnixSeconds) -> bool {
        let mut pairs = vec![
            ("id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("timestamp", "1614265330"),
            ("signature", SIGNATURE),
        ];
        for (name, value) in changes {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name, value));
        }
        let pairs = pairs.iter().map(|(n, v)| (format!("{prefix}-{n}"), (*v).to_owned()));
        let secret = WebhookSecret::parse(SECRET).unwrap();
        verify(&secret, &Headers::new(pairs.collect()), body, now).is_ok()
    }

    #[test]
    fn only_our_key_signs_a_webhook_and_only_for_five_minutes() {
        for prefix in ["webhook", "svix"] {
            assert!(check(prefix, &[], BODY, NOW), "{prefix}");
        }
        let several = format!("v1,AAAA v2,x {SIGNATURE}");
        assert!(check("svix", &[("signature", &several)], BODY, NOW));
        assert!(
            check("svix", &[], BODY, NOW.plus(300)) && check("svix", &[], BODY, NOW.plus(-300))
        );
        assert!(
            !check("svix", &[], BODY, NOW.plus(301)) && !check("svix", &[], BODY, NOW.plus(-301))
        );
        assert!(!check("svix", &[], b"{\"test\": 2432232315}", NOW));
        let changed = SIGNATURE.replace('g', "h");
        for change in [
            ("id", "msg_other"),
            ("id", ""),
            ("timestamp", "1614265331"),
            ("timestamp", "x"),
            ("timestamp", "-9223372036854775808"),
            ("signature", &changed),
            ("signature", SIGNATURE.trim_start_matches("v1,")),
            ("signature", "v1,"),
            ("signature", ""),
        ] {
            assert!(!check("svix", &[change], BODY, NOW), "{change:?}");
        }
        for secret in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!"] {
            assert!(WebhookSecret::parse(secret).is_none(), "{secret}");
        }
    }

    #[test]
    fn a_webhook_leads_back_to_the_mail() {
        let scope = "97dc1fc24e7aba208cef668a8f9a87be";
        let id = "eml_000102030405060708090a0b";
        let header =
            format!(r#"{{"headers":[{{"name":"x-concierge-mail","value":"{scope}/{id}"}}]}}"#);
        let map = format!(r#"{{"tags":{{"{SCOPE_TAG}":"{scope}","{MAIL_TAG}":"{id}"}}}}"#);
        let list = format!(
            r#"{{"tags":[{{"name":"{SCOPE_TAG}","value":"{scope}"}},{{"name":"{MAIL_TAG}","value":"{id}"}}]}}"#
        );
        for data in [header, map, list] {
            let event = read(format!(r#"{{"type":"email.bounced","data":{data}}}"#).as_bytes());
            let event = event.unwrap_or_else(|| panic!("{data}"));
            assert_eq!((event.scope.as_str(), event.mail_id.as_str()), (scope, id));
            assert_eq!(event.fate, Fate::Bounced);
            assert_eq!(
                read(format!(r#"{{"type":"email.opened","data":{data}}}"#).as_bytes()),
                None
            );
        }
        for body in ["", "[]", "{}", r#"{"type":"email.bounced"}"#, r#"{"type":1,"data":[]}"#] {
            assert_eq!(read(body.as_bytes()), None);
        }
    }
}
