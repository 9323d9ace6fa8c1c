//! Payments on Solana at a host: what is read of a transaction, one sale for one payment, and what becomes of an unknown one.

use alloy_primitives::B256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events_concierge::base::http::Reply;
use events_concierge::chain::solana::address::SolanaAddress;
use events_concierge::chain::solana::transfer::{NoTransfer, SolanaTransfer, digest_of};
use events_concierge::host::command::Action;
use events_concierge::http::page::PageSettings;
use events_concierge::http::route::{AtHost, Own};
use events_concierge::ledger::audit::audit;
use events_concierge::ports::HttpResponse;
use serde_json::{Value, json};

use crate::support::{NOW, Server, World, block_on, config_with, json_of, rsvp};

mod refunds;

const SOLANA: &str = "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1";
const USDC: &str = "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU";
const COMPUTE_BUDGET: &str = "ComputeBudget111111111111111111111111111111";
const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
const TOKEN_2022: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
const MEMO: &str = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr";
const LIGHTHOUSE: &str = "L2TExMFKdjpN9kozasaurPirfHy9P8sbXoAN1qA3S95";
const SYSTEM: &str = "11111111111111111111111111111111";
const ALPHABET: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const TOOL: &str = "rsvpToEvent";

fn key(byte: u8) -> String {
    SolanaAddress::from_bytes([byte; 32]).to_string()
}

fn fee_payer() -> String {
    key(200)
}

/// The signature of a fee payer, which is the id of a transaction.
fn signature(byte: u8) -> String {
    let mut digits: Vec<u32> = Vec::new();
    for _ in 0..64 {
        let mut carry = u32::from(byte);
        for digit in &mut digits {
            carry += *digit * 256;
            *digit = carry % 58;
            carry /= 58;
        }
        while carry > 0 {
            digits.push(carry % 58);
            carry /= 58;
        }
    }
    digits
        .iter()
        .rev()
        .map(|digit| char::from(ALPHABET.as_bytes()[usize::try_from(*digit).unwrap()]))
        .collect()
}

fn bytes_of(address: &str) -> [u8; 32] {
    let mut bytes = [0_u8; 32];
    for digit in address.chars() {
        let mut carry = u32::try_from(ALPHABET.find(digit).unwrap()).unwrap();
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = u8::try_from(carry % 256).unwrap();
            carry /= 256;
        }
    }
    bytes
}

