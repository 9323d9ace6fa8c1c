//! Webhooks of a mail provider, and what people would put into a mail.

use events_concierge::base::email::EmailAddress;
use events_concierge::base::http::Headers;
use events_concierge::base::id::{MailId, ScopeId};
use events_concierge::base::time::UnixSeconds;
use events_concierge::mail::inbound::{Envelope, Incoming, Letter, TEXT_CHARS_MAX};
use events_concierge::mail::webhook::{WebhookSecret, read, verify};
use events_concierge::mail::{Kind, NewMail};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::json;

use super::bytes::{slipped, slipped_text, some_slips};
use super::fuzz;
use super::input::{edited, edits, text};

const NOW: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;

#[test]
fn a_webhook_is_as_it_was_signed_or_refused_and_leads_to_a_mail_or_nowhere() {
    let inputs = || (0..4_usize, some_slips(), edits());
    fuzz("mail: webhooks", inputs, |(which, slips, edits)| {
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let mut parts =
            ["msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", signature].map(str::to_owned);
        let mut body = BODY.to_vec();
        match parts.get_mut(which) {
            Some(part) => *part = slipped_text(part, &slips),
            None => body = slipped(&body, &slips),
        }
        let names = ["svix-id", "svix-timestamp", "svix-signature"].map(str::to_owned);
        let headers = Headers::new(names.into_iter().zip(parts.clone()).collect());
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        if verify(&secret, &headers, &body, UnixSeconds::new(NOW)).is_ok() {
            prop_assert_eq!(body, BODY);
            prop_assert_eq!(parts[0].trim(), "msg_p5jXN8AQM9LWM0D4loKWxJek");
            prop_assert_eq!(parts[1].trim(), "1614265330");
            prop_assert!(parts[2].split(' ').any(|one| one == signature));
        }
        let told = json!({"type": "email.bounced", "data": {"email_id": "x",
            "tags": {"concierge_scope": "0123456789abcdef0123456789abcdef",
                "concierge_mail": "eml_0123456789abcdef01234567"},
            "headers": [{"name": "X-Concierge-Mail", "value": "a/b"}]}});
        if let Some(event) = read(edited(&told, &edits).as_bytes()) {
            prop_assert!(ScopeId::parse(event.scope.as_str()).is_ok());
            prop_assert!(MailId::parse(event.mail_id.as_str()).is_ok());
        }
        Ok(())
    });
}

#[test]
fn whatever_is_typed_a_mail_has_one_recipient_and_one_line_of_subject() {
    let inputs = || (text(), text(), text());
    fuzz("mail: what goes into one", inputs, |(address, subject, body)| {
        for address in [address.clone(), format!("{address}@example.org"), format!("a@{address}")] {
            let Ok(to) = EmailAddress::parse(&address) else { continue };
            let is_bad = |c: char| c.is_control() || c.is_whitespace() || ",;<>\"()".contains(c);
            prop_assert!(!to.as_str().contains(is_bad) && to.as_str().matches('@').count() == 1);
        }
        let to = EmailAddress::parse("ada@example.org").unwrap();
        let scope = ScopeId::from_bytes([0; 16]);
        if let Ok(mail) = NewMail::new(Kind::Ticket, scope, to, &subject, &body, None) {
            let shown = format!("{mail:?}");
            prop_assert!(!subject.trim().contains(['\r', '\n', '\0']), "{shown}");
            prop_assert!(!subject.trim().is_empty() && subject.trim().chars().count() <= 200);
            prop_assert!(body.len() <= 2 * 64 * 1024 && !body.contains('\0'));
        }
        Ok(())
    });
}

