//! Sealed values, proofs of wallets that have bought, and searches.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events_concierge::base::id::{ScopeId, SecretId};
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtDesk, Own};
use events_concierge::identity::keys::Keys;
use events_concierge::identity::master_key::MasterKey;
use events_concierge::identity::siwe::SiweMessage;
use events_concierge::identity::siwx;
use events_concierge::products::vault::Plain;
use events_concierge::products::vault::seal::{Place, open, seal};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::bytes::{slipped_text, some_slips};
use super::fuzz;
use super::input::text;
use crate::support::{Server, World, block_on};

#[test]
fn a_sealed_value_opens_as_it_was_or_not_at_all() {
    let inputs = || (text(), some_slips(), 0..3_u32);
    fuzz("vault: sealed values", inputs, |(value, slips, version)| {
        let keys = Keys::derive(&MasterKey::parse(&"1".repeat(64)).unwrap());
        let scope = ScopeId::parse(&"a".repeat(32)).unwrap();
        let id = SecretId::parse("sec_0123456789abcdef01234567").unwrap();
        let place = |version| Place { scope: &scope, id: &id, version };
        let sealed = seal(&keys, place(1), &Plain::new(value.clone()), &World::new()).unwrap();
        let changed = slipped_text(&sealed, &slips);
        let opened = open(&keys, place(version), &changed);
        let is_it = changed == sealed && version == 1;
        prop_assert_eq!(opened.map(|plain| plain.expose().to_owned()).ok(), is_it.then_some(value));
        Ok(())
    });
}

#[test]
fn a_proof_says_in_its_message_what_its_fields_say() {
    let inputs = || {
        let field = || prop_oneof![2 => "[a-z0-9:/.]{0,20}", 1 => text()];
        (
            field(),
            field(),
            field(),
            field(),
            proptest::option::of(text()),
            some_slips(),
            any::<bool>(),
        )
    };
    fuzz(
        "sign-in: with X",
        inputs,
        |(domain, uri, nonce, moment, statement, slips, is_changed)| {
            let sent = json!({
                "domain": domain, "address": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "uri": uri,
                "statement": statement, "version": "1", "chainId": "eip155:84532", "type": "eip191",
                "nonce": nonce, "issuedAt": moment, "signature": "0x12",
            });
            let sent = sent.to_string();
            let sent = if is_changed { slipped_text(&sent, &slips) } else { sent };
            let Ok(proof) = siwx::read(&STANDARD.encode(&sent)) else { return Ok(()) };
            let Ok(message) = SiweMessage::parse(&proof.message) else { return Ok(()) };
            let fields: Value = serde_json::from_str(&sent).unwrap();
            let said = |name: &str| fields[name].as_str().map(str::to_owned);
            // Nothing that a field holds ends up in the place of another.
            prop_assert_eq!(Some(message.uri), said("uri"));
            prop_assert_eq!(Some(message.nonce), said("nonce"));
            prop_assert_eq!(message.statement, said("statement"));
            Ok(())
        },
    );
}

#[test]
fn a_search_is_answered_whatever_is_looked_for() {
    fuzz("desk: a search", text, |query| {
        let server = Server::open();
        let products = json!({"products": ["desk"]});
        server.as_owner(Action::Own(Own::ChangeProfile), &products);
        let article = json!({"title": "Refunds", "body": "Within two weeks"});
        server.as_owner(Action::Own(Own::Desk(AtDesk::CreateArticle)), &article);
        let reply = block_on(server.tool("searchKb", &json!({"query": query}), None));
        prop_assert!(matches!(reply.status, 200 | 422), "{}", reply.body);
        Ok(())
    });
}