/// An instruction: its program, its accounts and its data.
type Step = (&'static str, Vec<String>, Vec<u8>);

/// A transaction as the official client builds it, before anything is changed.
struct Built {
    is_legacy: bool,
    signers: u8,
    steps: Vec<Step>,
    payer: String,
    first: String,
    blockhash: u8,
}

impl Built {
    fn new(payer: u8, memo: &str, amount: u64) -> Self {
        let payer = key(payer);
        let accounts = vec![key(101), USDC.to_owned(), key(102), payer.clone()];
        let mut transfer = vec![12];
        transfer.extend(amount.to_le_bytes());
        transfer.push(6);
        let steps = vec![
            (COMPUTE_BUDGET, vec![], vec![2, 0x40, 0x0d, 3, 0]),
            (COMPUTE_BUDGET, vec![], vec![3, 1, 0, 0, 0, 0, 0, 0, 0]),
            (TOKEN, accounts, transfer),
            (MEMO, vec![], memo.as_bytes().to_vec()),
        ];
        Self { is_legacy: false, signers: 2, steps, payer, first: fee_payer(), blockhash: 77 }
    }

    fn wire(&self) -> Vec<u8> {
        let mut keys = vec![self.first.clone(), self.payer.clone()];
        keys.dedup();
        for (program, accounts, _) in &self.steps {
            for one in accounts.iter().map(String::as_str).chain([*program]) {
                if !keys.iter().any(|known| known == one) {
                    keys.push(one.to_owned());
                }
            }
        }
        let at = |name: &str| keys.iter().position(|one| one == name).unwrap();
        let at = |name: &str| u8::try_from(at(name)).unwrap();
        let short = |length: usize| u8::try_from(length).unwrap();
        let mut wire = vec![self.signers];
        wire.extend([0; 64]);
        wire.extend(vec![9; 64 * (usize::from(self.signers) - 1)]);
        wire.extend(if self.is_legacy { vec![] } else { vec![0x80] });
        wire.extend([self.signers, 0, 4, short(keys.len())]);
        keys.iter().for_each(|one| wire.extend(bytes_of(one)));
        wire.extend([self.blockhash; 32]);
        wire.push(short(self.steps.len()));
        for (program, accounts, data) in &self.steps {
            wire.extend([at(program), short(accounts.len())]);
            wire.extend(accounts.iter().map(|one| at(one)));
            wire.push(short(data.len()));
            wire.extend(data);
        }
        wire.extend(if self.is_legacy { vec![] } else { vec![0] });
        wire
    }

    fn text(&self) -> String {
        STANDARD.encode(self.wire())
    }
}

fn read(wire: &[u8]) -> Result<SolanaTransfer, NoTransfer> {
    SolanaTransfer::read(&STANDARD.encode(wire))
}

#[test]
fn a_transfer_is_read_whatever_stands_in_the_place_of_the_fee_payer() {
    let mut built = Built::new(1, "hello", 50_000);
    let found = read(&built.wire()).unwrap();
    assert_eq!(found.fee_payer.to_string(), fee_payer());
    assert_eq!(found.payer.to_string(), key(1));
    assert_eq!((found.mint.to_string().as_str(), found.amount), (USDC, 50_000));
    assert_eq!((found.destination.to_string(), found.memo.as_str()), (key(102), "hello"));
    assert_eq!(found.blockhash.to_string(), key(77));
    assert_eq!(digest_of(&built.text()), Some(found.digest));
    let mut signed = built.wire();
    signed[1..65].fill(5);
    assert_eq!(read(&signed).unwrap(), found, "the fee payer's place does not count");
    signed[65..129].fill(5);
    let other = read(&signed).unwrap();
    assert_eq!(other.digest, found.digest);
    assert_ne!(other.signature_digest, found.signature_digest);
    built.blockhash = 78;
    assert_ne!(read(&built.wire()).unwrap().digest, found.digest);
    built.is_legacy = true;
    built.steps.push((LIGHTHOUSE, vec![key(101)], vec![1]));
    assert_eq!(read(&built.wire()).unwrap().amount, 50_000);
}

#[test]
fn whatever_is_not_one_transfer_with_one_memo_is_refused() {
    let check = |change: &dyn Fn(&mut Built), expected: NoTransfer| {
        let mut built = Built::new(1, "hello", 50_000);
        change(&mut built);
        assert_eq!(read(&built.wire()), Err(expected), "{:?}", built.steps);
    };
    let transfer = |built: &Built| built.steps[2].clone();
    check(&|it| it.steps.push(transfer(it)), NoTransfer::Unknown);
    check(&|it| it.steps.insert(2, transfer(it)), NoTransfer::Unknown);
    check(&|it| it.steps.push((SYSTEM, vec![], vec![2, 0, 0, 0])), NoTransfer::Unknown);
    // A nonce account would keep it valid for good.
    check(&|it| it.steps.insert(0, (SYSTEM, vec![], vec![4, 0, 0, 0])), NoTransfer::Instructions);
    check(&|it| it.steps.swap(0, 1), NoTransfer::Instructions);
    check(&|it| it.steps.truncate(2), NoTransfer::Instructions);
    check(&|it| it.steps.truncate(3), NoTransfer::Memo);
    check(&|it| it.steps.push((MEMO, vec![], b"hello".to_vec())), NoTransfer::Memo);
    check(&|it| it.steps[3].2 = vec![0xff], NoTransfer::Memo);
    check(
        &|it| {
            for _ in 0..4 {
                it.steps.push((LIGHTHOUSE, vec![], vec![]));
            }
        },
        NoTransfer::Instructions,
    );
    check(&|it| it.steps[2].0 = TOKEN_2022, NoTransfer::NoTransfer);
    check(&|it| it.steps[2].0 = SYSTEM, NoTransfer::NoTransfer);
    // `Transfer` names no mint.
    check(&|it| it.steps[2].2[0] = 3, NoTransfer::NoTransfer);
    check(&|it| it.steps[2].2[9] = 9, NoTransfer::NoTransfer);
    check(&|it| it.steps[2].2.push(0), NoTransfer::NoTransfer);
    check(&|it| it.steps[2].2.truncate(9), NoTransfer::NoTransfer);
    check(&|it| it.steps[2].1.truncate(3), NoTransfer::NoTransfer);
    check(&|it| it.steps[2].1.push(key(103)), NoTransfer::NoTransfer);
    check(&|it| it.steps[2].1[3] = key(103), NoTransfer::NoTransfer);
    check(&|it| it.first = it.payer.clone(), NoTransfer::FeePayerPays);
}

#[test]
fn a_transaction_has_one_spelling() {
    let wire = Built::new(1, "hello", 50_000).wire();
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut copy = wire.clone();
        change(&mut copy);
        read(&copy)
    };
    let bad = Err(NoTransfer::Unreadable);
    assert_eq!(changed(&|it| it.push(0)), bad);
    assert_eq!(changed(&|it| *it.last_mut().unwrap() = 1), bad, "a lookup table");
    assert_eq!(changed(&|it| it[0] = 1), bad, "fewer signatures than signers");
    assert_eq!(changed(&|it| it[129] = 0x81), bad, "version 1");
    assert_eq!(changed(&|it| it[130] = 200), bad, "more signers than accounts");
    // A count of two in two bytes, and in three.
    assert_eq!(changed(&|it| drop(it.splice(0..1, [0x82, 0x00]))), bad);
    assert_eq!(changed(&|it| drop(it.splice(0..1, [0x82, 0x80, 0x00]))), bad);
    for length in 0..wire.len() {
        assert_eq!(read(&wire[..length]), bad, "{length}");
    }
    assert_eq!(read(&[0; 1_233]), bad);
    let text = STANDARD.encode(&wire);
    let padded = text.trim_end_matches('=');
    for other in ["", "====", &format!("{text} "), &format!("{padded}A"), &"A".repeat(1_000_000)] {
        assert_eq!(SolanaTransfer::read(other), bad);
    }
    assert_eq!(
        SolanaTransfer::read(&text.replace('+', "-").replace('/', "_")).is_ok(),
        !text.contains(['+', '/'])
    );
}