/// A mail with everything that the reader knows.
const MAIL: &str = "Authentication-Results: mx.cloudflare.net; dmarc=pass\r\nFrom: \"Ada, L.\" <ada@example.org>\r\nTo: <reply+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@desk.example.org>\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?= =?iso-8859-1?Q?=FC?=\r\n [#7]\r\nMessage-ID: <a@b>\r\nReferences: <ticket-7.97dc1fc24e7aba208cef668a8f9a87be@x> <eml_000102030405060708090a0b@x>\r\nContent-Type: multipart/mixed; boundary=\"o\"\r\n\r\n--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe=\r\n!\r\n\r\nOn Monday, Events wrote:\r\n> Yes\r\n--i\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+aGk8L2I+\r\n--i--\r\n--o\r\nContent-Disposition: attachment; filename*=utf-8''na%C3%AFve.pdf\r\n\r\nx\r\n--o--\r\n";

fn holds_its_bounds(raw: &[u8]) -> Result<(), TestCaseError> {
    let envelope = Envelope { from: "ada@example.org", to: &[], is_platform: true };
    let Some(mail) = Incoming::read(Letter::read(raw), envelope) else { return Ok(()) };
    prop_assert!(mail.text.chars().count() <= TEXT_CHARS_MAX);
    prop_assert!(mail.rest.chars().count() <= 2 * TEXT_CHARS_MAX);
    prop_assert!(mail.subject.chars().count() <= 200 && !mail.subject.contains('\n'));
    let is_plain = |text: &str| text.chars().all(|c| c == '\n' || !c.is_control());
    prop_assert!(is_plain(&mail.text) && is_plain(&mail.rest) && is_plain(&mail.subject));
    prop_assert!(mail.attachments.len() <= 20);
    for file in &mail.attachments {
        prop_assert!(is_plain(&file.name) && file.name.chars().count() <= 120);
    }
    prop_assert!(mail.answered().len() <= 20 && mail.key.len() == 64);
    // What the gateway passes on is small.
    prop_assert!(serde_json::to_string(&mail).unwrap().len() < 400_000);
    Ok(())
}

#[test]
fn whatever_arrives_by_mail_is_read_within_bounds() {
    let whole = Letter::read(MAIL.as_bytes());
    let envelope = Envelope { from: "ada@example.org", to: &[], is_platform: true };
    let read = Incoming::read(whole, envelope).unwrap();
    assert_eq!((read.text.as_str(), read.subject.as_str()), ("Grüße!", "Grüßeü [#7]"));
    assert_eq!(read.attachments[0].name, "naïve.pdf");
    let inputs = || (some_slips(), text(), any::<Vec<u8>>());
    fuzz("mail: what arrives", inputs, |(slips, text, bytes)| {
        holds_its_bounds(&slipped(MAIL.as_bytes(), &slips))?;
        for body in [text.as_bytes(), &bytes] {
            for head in [
                "From: a@b.org\n\n",
                "From: a@b.org\nContent-Type: text/html\n\n",
                "From: a@b.org\nContent-Type: multipart/mixed; boundary=x\n\n--x\n",
                "From: a@b.org\nContent-Transfer-Encoding: quoted-printable\n\n",
                "From: a@b.org\nSubject: ",
            ] {
                holds_its_bounds(&[head.as_bytes(), body].concat())?;
            }
        }
        Ok(())
    });
}

/// A step that takes the square of the length would not end here.
#[test]
fn a_hostile_mail_of_five_megabytes_is_read_within_its_bounds() {
    for (head, piece) in [
        ("From: a@b.org\nContent-Type: text/html\n\n", "<a<!--<script>&"),
        (
            "From: a@b.org\nContent-Type: multipart/mixed; boundary=x\n\n",
            "--x\nContent-Type: multipart/mixed; boundary=x\n\n",
        ),
        ("From: a@b.org\nSubject: ", "=?utf-8?Q?=?= "),
        ("From: a@b.org\nReferences: ", "<a@b>"),
        ("From: a@b.org\n\n", "> \nOn x wrote:\n"),
        ("From: ", "\"a\",<"),
        ("", "a: b\n c\n"),
    ] {
        let raw = format!("{head}{}", piece.repeat(5_000_000 / piece.len()));
        holds_its_bounds(raw.as_bytes()).unwrap();
    }
}
