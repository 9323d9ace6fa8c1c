//! A mail provider in memory. It takes what a real one takes and nothing else, remembers the keys of
//! mails that it has taken, and does as told.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events_concierge::mail::settings::{MailApi, MailKey, Sender};
use events_concierge::mail::{Message, api};
use events_concierge::ports::{
    Delivery, HttpError, HttpRequest, HttpResponse, Mail, MailError, Sent,
};
use serde_json::{Value, json};

use crate::support::{World, yield_once};

/// What the provider does with the next mail.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Takes {
    /// Takes it and says so.
    It,
    /// Takes it, and the answer is lost.
    ItSilently,
    /// Does nothing, and no answer comes.
    Nothing,
    /// Answers with this status and does nothing.
    Refuses(u16),
}

#[derive(Default)]
pub(crate) struct PostOffice {
    pub(crate) delivery: Cell<Option<Delivery>>,
    pub(crate) takes: RefCell<VecDeque<Takes>>,
    /// Bodies by idempotency key.
    known: RefCell<BTreeMap<String, Value>>,
    /// What people have in their mailboxes.
    pub(crate) arrived: RefCell<Vec<Value>>,
    pub(crate) requests: Cell<u32>,
}

impl PostOffice {
    /// The digits of the newest mail to this address.
    pub(crate) fn newest_code(&self, address: &str) -> Option<String> {
        let arrived = self.arrived.borrow();
        let mail = arrived.iter().rev().find(|mail| mail["to"][0] == address)?;
        Some(mail["text"].as_str().unwrap().split('\n').next().unwrap().to_owned())
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let header = |name: &str| {
            let found: Vec<_> = request.headers.iter().filter(|(n, _)| n == name).collect();
            assert_eq!(found.len(), 1, "{name}");
            found[0].1.clone()
        };
        assert_eq!(request.url, "https://mail.test/emails");
        assert_eq!(header("authorization"), "Bearer key-of-the-test");
        let key = header("idempotency-key");
        let body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
        check(&body);
        self.requests.set(self.requests.get() + 1);
        let does = self.takes.borrow_mut().pop_front().unwrap_or(Takes::It);
        let is_again = self.known.borrow().get(&key).map(|known| {
            assert_eq!(*known, body, "another mail under the same key");
        });
        let answer = |status, body: Value| Ok(HttpResponse { status, body: body.to_string() });
        match does {
            Takes::Nothing => return Err(HttpError::Timeout),
            Takes::Refuses(status) => return answer(status, json!({"name": "some_error"})),
            Takes::It | Takes::ItSilently => {}
        }
        // A way out without keys remembers none.
        if self.delivery.get() == Some(Delivery::AtMostOnce) || is_again.is_none() {
            self.known.borrow_mut().insert(key.clone(), body.clone());
            self.arrived.borrow_mut().push(body);
        }
        match does {
            Takes::ItSilently => Err(HttpError::Connection("cut".to_owned())),
            Takes::It | Takes::Nothing | Takes::Refuses(_) => answer(200, json!({"id": key})),
        }
    }
}

/// Exactly the members of Resend's `POST /emails` that we use, each of its kind.
fn is_address(text: &str) -> bool {
    !text.contains([',', ';', '<', ' ', '\r', '\n']) && text.contains('@')
}

fn check(body: &Value) {
    let mut members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    members.retain(|name| !matches!(*name, "reply_to" | "attachments"));
    for file in body["attachments"].as_array().into_iter().flatten() {
        let members: Vec<_> = file.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["content", "content_type", "filename"]);
        STANDARD.decode(file["content"].as_str().unwrap()).unwrap();
    }
    assert!(body.get("reply_to").is_none_or(|to| is_address(to.as_str().unwrap())));
    assert_eq!(members, ["from", "headers", "subject", "tags", "text", "to"]);
    assert_eq!(body["from"], "Events <events@example.com>");
    let to = body["to"].as_array().unwrap();
    assert_eq!(to.len(), 1, "one recipient");
    assert!(is_address(to[0].as_str().unwrap()));
    assert!(!body["text"].as_str().unwrap().is_empty());
    let mut lines: Vec<&Value> = body["headers"].as_object().unwrap().values().collect();
    lines.push(&body["subject"]);
    for line in lines {
        let line = line.as_str().unwrap();
        assert!(!line.is_empty() && !line.contains(['\r', '\n', '\0']), "{line:?}");
    }
    for tag in body["tags"].as_array().unwrap() {
        let value = tag["value"].as_str().unwrap();
        assert!(value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
    }
}

impl Mail for World {
    fn delivery(&self) -> Option<Delivery> {
        self.memory.post_office.delivery.get()
    }

    async fn send_mail(&self, message: &Message) -> Result<Sent, MailError> {
        let _leaves = self.memory.leaves();
        // One turn of the loop, so that other calls really run in between.
        yield_once().await;
        assert!(self.delivery().is_some(), "there is no way out");
        let address = MailApi {
            url: "https://mail.test/emails".to_owned(),
            key: MailKey::parse("key-of-the-test").unwrap(),
        };
        let from = Sender::parse("Events <events@example.com>").unwrap();
        let request = api::request(&address, &from, message);
        api::read(self.memory.post_office.answer(&request))
    }
}