/// Solana with an endpoint that can be asked.
const WITH_ENDPOINT: [(&str, &str); 2] = [
    ("SOLANA_FACILITATOR_URL", "http://solana.test"),
    (
        "RPC_URLS",
        r#"{"eip155:84532":"http://127.0.0.1:8545","solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1":"http://127.0.0.1:8899/solana"}"#,
    ),
];
/// The endpoint is gone, and the facilitator of the other networks settles on Solana too.
const WITHOUT_ENDPOINT: [(&str, &str); 1] = [("FACILITATOR_URL", "http://solana.test")];

/// A host that is paid on Solana.
fn host() -> Server {
    let payout = crate::support::PAY_TO;
    let server = Server::with(World::new(), payout, config_with(&WITH_ENDPOINT));
    let kinds = json!({"kinds": [
        {"x402Version": 2, "scheme": "exact", "network": "eip155:84532"},
        {"x402Version": 1, "scheme": "exact", "network": "solana-devnet", "extra": {"feePayer": fee_payer()}},
        {"x402Version": 2, "scheme": "exact", "network": SOLANA, "extra": {"feePayer": fee_payer()}},
    ]});
    says(&server, &kinds);
    let body = json!({"userId": payout, "walletAddress": payout, "solanaAddress": key(50)});
    assert_eq!(server.as_owner(Action::Own(Own::Register), &body).status, 201);
    server
}

fn says(server: &Server, body: &Value) {
    let answer = HttpResponse { status: 200, body: body.to_string() };
    *server.world.memory.supported.borrow_mut() = Some(answer);
}

