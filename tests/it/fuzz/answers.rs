//! Facilitators and chain endpoints that answer anything at all: what they say counts only when it
//! is clear.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use alloy_primitives::U256;
use events_concierge::base::id::ScopeId;
use events_concierge::base::time::UnixSeconds;
use events_concierge::chain::networks::Network;
use events_concierge::chain::rpc::{Rpc, RpcError};
use events_concierge::chain::transfers::{Use, Window};
use events_concierge::facilitator::client::{
    Facilitator, Question, Remote, SettleOutcome, VerifyOutcome,
};
use events_concierge::ports::{Http, HttpError, HttpRequest, HttpResponse};
use events_concierge::rails::x402::wire::PaymentPayload;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::bytes::{Slip, slipped_text, slips};
use super::input::{Edit, edited, edits, json, text};
use super::payment::{good, signed_of};
use super::{Verdict, fuzz};
use crate::support::{HttpOnly, PAY_TO, block_on};

/// Answers with one text after the other, the last one for ever.
struct Says {
    answers: RefCell<VecDeque<HttpResponse>>,
    asked: Cell<u32>,
}

impl Http for Says {
    async fn send(&self, _request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.asked.set(self.asked.get() + 1);
        let mut answers = self.answers.borrow_mut();
        let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        next.ok_or(HttpError::Timeout)
    }
}

fn says(answers: &[(u16, String)]) -> Says {
    let answers =
        answers.iter().map(|(status, body)| HttpResponse { status: *status, body: body.clone() });
    Says { answers: RefCell::new(answers.collect()), asked: Cell::new(0) }
}

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![3 => Just(200), 2 => select(&[400_u16, 402, 413, 429, 500, 503][..]), 1 => any::<u16>()]
}

/// How a good answer is changed.
#[derive(Clone, Debug)]
struct Change {
    edits: Option<Vec<Edit>>,
    slips: Vec<Slip>,
    instead: Option<String>,
}

fn change() -> impl Strategy<Value = Change> {
    let instead = prop_oneof![text(), json().prop_map(|json| json.to_text())];
    (option::weighted(0.6, edits()), slips(), option::weighted(0.1, instead))
        .prop_map(|(edits, slips, instead)| Change { edits, slips, instead })
}

impl Change {
    fn of(&self, good: &Value) -> String {
        match &self.instead {
            Some(text) => text.clone(),
            None => {
                let edited = edited(good, self.edits.as_deref().unwrap_or_default());
                slipped_text(&edited, &self.slips)
            }
        }
    }
}

const PAYER: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const HASH: &str = "0xabababababababababababababababababababababababababababababababab";
const REASONS: &[&str] = &[
    "insufficient_funds",
    "invalid_exact_evm_signature",
    "settlement_pending",
    "unexpected_settle_error",
    "invalid_network",
];

