//! Implements the [`Mail`] port with an HTTP mail API if one is set, else with the binding `EMAIL` (Cloudflare's
//! Email Service), which `wrangler dev` simulates by storing mails as files.

use js_sys::{JsString, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use worker::{EmailAddress, EmailAttachment, Env, SendEmail, SendEmailBuilder};

use crate::base::code::Code;
use crate::base::http::{Headers, Reply};
use crate::config::Config;
use crate::edge::convert;
use crate::edge::fetch::EdgeHttp;
use crate::edge::gateway::{Gateway, Stop};
use crate::edge::platform::now;
use crate::edge::world::EdgeWorld;
use crate::host::command::Action;
use crate::mail::inbound::resend;
use crate::mail::settings::Sender;
use crate::mail::{Message, api, webhook};
use crate::ports::{Delivery, Http, Mail, MailError, Sent, within};
use crate::rails::outcome::Abort;

const BINDING: &str = "EMAIL";
/// Timeout of the binding, milliseconds.
const TIMEOUT_MILLIS: u32 = 20_000;

impl Mail for EdgeWorld {
    fn delivery(&self) -> Option<Delivery> {
        delivery(&self.env, convert::config(&self.env).ok().as_deref()?)
    }

    async fn send_mail(&self, message: &Message) -> Result<Sent, MailError> {
        let none = || MailError::Later("no way out for mail is set".to_owned());
        let config = convert::config(&self.env).map_err(|_| none())?;
        let settings = config.mail.as_ref().ok_or_else(none)?;
        if let Some(address) = &settings.api {
            return api::read(EdgeHttp.send(api::request(address, &settings.from, message)).await);
        }
        let binding = self.env.send_email(BINDING).map_err(|_| none())?;
        let answer = hand_over(&binding, &settings.from, message);
        let answer = within(self, TIMEOUT_MILLIS, answer).await;
        answer.unwrap_or_else(|| Err(MailError::Unavailable("no answer in time".to_owned())))
    }
}

/// How this deployment sends mail, if it does.
pub(super) fn delivery(env: &Env, config: &Config) -> Option<Delivery> {
    match config.mail.as_ref()?.api {
        Some(_) => Some(Delivery::ExactlyOnce),
        // On a local machine the binding is simulated and prints mails, including codes.
        None if config.is_at_loopback() && !config.is_local() => None,
        None => env.send_email(BINDING).ok().map(|_| Delivery::AtMostOnce),
    }
}

async fn hand_over(
    binding: &SendEmail,
    from: &Sender,
    message: &Message,
) -> Result<Sent, MailError> {
    let sender = EmailAddress::new(&from.name, from.address.as_str());
    let (to, subject) = (message.to.as_str(), &message.subject);
    let builder = match from.name.as_str() {
        "" => SendEmailBuilder::builder(from.address.as_str(), to, subject),
        _ => SendEmailBuilder::builder_with_email_address_and_str(&sender, to, subject),
    };
    let builder = match &message.reply_to {
        Some(reply_to) => builder.reply_to(reply_to.as_str()),
        None => builder,
    };
    let builder = match &message.calendar {
        Some(calendar) => {
            let kind = Message::calendar_type(calendar);
            // Text would be read as base64.
            let content = Uint8Array::from(calendar.as_bytes()).buffer();
            let name = Message::CALENDAR_NAME;
            let file = EmailAttachment::new_attachment_with_array_buffer(name, kind, &content);
            builder.attachments(&[file])
        }
        None => builder,
    };
    let headers = headers(message, from.address.domain());
    let built = builder.text(&message.text).headers(&headers.map_err(broken)?).build();
    match binding.send_with_builder(&built).await {
        Ok(sent) => Ok(Sent { provider_id: sent.message_id() }),
        Err(error) => Err(read_error(&error)),
    }
}

/// The service sets Date and Message-ID itself and refuses ours.
fn headers(message: &Message, domain: &str) -> Result<Object<JsString>, JsValue> {
    let headers = Object::new();
    for (name, value) in message.headers(domain) {
        Reflect::set(&headers, &name.into(), &value.into())?;
    }
    Ok(headers.unchecked_into())
}

fn broken(_: JsValue) -> MailError {
    MailError::Later("its headers cannot be set".to_owned())
}

/// Errors of the Email Service have a code. Their message may contain the address, so it is not logged.
fn read_error(error: &js_sys::Error) -> MailError {
    let code = Reflect::get(error, &"code".into()).ok().and_then(|code| code.as_string());
    let code = code.unwrap_or_default();
    let is_code = code.len() <= 64 && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    match code.as_str() {
        "E_RATE_LIMIT_EXCEEDED" | "E_DAILY_LIMIT_EXCEEDED" => MailError::Later(code),
        "" | "E_DELIVERY_FAILED" | "E_INTERNAL_SERVER_ERROR" => {
            MailError::Unavailable(if code.is_empty() { "no code".to_owned() } else { code })
        }
        _ if code.starts_with("E_") && is_code => MailError::Refused(code),
        _ => MailError::Unavailable("an unknown code".to_owned()),
    }
}

impl Gateway {
    /// Handles a provider's webhook: a mail that has come in, or what became of one that went out. Events of unknown mails
    /// and of unknown kinds are accepted too, because a provider repeats refused ones.
    pub(super) async fn mail_webhook(&self, headers: &Headers, body: &[u8]) -> Result<Reply, Stop> {
        let refused =
            |code, detail: String| Stop::Reply(self.gate.problem(&Abort::new(code, detail)));
        let secret = self.gate.config.mail_webhook.as_ref().ok_or_else(|| {
            refused(Code::NotFound, "this deployment takes no webhooks about mail".to_owned())
        })?;
        let webhook_id = webhook::verify(secret, headers, body, now())
            .map_err(|error| refused(Code::WebhookRefused, error.to_string()))?;
        if let Some(received) = resend::read(body) {
            return Ok(self.mail_received(received).await?);
        }
        let Some(event) = webhook::read(body) else { return Ok(Reply::empty(204)) };
        let webhook::Event { scope, mail_id, fate } = event;
        let answer = self.tell(scope, Action::MailEvent { webhook_id, mail_id, fate }).await?;
        Ok(convert::reply(answer).await?)
    }
}