/// What is asked next, in order, and the answers; `Null`: none.
fn expect(server: &Server, answers: &[(&'static str, Value)]) {
    assert!(server.world.memory.solana.borrow().is_empty(), "what was expected was not asked");
    server.world.memory.solana.borrow_mut().extend(answers.iter().cloned());
}

fn all_was_asked(server: &Server) {
    let left = server.world.memory.solana.borrow();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

fn valid(payer: u8) -> (&'static str, Value) {
    ("verify", json!({"isValid": true, "payer": key(payer)}))
}

fn settled(payer: u8) -> (&'static str, Value) {
    let answer = json!({"success": true, "transaction": signature(payer), "network": SOLANA, "payer": key(payer)});
    ("settle", answer)
}

/// The entry for Solana of a challenge.
fn offer(server: &Server, event: &str) -> Value {
    let offer = server.challenge(TOOL, &rsvp(event));
    let accepts = offer["accepts"].as_array().unwrap();
    assert_eq!(accepts.len(), 2, "{offer}");
    accepts[1].clone()
}

fn pay(payer: u8, accepted: &Value) -> Value {
    let memo = accepted["extra"]["memo"].as_str().unwrap();
    with(accepted, &Built::new(payer, memo, 50_000).text())
}

fn with(accepted: &Value, transaction: &str) -> Value {
    json!({"x402Version": 2, "accepted": accepted, "payload": {"transaction": transaction}})
}

fn buy(server: &Server, event: &str, payment: &Value) -> Reply {
    block_on(server.tool(TOOL, &rsvp(event), Some(payment)))
}

fn state(server: &Server) -> String {
    server.text("SELECT group_concat(state) FROM payments")
}

#[test]
fn a_seat_is_sold_once_for_one_payment_and_shown_again_to_who_made_it() {
    let server = host();
    let event = server.event(5);
    let accepted = offer(&server, &event);
    let payment = pay(1, &accepted);
    expect(&server, &[valid(1), settled(1)]);
    let reply = buy(&server, &event, &payment);
    assert_eq!(reply.status, 200, "{}", reply.body);
    all_was_asked(&server);
    let row = "SELECT network || ' ' || asset || ' ' || payer || ' ' || pay_to || ' ' || tx_hash FROM payments";
    let expected = format!("{SOLANA} {USDC} {} {} {}", key(1), key(50), signature(1));
    assert_eq!(server.text(row), expected);
    // Nobody is asked again.
    let again = buy(&server, &event, &payment);
    assert_eq!((again.status, &again.body), (200, &reply.body));
    let text = payment["payload"]["transaction"].as_str().unwrap();
    let mut wire = STANDARD.decode(text).unwrap();
    wire[1..65].fill(3);
    let filled = with(&accepted, &STANDARD.encode(&wire));
    assert_eq!(buy(&server, &event, &filled).status, 401, "as the chain shows it");
    let old = json!({"x402Version": 1, "scheme": "exact", "network": "solana-devnet", "payload": payment["payload"]});
    assert_eq!(buy(&server, &event, &old).status, 401, "version 1 repeats no secret");
    wire[65..129].fill(3);
    let forged = with(&accepted, &STANDARD.encode(&wire));
    assert_eq!(buy(&server, &event, &forged).status, 409, "other signatures");
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 1);
    all_was_asked(&server);
}

#[test]
fn a_payment_buys_only_what_it_was_asked_for() {
    let server = host();
    let (event, other) = (server.event(5), server.event(5));
    let accepted = offer(&server, &event);
    let payment = pay(1, &accepted);
    assert_eq!(buy(&server, &other, &payment).status, 402, "another call");
    let beside = server.beside();
    assert_eq!(buy(&beside, &event, &payment).status, 404, "another host has no such event");
    let memo = accepted["extra"]["memo"].as_str().unwrap();
    let dearer = with(&accepted, &Built::new(1, memo, 49_999).text());
    let mut strange = Built::new(1, memo, 50_000);
    strange.steps[2].1[1] = key(60);
    let mut unpaid = Built::new(1, memo, 50_000);
    unpaid.first = key(201);
    let mut forged = accepted.clone();
    forged["extra"]["memo"] = json!("0".repeat(64));
    for hostile in [
        dearer,
        with(&accepted, &strange.text()),
        with(&accepted, &unpaid.text()),
        with(&accepted, &Built::new(1, "", 50_000).text()),
        pay(1, &forged),
    ] {
        let reply = buy(&server, &event, &hostile);
        assert_eq!(reply.status, 402, "{}", reply.body);
    }
    for (place, value) in [
        ("/amount", json!("1")),
        ("/asset", json!(key(60))),
        ("/payTo", json!(key(60))),
        ("/network", json!("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp")),
        ("/maxTimeoutSeconds", json!(3_600)),
        ("/extra/feePayer", json!(key(60))),
        ("/extra/memo", json!("x")),
    ] {
        let mut other = accepted.clone();
        *other.pointer_mut(place).unwrap() = value;
        let payment = with(&other, payment["payload"]["transaction"].as_str().unwrap());
        assert_eq!(buy(&server, &event, &payment).status, 402, "{place}");
    }
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0);
    all_was_asked(&server);
}

#[test]
fn who_is_refused_by_the_facilitator_holds_nothing() {
    let server = host();
    let event = server.event(1);
    let payment = pay(1, &offer(&server, &event));
    let refused = json!({"isValid": false, "invalidReason": "invalid_exact_svm_transaction_simulation_failed"});
    expect(&server, &[("verify", refused)]);
    assert_eq!(buy(&server, &event, &payment).status, 402);
    expect(&server, &[("verify", json!({"isValid": true, "payer": key(2)}))]);
    assert_eq!(buy(&server, &event, &payment).status, 402, "valid for somebody else");
    expect(&server, &[("verify", Value::Null)]);
    assert_eq!(buy(&server, &event, &payment).status, 503);
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0);
    // Refused by `/settle`, for what nothing that was sent before can cause.
    let mismatch = "invalid_exact_svm_payload_recipient_mismatch";
    expect(
        &server,
        &[
            valid(1),
            ("settle", json!({"success": false, "errorReason": mismatch, "transaction": ""})),
        ],
    );
    assert_eq!(buy(&server, &event, &payment).status, 402);
    assert_eq!(state(&server), "refused");
    let next = pay(2, &offer(&server, &event));
    expect(&server, &[valid(2), settled(2)]);
    assert_eq!(buy(&server, &event, &next).status, 200, "the seat is free");
    all_was_asked(&server);
}

