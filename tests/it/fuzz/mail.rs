//! Webhooks of a mail provider, and what people would put into a mail.

use events_concierge::base::email::EmailAddress;
use events_concierge::base::http::Headers;
use events_concierge::base::id::{MailId, ScopeId};
use events_concierge::base::time::UnixSeconds;
use events_concierge::mail::webhook::{WebhookSecret, read, verify};
use events_concierge::mail::{Kind, NewMail};
use proptest::prelude::*;
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
