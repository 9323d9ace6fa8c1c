//! Sign-in messages, their signatures, the tokens of sessions, and credentials.

use alloy_primitives::hex;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events_concierge::base::time::UnixSeconds;
use events_concierge::identity::keys::Keys;
use events_concierge::identity::master_key::MasterKey;
use events_concierge::identity::siwe::{Expected, Purpose, SignIn, SiweError, SiweMessage, read};
use events_concierge::identity::{Session, Token, UserId};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;

use super::bytes::{Slip, slipped_text, some_slips};
use super::fuzz;
use super::input::{number, text};
use crate::support::{NOW, PAY_TO};

/// A message that a wallet has signed.
#[derive(Clone, Debug, Deserialize)]
struct Signed {
    verdict: String,
    message: String,
    signature: String,
}

fn signed() -> Vec<Signed> {
    let all: Vec<Signed> = serde_json::from_str(include_str!("../../vectors/siwe.json")).unwrap();
    all.into_iter().filter(|signed| signed.verdict == "ok").collect()
}

fn keys() -> Keys {
    Keys::derive(&MasterKey::parse(&"1".repeat(64)).unwrap())
}

const EXPECTED: Expected<'static> =
    Expected { domain: "localhost:8787", uri_origin: "http://localhost:8787", chain_ids: &[84532] };

/// A change to a message, line by line or byte by byte.
#[derive(Clone, Debug)]
enum Change {
    Slips(Vec<Slip>),
    /// What follows the name of a line.
    Value(usize, String),
    Line(usize, String),
    Swap(usize, usize),
    Without(usize),
    Twice(usize),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let line = || 0..16_usize;
    let value = prop_oneof![text(), number()];
    vec(
        prop_oneof![
            2 => some_slips().prop_map(Change::Slips),
            3 => (line(), value).prop_map(|(line, value)| Change::Value(line, value)),
            1 => (line(), text()).prop_map(|(line, text)| Change::Line(line, text)),
            1 => (line(), line()).prop_map(|(one, other)| Change::Swap(one, other)),
            1 => line().prop_map(Change::Without),
            1 => line().prop_map(Change::Twice),
        ],
        1..3,
    )
}

fn changed(message: &str, changes: &[Change]) -> String {
    let mut message = message.to_owned();
    for change in changes {
        let mut lines: Vec<String> = message.split('\n').map(str::to_owned).collect();
        let count = lines.len();
        match change {
            Change::Slips(slips) => {
                message = slipped_text(&message, slips);
                continue;
            }
            Change::Value(line, value) => {
                let line = &mut lines[line % count];
                let name = line.split_once(": ").map_or("", |(name, _)| name);
                *line = format!("{name}: {value}");
            }
            Change::Line(line, text) => lines[line % count].clone_from(text),
            Change::Swap(one, other) => lines.swap(one % count, other % count),
            Change::Without(line) => drop(lines.remove(line % count)),
            Change::Twice(line) => lines.insert(line % count, lines[line % count].clone()),
        }
        message = lines.join("\n");
    }
    message
}

#[test]
fn a_message_is_read_as_it_stands_or_refused_by_name() {
    let messages = signed();
    let inputs = || (any::<usize>(), changes());
    fuzz("sign-in: the message", inputs, move |(which, changes)| {
        let message = changed(&messages[which % messages.len()].message, &changes);
        match SiweMessage::parse(&message) {
            Err(SiweError::Malformed(what)) => prop_assert!(!what.is_empty()),
            Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
            Ok(read) => {
                prop_assert!(message.len() <= 4096 && message.is_ascii());
                // Every part stands on the line of its own.
                let lines: Vec<&str> = message.split('\n').collect();
                let address = read.address.to_checksum(None);
                prop_assert_eq!(lines[1], &address);
                prop_assert!(lines[0].contains(&read.domain));
                for (name, value) in [("URI", &read.uri), ("Nonce", &read.nonce)] {
                    let line = format!("{name}: {value}");
                    prop_assert!(lines.contains(&line.as_str()), "{line}");
                }
                let chain = lines.iter().find_map(|line| line.strip_prefix("Chain ID: "));
                let chain = chain.unwrap_or_default().trim_start_matches('0').to_owned();
                let id = read.chain_id.to_string().trim_start_matches('0').to_owned();
                prop_assert_eq!(chain, id);
                for resource in &read.resources {
                    let line = format!("- {resource}");
                    prop_assert!(lines.contains(&line.as_str()));
                }
            }
        }
        Ok(())
    });
}

/// The 65 bytes of a signature in whatever spelling, with `v` as 27 or 28.
fn plain(signature: &str) -> Option<Vec<u8>> {
    let mut bytes = hex::decode(signature).ok()?;
    let v = bytes.last_mut()?;
    *v = if *v < 2 { *v + 27 } else { *v };
    Some(bytes)
}

#[test]
fn only_what_the_wallet_signed_proves_it() {
    let (messages, keys) = (signed(), keys());
    let inputs =
        || (any::<usize>(), prop_oneof![Just(Vec::new()), changes()], some_slips(), any::<bool>());
    fuzz("sign-in: the proof", inputs, move |(which, changes, slips, keep)| {
        let signed = &messages[which % messages.len()];
        let message = changed(&signed.message, &changes);
        let signature = match keep {
            true => signed.signature.clone(),
            false => slipped_text(&signed.signature, &slips),
        };
        let proven =
            read(&message, &signature, &EXPECTED, &keys, Purpose::SignIn, UnixSeconds::new(NOW));
        let is_same = message == signed.message && plain(&signature) == plain(&signed.signature);
        let is_proven = matches!(proven, Ok(SignIn::Proven(_)));
        prop_assert_eq!(is_proven, is_same, "{:?} {}", proven, signature);
        Ok(())
    });
}

#[test]
fn a_token_is_the_one_that_was_given_out() {
    let keys = keys();
    let inputs = || (some_slips(), text(), any::<bool>(), 0..100_000_i64);
    fuzz("sign-in: the session", inputs, move |(slips, text, noise, age)| {
        let now = UnixSeconds::new(NOW);
        let session = Session::start(&keys, UserId::parse(PAY_TO).unwrap(), now);
        let token = session.token(&keys);
        let given = if noise { text } else { slipped_text(&token, &slips) };
        let later = now.plus(age);
        prop_assert_eq!(Session::read(&keys, &token, later).is_ok(), age < 24 * 60 * 60);
        prop_assert!(given == token || Session::read(&keys, &given, later).is_err(), "{given}");
        Ok(())
    });
}

#[test]
fn a_credential_is_read_as_itself_or_not_at_all() {
    let inputs = || (any::<[u8; 16]>(), any::<[u8; 32]>(), some_slips(), text(), 0..3_u8);
    fuzz("sign-in: the credential", inputs, |(scope, secret, slips, noise, which)| {
        let token = format!("mcp_{}_{}", hex::encode(scope), URL_SAFE_NO_PAD.encode(secret));
        prop_assert_eq!(Token::parse(&token).map(|read| read.expose()), Ok(token.clone()));
        let given = match which {
            0 => slipped_text(&token, &slips),
            1 => noise,
            _ => format!("mcp_{noise}"),
        };
        let Ok(read) = Token::parse(&given) else { return Ok(()) };
        prop_assert_eq!(read.expose(), given.clone());
        let is_same = read.digest() == Token::parse(&token).unwrap().digest();
        prop_assert_eq!(is_same, given == token);
        Ok(())
    });
}