/// An unknown payment for the only seat, and its digest.
fn unknown(server: &Server, answer: Value) -> (String, Value, B256) {
    let event = server.event(1);
    let payment = pay(1, &offer(server, &event));
    expect(server, &[valid(1), ("settle", answer)]);
    let reply = buy(server, &event, &payment);
    let body = json_of(&reply);
    assert_eq!(body["moneyMoved"], "unknown", "{}", reply.body);
    assert_eq!(state(server), "unknown");
    let rival = block_on(server.tool(TOOL, &rsvp(&event), None));
    assert_ne!(rival.status, 402, "the seat is held");
    let digest = digest_of(payment["payload"]["transaction"].as_str().unwrap()).unwrap();
    (event, payment, digest)
}

fn listed(payment: &Value, more: &[Value]) -> (&'static str, Value) {
    let memo = payment["accepted"]["extra"]["memo"].as_str().unwrap();
    let one = json!({"signature": signature(1), "slot": 7, "err": null, "memo": format!("[64] {memo}"), "blockTime": NOW});
    ("getSignaturesForAddress", Value::Array([&[one], more].concat()))
}

fn landed(payment: &Value, error: &Value) -> (&'static str, Value) {
    let found = json!({"slot": 7, "meta": {"err": error}, "transaction": [payment["payload"]["transaction"], "base64"]});
    ("getTransaction", found)
}

const FRESH: bool = true;

fn block_hash(is_valid: bool) -> (&'static str, Value) {
    ("isBlockhashValid", json!({"context": {"slot": 900}, "value": is_valid}))
}