fn is_hash(text: &str) -> bool {
    text.len() == 66 && text.starts_with("0x") && text[2..].bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_code(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    !text.is_empty() && text.len() <= 100 && text.bytes().all(is_plain)
}

fn check_settlement(outcome: &SettleOutcome, status: u16, body: &str, said: &Value) -> Verdict {
    let hash = said["transaction"].as_str().filter(|text| is_hash(text));
    let payer = said["payer"].as_str();
    match outcome {
        SettleOutcome::Settled(transaction) => {
            prop_assert_eq!(said["success"].as_bool(), Some(true));
            prop_assert_eq!(Some(transaction.as_str()), hash);
            prop_assert!(payer.is_none_or(|payer| payer.eq_ignore_ascii_case(PAYER)));
        }
        SettleOutcome::Refused(reason) => {
            prop_assert_eq!(said["success"].as_bool(), Some(false));
            prop_assert_eq!(said["errorReason"].as_str(), Some(reason.as_str()));
            prop_assert!(hash.is_none() && is_code(reason));
        }
        SettleOutcome::Reverted(reason) => prop_assert!(false, "{reason} of another facilitator"),
        SettleOutcome::Unavailable(_) => {
            prop_assert!(matches!(status, 400 | 401 | 403 | 404 | 405 | 413 | 415 | 422 | 429));
            prop_assert!(said.get("success").is_none() && hash.is_none(), "{body}");
        }
        SettleOutcome::AlreadyUsed => {
            prop_assert_eq!(said["success"].as_bool(), Some(false));
            prop_assert!(said["errorReason"].as_str().is_some_and(|it| it.ends_with("used")));
        }
        SettleOutcome::Unknown(why, transaction) => {
            prop_assert!(why.why.len() <= 100 && why.why.is_ascii(), "{why:?}");
            prop_assert!(transaction.as_deref().is_none_or(is_hash));
        }
    }
    Ok(())
}

fn check_facilitator(status: u16, body: &str) -> Verdict {
    let facilitator = Facilitator::At(Remote {
        base_url: "http://facilitator.test".to_owned(),
        credentials: None,
    });
    let (payment, requirements) = (json!({}), json!({}));
    let scope = ScopeId::parse(&"0".repeat(32)).unwrap();
    let question = Question {
        x402_version: 2,
        payment: &payment,
        requirements: &requirements,
        payer: PAYER,
        scope: &scope,
    };
    let world = says(&[(status, body.to_owned())]);
    let said = serde_json::from_str::<Value>(body);
    if said.is_err() && serde_json::from_str::<IgnoredAny>(body).is_ok() {
        // JSON whose numbers no `Value` holds: then this test cannot tell what it says.
        return Ok(());
    }
    let said = said.unwrap_or_default();
    check_settlement(
        &block_on(facilitator.settle(&HttpOnly(&world), &question)),
        status,
        body,
        &said,
    )?;
    match block_on(facilitator.verify(&HttpOnly(&world), &question)) {
        VerifyOutcome::Valid => prop_assert_eq!(said["isValid"].as_bool(), Some(true)),
        VerifyOutcome::Invalid(reason) => prop_assert!(is_code(&reason), "{reason}"),
        VerifyOutcome::Unavailable(why) => prop_assert!(why.why.len() <= 100 && why.why.is_ascii()),
    }
    prop_assert_eq!(world.asked.get(), 2);
    Ok(())
}

#[test]
fn a_facilitator_is_believed_only_when_it_is_clear() {
    let inputs = || {
        let payer = prop_oneof![
            3 => Just(json!(PAYER)), 1 => Just(json!(PAYER.to_lowercase())), 1 => Just(json!(PAY_TO)),
            1 => Just(Value::Null),
        ];
        let reason = prop_oneof![3 => select(REASONS).prop_map(str::to_owned), 1 => text()];
        let settled =
            (payer, any::<bool>(), reason).prop_map(|(payer, success, reason)| match success {
                true => json!({"success": true, "transaction": HASH, "network": "x",
                    "payer": payer, "isValid": true}),
                false => json!({"success": false, "transaction": "", "errorReason": reason,
                    "isValid": false, "invalidReason": reason, "payer": payer}),
            });
        (settled, change(), status())
    };
    fuzz("answers: the facilitator", inputs, |(good, change, status)| {
        check_facilitator(status, &change.of(&good))
    });
}

/// A good answer of the chain to a question about `payment`.
fn chain_answers(payment: &PaymentPayload) -> Vec<Value> {
    let word = |address: alloy_primitives::Address| address.into_word().to_string();
    let usdc = Network::by_caip2("eip155:84532").unwrap().usdc;
    let (signed, _) = signed_of(payment);
    let used = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
    let moved = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
    let log = |topics: [String; 3], data: String| json!({"address": usdc, "topics": topics, "data": data});
    let logs = [
        log([used.to_owned(), word(signed.from), signed.nonce.to_string()], "0x".to_owned()),
        log(
            [moved.to_owned(), word(signed.from), word(signed.to)],
            format!("0x{:064x}", signed.value),
        ),
    ];
    let results = [
        json!({"timestamp": "0x6b018730", "number": "0xffff"}),
        json!([{"transactionHash": HASH, "blockNumber": "0xfff0"}]),
        json!({"status": "0x1", "transactionHash": HASH, "logs": logs}),
        json!({"timestamp": "0x6b018730", "number": "0xfff0"}),
    ];
    results.iter().map(|result| json!({"jsonrpc": "2.0", "id": 1, "result": result})).collect()
}

/// Whether a receipt says in plain words that the payment's money moved.
fn says_moved(receipt: &str, good: &Value) -> bool {
    let Ok(said) = serde_json::from_str::<Value>(receipt) else { return false };
    // The same bytes may be written in capitals, and without their prefix.
    let lower =
        |value: &Value| Value::from(value.to_string().to_ascii_lowercase().replace("0x", ""));
    let logs = |value: &Value, member: &str| -> Vec<Value> {
        let logs = value["result"]["logs"].as_array().cloned().unwrap_or_default();
        logs.iter().map(|log| lower(&json!([log["address"], log["topics"], log[member]]))).collect()
    };
    // The data of the first log does not matter, that of the second one is the amount.
    let is_used = logs(&said, "").contains(&logs(good, "")[0]);
    is_used && logs(&said, "data").contains(&logs(good, "data")[1])
}

#[test]
fn a_chain_is_believed_only_when_it_shows_the_transfer() {
    let payment = PaymentPayload::read(good()[1].clone()).unwrap();
    let answers = chain_answers(&payment);
    let inputs = || (change(), 0..5_usize, status());
    fuzz("answers: the chain", inputs, move |(change, which, status)| {
        let network = Network::by_caip2("eip155:84532").unwrap();
        let rpc = Rpc { url: "http://chain.test".to_owned() };
        let mut bodies: Vec<_> = answers.iter().map(|answer| (200, answer.to_string())).collect();
        if let Some(body) = bodies.get_mut(which) {
            *body = (status, change.of(&answers[which]));
        }
        let world = says(&bodies);
        let window =
            Window { unused_at: Some(0xffe0), created_at: UnixSeconds::new(1_795_262_400) };
        let found = block_on(rpc.find_transfer(&world, network, &signed_of(&payment).0, &window));
        // The head, times of blocks, ranges of blocks, one receipt.
        prop_assert!(world.asked.get() <= 1 + 24 + 16 + 1);
        if let Ok(Use::Moved(hash, _)) = found {
            prop_assert!(says_moved(&bodies[2].1, &answers[2]), "{} {hash}", bodies[2].1);
        } else {
            prop_assert!(which < 4, "{found:?}");
        }
        let plain =
            |result: &Value| change.of(&json!({"jsonrpc": "2.0", "id": 1, "result": result}));
        check_head(&rpc, status, &plain(&json!({"timestamp": "0x6b018730", "number": "0x10"})))?;
        check_used(&rpc, status, &plain(&json!(format!("0x{:064x}", which % 2))), &payment)
    });
}

fn check_head(rpc: &Rpc, status: u16, body: &str) -> Verdict {
    let world = says(&[(status, body.to_owned())]);
    match block_on(rpc.head_time(&world)) {
        Ok(moment) => prop_assert!(moment.get() >= 0),
        Err(
            RpcError::Unavailable
            | RpcError::Refused { .. }
            | RpcError::Reverted
            | RpcError::Malformed,
        ) => {}
    }
    Ok(())
}

fn check_used(rpc: &Rpc, status: u16, body: &str, payment: &PaymentPayload) -> Verdict {
    let world = says(&[(status, body.to_owned())]);
    let network = Network::by_caip2("eip155:84532").unwrap();
    let (signed, _) = signed_of(payment);
    let used = block_on(rpc.authorization_used(&world, network, signed.from, signed.nonce));
    if let Ok(used) = used {
        // Only the two words that Solidity writes for a boolean; what follows them is nothing.
        let said: Value = serde_json::from_str(body).unwrap_or_default();
        let text = said["result"].as_str().unwrap_or_default().to_ascii_lowercase();
        let word = text.trim_start_matches("0x").get(..64).unwrap_or_default();
        let word = U256::from_str_radix(word, 16);
        prop_assert_eq!(word.ok(), Some(U256::from(u8::from(used))), "{}", text);
    }
    Ok(())
}