#[test]
fn an_unknown_payment_is_found_on_the_chain_and_delivered_once() {
    for answer in [
        Value::Null,
        json!({"success": false, "errorReason": "duplicate_settlement", "transaction": ""}),
        json!({"success": false, "errorReason": "insufficient_funds", "transaction": ""}),
        json!({"success": true, "transaction": signature(1), "network": "solana-devnet", "payer": key(1)}),
        json!({"success": true, "transaction": "", "network": SOLANA, "payer": key(1)}),
    ] {
        let server = host();
        let (event, payment, _) = unknown(&server, answer);
        // Another transaction of the payer with the same memo is not it.
        let other = pay(1, &payment["accepted"]);
        let mut wrong =
            Built::new(1, payment["accepted"]["extra"]["memo"].as_str().unwrap(), 50_000);
        wrong.blockhash = 79;
        let wrong = with(&other["accepted"], &wrong.text());
        expect(
            &server,
            &[listed(&payment, &[]), landed(&wrong, &Value::Null), ("settle", Value::Null)],
        );
        server.pass(4);
        assert_eq!(state(&server), "unknown");
        expect(&server, &[listed(&payment, &[]), landed(&payment, &Value::Null)]);
        server.pass(10);
        assert_eq!(state(&server), "delivered");
        assert_eq!(server.text("SELECT tx_hash FROM payments"), signature(1));
        assert_eq!(buy(&server, &event, &payment).status, 200);
        assert_eq!(server.int("SELECT count(*) FROM rsvps"), 1);
        all_was_asked(&server);
    }
}

#[test]
fn a_payment_has_failed_only_when_it_cannot_come_any_more() {
    let server = host();
    let (event, payment, _) = unknown(&server, Value::Null);
    let nothing = || ("getSignaturesForAddress", json!([]));
    server.sql("UPDATE payments SET next_check_at = 0");
    expect(&server, &[nothing(), ("settle", Value::Null)]);
    server.wake();
    assert_eq!(state(&server), "unknown", "it is young");
    // Three minutes later, but the chain stood still.
    server.world.memory.now.set(NOW + 200);
    expect(&server, &[block_hash(FRESH), nothing(), ("settle", Value::Null)]);
    server.sql("UPDATE payments SET next_check_at = 0");
    server.wake();
    assert_eq!(state(&server), "unknown", "its block hash is good still");
    // An endpoint that cannot tell keeps it unknown.
    for unclear in [
        vec![("isBlockhashValid", Value::Null)],
        vec![block_hash(!FRESH), ("getSignaturesForAddress", Value::Null)],
        vec![block_hash(!FRESH), ("getSignaturesForAddress", json!({}))],
        vec![block_hash(!FRESH), listed(&payment, &[]), ("getTransaction", Value::Null)],
        // Whoever lists no memo may have it.
        vec![
            block_hash(!FRESH),
            (
                "getSignaturesForAddress",
                json!([{"signature": signature(1), "memo": null, "blockTime": NOW}]),
            ),
            ("getTransaction", Value::Null),
        ],
        vec![
            block_hash(!FRESH),
            (
                "getSignaturesForAddress",
                Value::Array(vec![
                    json!({"signature": signature(1), "memo": "x", "blockTime": NOW});
                    1_000
                ]),
            ),
        ],
    ] {
        expect(&server, &unclear);
        server.sql("UPDATE payments SET next_check_at = 0");
        server.wake();
        assert_eq!(state(&server), "unknown", "{unclear:?}");
    }
    expect(
        &server,
        &[
            block_hash(!FRESH),
            (
                "getSignaturesForAddress",
                json!([{"signature": signature(9), "memo": "[1] x", "blockTime": NOW}]),
            ),
        ],
    );
    server.sql("UPDATE payments SET next_check_at = 0");
    server.wake();
    assert_eq!(state(&server), "failed");
    all_was_asked(&server);
    let next = pay(2, &offer(&server, &event));
    expect(&server, &[valid(2), settled(2)]);
    assert_eq!(buy(&server, &event, &next).status, 200, "the seat is free");
}

#[test]
fn a_transaction_that_failed_on_the_chain_ends_a_payment_once_that_is_final() {
    let server = host();
    let (_, payment, _) = unknown(&server, Value::Null);
    let error = json!({"InstructionError": [2, {"Custom": 1}]});
    server.sql("UPDATE payments SET next_check_at = 0");
    expect(&server, &[listed(&payment, &[]), landed(&payment, &error)]);
    server.wake();
    assert_eq!(state(&server), "unknown", "the block may go");
    server.world.memory.now.set(NOW + 200);
    server.sql("UPDATE payments SET next_check_at = 0");
    expect(&server, &[block_hash(!FRESH), listed(&payment, &[]), landed(&payment, &error)]);
    server.wake();
    assert_eq!(state(&server), "failed");
    all_was_asked(&server);
}

#[test]
fn without_an_endpoint_only_the_facilitator_or_the_host_says_what_came() {
    let mut server = host();
    let (_, payment, _) = unknown(&server, Value::Null);
    server.deploy(config_with(&WITHOUT_ENDPOINT));
    server.sql("UPDATE payments SET next_check_at = 0");
    let pending = json!({"success": false, "errorReason": "settlement_pending", "transaction": ""});
    expect(&server, &[("settle", pending)]);
    server.wake();
    assert_eq!(state(&server), "unknown");
    // A day later it is still not a failure.
    server.world.memory.now.set(NOW + 90_000);
    server.sql("UPDATE payments SET next_check_at = 0");
    expect(
        &server,
        &[(
            "settle",
            json!({"success": false, "errorReason": "transaction_simulation_failed", "transaction": ""}),
        )],
    );
    server.wake();
    assert_eq!(state(&server), "unknown");
    let id = server.text("SELECT id FROM payments");
    let decide = |body: &Value| {
        let id = events_concierge::base::id::PaymentId::parse(&id).unwrap();
        server.as_owner(Action::Own(Own::Decide(id)), body)
    };
    let hash = format!("0x{}", "1".repeat(64));
    assert_eq!(decide(&json!({"paid": true, "transaction": hash})).status, 422, "not of Solana");
    assert_eq!(decide(&json!({"paid": true, "transaction": signature(4)})).status, 200);
    assert_eq!(state(&server), "delivered");
    assert_eq!(server.text("SELECT tx_hash FROM payments"), signature(4));
    assert!(payment["payload"]["transaction"].is_string());
    all_was_asked(&server);
}

#[test]
fn what_was_delivered_is_confirmed_on_the_chain_and_revoked_if_it_never_was_there() {
    let paid = |server: &Server| {
        let event = server.event(1);
        let payment = pay(1, &offer(server, &event));
        expect(server, &[valid(1), settled(1)]);
        assert_eq!(buy(server, &event, &payment).status, 200);
        payment
    };
    let server = host();
    let payment = paid(&server);
    for _ in 0..2 {
        expect(&server, &[landed(&payment, &Value::Null)]);
        server.pass(31);
    }
    assert_eq!(server.int("SELECT next_check_at IS NULL AND payment IS NULL FROM payments"), 1);
    all_was_asked(&server);
    // The facilitator lied.
    let server = host();
    paid(&server);
    server.world.memory.now.set(NOW + 200);
    expect(
        &server,
        &[
            ("getTransaction", json!("null")),
            block_hash(!FRESH),
            ("getSignaturesForAddress", json!([])),
        ],
    );
    server.wake();
    assert_eq!((state(&server).as_str(), server.int("SELECT count(*) FROM rsvps")), ("failed", 0));
    all_was_asked(&server);
    let mut server = host();
    paid(&server);
    server.deploy(config_with(&WITHOUT_ENDPOINT));
    server.pass(31);
    assert_eq!(server.int("SELECT next_check_at IS NULL FROM payments"), 1, "nobody can be asked");
}

#[test]
fn an_old_sign_in_changes_nothing_about_where_the_money_goes() {
    let server = host();
    for address in [key(51), String::new()] {
        let body = json!({"userId": crate::support::PAY_TO, "solanaAddress": address});
        let mut request = server.request(Action::Own(Own::Register), true, &[], &body);
        request.command.user.as_mut().unwrap().fresh = false;
        let reply = block_on(server.handle(request));
        assert_eq!(json_of(&reply)["title"], "sign in again", "{}", reply.body);
        assert_eq!(server.text("SELECT solana_address FROM profile"), key(50));
    }
    for bad in ["0x12", "1", &"1".repeat(32), &"1".repeat(100_000), "é"] {
        let body = json!({"userId": crate::support::PAY_TO, "solanaAddress": bad});
        let reply = server.as_owner(Action::Own(Own::Register), &body);
        assert_eq!(reply.status, 422, "{}", reply.body);
        assert!(reply.body.contains("solanaAddress"));
    }
    let wallet = "UPDATE profile SET wallet_address = '0x0000000000000000000000000000000000000009'";
    server.sql(wallet);
    let body = json!({"userId": crate::support::PAY_TO, "solanaAddress": key(51)});
    assert_eq!(server.as_owner(Action::Own(Own::Register), &body).status, 200);
    assert_eq!(server.text("SELECT solana_address FROM profile"), key(51));
    assert!(server.text("SELECT wallet_address FROM profile").ends_with('9'), "it stays");
}

#[test]
fn solana_is_offered_only_where_its_chain_can_be_asked() {
    let mut server = host();
    let event = server.event(5);
    let payment = pay(1, &offer(&server, &event));
    let manifest = |server: &Server| json_of(&server.as_stranger(AtHost::Manifest));
    let on_page =
        |settings: &[(&str, &str)]| PageSettings::of(&config_with(settings), false).solana;
    assert_eq!(manifest(&server)["solana"]["payTo"], key(50));
    assert_eq!(on_page(&WITH_ENDPOINT), Some("Solana devnet"));
    server.deploy(config_with(&WITHOUT_ENDPOINT));
    let challenge = server.challenge(TOOL, &rsvp(&event));
    let accepts = challenge["accepts"].as_array().unwrap();
    assert_eq!((accepts.len(), &accepts[0]["network"]), (1, &json!("eip155:84532")));
    assert_eq!((&manifest(&server)["solana"], on_page(&WITHOUT_ENDPOINT)), (&Value::Null, None));
    // Nobody is asked about what was made before, and it holds nothing.
    let old = json!({"x402Version": 1, "scheme": "exact", "network": "solana-devnet", "payload": payment["payload"]});
    for refused in [&payment, &old] {
        let reply = buy(&server, &event, refused);
        assert_eq!(reply.status, 402, "{}", reply.body);
    }
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0);
    assert_eq!(server.text("SELECT solana_address FROM profile"), key(50), "it is kept");
    all_was_asked(&server);
    server.deploy(config_with(&WITH_ENDPOINT));
    expect(&server, &[valid(1), settled(1)]);
    assert_eq!(buy(&server, &event, &payment).status, 200);
    all_was_asked(&server);
}

#[test]
fn nothing_is_offered_on_solana_without_address_or_facilitator() {
    let server = host();
    let event = server.event(5);
    let networks = |server: &Server| {
        let offer = server.challenge(TOOL, &rsvp(&event));
        offer["accepts"].as_array().unwrap().len()
    };
    assert_eq!(networks(&server), 2);
    let kinds =
        |kind: Value| json!({"kinds": [{"scheme": "exact", "network": "eip155:84532"}, kind]});
    for kind in [
        json!({"scheme": "exact", "network": "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "extra": {"feePayer": fee_payer()}}),
        json!({"scheme": "upto", "network": SOLANA, "extra": {"feePayer": fee_payer()}}),
        json!({"scheme": "exact", "network": SOLANA}),
        json!({"scheme": "exact", "network": SOLANA, "extra": {"feePayer": "0x1"}}),
    ] {
        let mut server = host();
        let event = server.event(5);
        server.deploy(config_with(&WITH_ENDPOINT));
        says(&server, &kinds(kind));
        let offer = server.challenge(TOOL, &rsvp(&event));
        assert_eq!(offer["accepts"].as_array().unwrap().len(), 1, "{offer}");
    }
    let body = json!({"userId": crate::support::PAY_TO, "walletAddress": crate::support::PAY_TO, "solanaAddress": ""});
    assert_eq!(server.as_owner(Action::Own(Own::Register), &body).status, 200);
    assert_eq!(networks(&server), 1);
    assert_eq!(
        server.text("SELECT group_concat(note) FROM ledger WHERE entry = 'solana_payout_set'"),
        format!("{},none", key(50))
    );
    let notes = "SELECT count(*) FROM ledger WHERE entry = 'payout_set'";
    assert_eq!(server.int(notes), 1, "the other address has not changed");
}
