//! The wallets of a guest session over worlds that follow a script: what Crossmint's own SDK asks and
//! is answered (`tests/vectors/crossmint.json`), and a chain that says what a test wants.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use events_concierge::base::http::Headers;
use events_concierge::base::money::Usdc;
use events_concierge::chain::eip3009::{Authorization, Via, digest};
use events_concierge::chain::networks::Network;
use events_concierge::chain::rpc::{Rpc, RpcError};
use events_concierge::chain::signature::{Factories, Given, Wrapper, recover, wrap};
use events_concierge::identity::keys::Keys;
use events_concierge::identity::master_key::MasterKey;
use events_concierge::ports::{
    Http, HttpError, HttpRequest, HttpResponse, Timer, Web, WebMethod, WebRequest, WebResponse,
};
use events_concierge::wallets::browser::{BadSignature, check};
use events_concierge::wallets::crossmint::{Crossmint, CrossmintError, CrossmintWallet};
use events_concierge::wallets::smart::SmartWallet;
use events_concierge::wallets::usdc_balance;
use k256::ecdsa::SigningKey;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::block_on;

const URL: &str = "http://127.0.0.1:4600";
const FACTORY: &str = "0x00000000000000000000000000000000fac70001";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vectors {
    api_key: String,
    headers: Vec<String>,
    typed_data: Value,
    exchanges: VecDeque<Exchange>,
}

#[derive(Clone, Deserialize)]
struct Exchange {
    method: String,
    path: String,
    body: Value,
    answer: Answer,
}

#[derive(Clone, Deserialize)]
struct Answer {
    status: u16,
    body: Value,
}

/// Answers in order, and keeps what was asked.
#[derive(Default)]
struct Script {
    answers: RefCell<VecDeque<Result<(u16, String), HttpError>>>,
    asked: RefCell<Vec<WebRequest>>,
    sleeps: Cell<u32>,
}

impl Web for Script {
    async fn exchange(&self, request: WebRequest) -> Result<WebResponse, HttpError> {
        self.asked.borrow_mut().push(request);
        let mut answers = self.answers.borrow_mut();
        // The last answer is repeated.
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let (status, body) = answer.unwrap()?;
        Ok(WebResponse { status, headers: Headers::default(), body })
    }
}

impl Timer for Script {
    async fn sleep(&self, _millis: u32) {
        self.sleeps.set(self.sleeps.get() + 1);
    }
}

impl Script {
    fn of(answers: impl IntoIterator<Item = (u16, Value)>) -> Self {
        let answers = answers.into_iter().map(|(status, body)| Ok((status, body.to_string())));
        Self { answers: RefCell::new(answers.collect()), ..Self::default() }
    }
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/crossmint.json")).unwrap()
}

fn crossmint() -> Crossmint {
    Crossmint::new(&vectors().api_key, Some(URL.to_owned())).unwrap()
}

fn kept() -> CrossmintWallet {
    let made = vectors().exchanges.pop_front().unwrap().answer.body;
    CrossmintWallet {
        locator: made["owner"].as_str().unwrap().to_owned(),
        address: made["address"].as_str().unwrap().parse().unwrap(),
    }
}

fn network() -> &'static Network {
    Network::by_v1_name("base-sepolia").unwrap()
}

#[test]
fn crossmint_is_asked_exactly_what_its_own_sdk_asks() {
    let Vectors { api_key, headers, typed_data, exchanges } = vectors();
    let script = Script::of(exchanges.iter().cloned().map(|e| (e.answer.status, e.answer.body)));
    let crossmint = crossmint();
    let wallet = block_on(crossmint.create_wallet(&script, "session-a")).unwrap();
    assert_eq!(wallet, kept());
    let balance = block_on(crossmint.balance(&script, &wallet, network())).unwrap();
    assert_eq!(balance, Usdc::from_cents(150));
    let sign = || block_on(crossmint.sign_typed_data(&script, &wallet, &typed_data));
    let (undeployed, deployed) = (sign().unwrap(), sign().unwrap());
    assert_eq!(sign(), Err(CrossmintError::Failed));
    assert_eq!(script.sleeps.get(), 6);

    let asked = script.asked.borrow();
    assert_eq!(asked.len(), exchanges.len());
    for (request, exchange) in asked.iter().zip(&exchanges) {
        let method = if request.method == WebMethod::Post { "POST" } else { "GET" };
        assert_eq!(method, exchange.method);
        assert_eq!(request.url, format!("{URL}{}", exchange.path));
        let body: Value = request.body.as_ref().map_or(Value::Null, |b| b.parse().unwrap());
        assert_eq!(body, exchange.body);
        let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.iter().all(|name| headers[0].split(',').any(|known| known == *name)));
        assert!(request.headers.contains(&("x-api-key".to_owned(), api_key.clone())));
    }

    // Both are what the wallet's owner signed of this very payment, in a wrapper and without.
    let owner = exchanges[0].answer.body["config"]["adminSigner"]["address"].as_str().unwrap();
    let given = Given::read(&undeployed).unwrap();
    assert_eq!(given.wrapper.unwrap().factory, FACTORY.parse::<Address>().unwrap());
    assert_eq!(given.signature, deployed);
    let signer = recover(payment(wallet.address), &deployed[1..]);
    assert_eq!(signer, Some(owner.parse().unwrap()));
}

/// The digest of the vectors' payment.
fn payment(from: Address) -> B256 {
    digest(
        network(),
        &Authorization {
            from,
            to: "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc".parse().unwrap(),
            value: U256::from(50_000),
            valid_after: U256::ZERO,
            valid_before: U256::from(1_795_262_700),
            nonce: B256::repeat_byte(7),
            via: Via::Token,
        },
    )
}

#[test]
fn a_signature_that_takes_its_time_is_waited_for_but_not_forever() {
    let pending = json!({"id": "sig-1", "status": "pending"});
    let done = json!({"id": "sig-1", "status": "success", "outputSignature": "0x1234"});
    let typed_data = vectors().typed_data;
    let sign =
        |script: &Script| block_on(crossmint().sign_typed_data(script, &kept(), &typed_data));

    let trouble = (503, json!("overloaded"));
    let script = Script::of([(201, pending.clone()), trouble, (429, json!({})), (200, done)]);
    assert_eq!(sign(&script), Ok(Bytes::from([0x12, 0x34])));

    let script = Script::of([(201, pending.clone())]);
    assert_eq!(sign(&script), Err(CrossmintError::Pending { id: "sig-1".to_owned() }));
    assert_eq!((script.asked.borrow().len(), script.sleeps.get()), (41, 40));
    let orders = script.asked.borrow().iter().filter(|r| r.method == WebMethod::Post).count();
    assert_eq!(orders, 1, "one signature is ordered once");

    for (second, expected) in [
        (
            json!({"id": "sig-2", "status": "success", "outputSignature": "0x12"}),
            CrossmintError::Malformed,
        ),
        (json!({"id": "sig-1", "status": "success"}), CrossmintError::Malformed),
        (
            json!({"id": "sig-1", "status": "success", "outputSignature": "0x"}),
            CrossmintError::Malformed,
        ),
        (json!({"id": "sig-1", "status": "awaiting-approval"}), CrossmintError::AwaitsApproval),
        (json!({"id": "sig-1", "status": "other"}), CrossmintError::Malformed),
    ] {
        let script = Script::of([(201, pending.clone()), (200, second.clone())]);
        assert_eq!(sign(&script), Err(expected), "{second}");
    }
    let script = Script::of([(201, json!({"id": "../../x", "status": "pending"}))]);
    assert_eq!(sign(&script), Err(CrossmintError::Malformed));
    assert_eq!(script.asked.borrow().len(), 1, "an id that is a path is not asked for");
}

#[test]
fn what_crossmint_refuses_is_told_without_the_key() {
    let refused =
        |status, message: &str| CrossmintError::Refused { status, message: message.into() };
    let long = "x".repeat(1_000);
    for ((status, body), expected) in [
        ((401, json!({"error": true, "message": "no"})), CrossmintError::Key),
        ((403, json!({})), CrossmintError::Key),
        ((429, json!({})), CrossmintError::Busy),
        ((500, json!("oops")), CrossmintError::Unavailable),
        (
            (400, json!({"error": true, "message": "owner\n unknown"})),
            refused(400, "owner unknown"),
        ),
        ((404, json!("<html>")), refused(404, "no reason given")),
        ((400, json!({"message": long})), refused(400, &"x".repeat(200))),
        ((302, json!({})), refused(302, "no reason given")),
        ((201, json!([])), CrossmintError::Malformed),
    ] {
        let script = Script::of([(status, body)]);
        let error = block_on(crossmint().create_wallet(&script, "session-a")).unwrap_err();
        assert_eq!(error, expected);
        assert!(!format!("{error} {error:?}").contains(&vectors().api_key));
    }
    let script = Script::default();
    script.answers.borrow_mut().push_back(Err(HttpError::Timeout));
    let error = block_on(crossmint().create_wallet(&script, "session-a")).unwrap_err();
    assert_eq!(error, CrossmintError::Unavailable);
}

#[test]
fn a_wallet_of_another_owner_is_not_taken_for_ours() {
    let made = vectors().exchanges.pop_front().unwrap().answer.body;
    for (pointer, value) in [
        ("/owner", json!("userId:session-b")),
        ("/chainType", json!("solana")),
        ("/type", json!("mpc")),
        ("/config/adminSigner/type", json!("external-wallet")),
        ("/address", json!("0x12")),
    ] {
        let mut other = made.clone();
        *other.pointer_mut(pointer).unwrap() = value;
        let script = Script::of([(201, other)]);
        let error = block_on(crossmint().create_wallet(&script, "session-a")).unwrap_err();
        assert_eq!(error, CrossmintError::Malformed, "{pointer}");
    }
}

#[test]
fn nothing_is_asked_of_crossmint_that_it_must_not_sign() {
    let Vectors { typed_data, .. } = vectors();
    let with = |pointer: &str, value: Value| {
        let mut other = typed_data.clone();
        *other.pointer_mut(pointer).unwrap() = value;
        other
    };
    let staging = crossmint();
    let production = Crossmint::new("sk_production_a", Some(URL.to_owned())).unwrap();
    let script = Script::default();
    for (crossmint, typed_data) in [
        (&production, typed_data.clone()),
        (&staging, with("/domain/chainId", json!(8453))),
        (&staging, with("/domain/chainId", json!(1))),
        (&staging, with("/domain/chainId", Value::Null)),
        (&staging, with("/domain/name", json!(""))),
        (&staging, with("/domain/version", json!(2))),
        (&staging, with("/domain/verifyingContract", Value::Null)),
        (&staging, with("/types", json!([]))),
        (&staging, with("/message", json!("0x12"))),
        (&staging, with("/primaryType", Value::Null)),
        (&staging, json!({})),
    ] {
        let signed = block_on(crossmint.sign_typed_data(&script, &kept(), &typed_data));
        assert!(matches!(signed, Err(CrossmintError::TypedData { .. })), "{typed_data}");
    }
    for owner in ["", "a b", "a/b", "ada@example.org", "a:alias:b", &"a".repeat(129)] {
        let made = block_on(staging.create_wallet(&script, owner));
        assert_eq!(made, Err(CrossmintError::Owner), "{owner}");
    }
    assert!(script.asked.borrow().is_empty());
}

#[test]
fn dollars_of_another_contract_are_no_usdc() {
    let mut tokens = vectors().exchanges[1].answer.body.clone();
    let balance = |tokens: &Value| {
        let script = Script::of([(200, tokens.clone())]);
        block_on(crossmint().balance(&script, &kept(), network())).unwrap()
    };
    assert_eq!(balance(&tokens), Usdc::from_cents(150));
    tokens[1]["chains"]["base-sepolia"]["contractAddress"] = json!(FACTORY);
    assert_eq!(balance(&tokens), Usdc::ZERO);
    assert_eq!(balance(&json!([])), Usdc::ZERO);
}

/// A chain that answers each method with what a test says.
struct Chain(Vec<(&'static str, Value)>);

impl Http for Chain {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let asked: Value = request.body.unwrap().parse().unwrap();
        let answer = self.0.iter().find(|(method, _)| asked["method"] == *method);
        let Some((_, result)) = answer else { return Err(HttpError::Timeout) };
        let body = json!({"jsonrpc": "2.0", "id": asked["id"], "result": result}).to_string();
        Ok(HttpResponse { status: 200, body })
    }
}

fn rpc() -> Rpc {
    Rpc { url: "http://127.0.0.1:8545".to_owned() }
}

#[test]
fn a_smart_wallet_is_where_its_factory_says() {
    let keys = Keys::derive(&MasterKey::parse(&"1".repeat(64)).unwrap());
    let wallet = SmartWallet::derive(&keys, "session:a", FACTORY.parse().unwrap());
    let there = Address::repeat_byte(0x22);
    let word = format!("0x{:0>64}", hex::encode(there));
    let address =
        |answer: Value| block_on(wallet.address(&Chain(vec![("eth_call", answer)]), &rpc()));
    assert_eq!(address(json!(word)), Ok(there));
    for nothing in [json!("0x"), json!(format!("0x{}", "0".repeat(64))), json!("0x22")] {
        assert_eq!(address(nothing), Err(RpcError::Malformed));
    }
    assert_eq!(block_on(wallet.address(&Chain(vec![]), &rpc())), Err(RpcError::Unavailable));
    for (code, expected) in [("0x", false), ("0x6001", true)] {
        let chain = Chain(vec![("eth_getCode", json!(code))]);
        assert_eq!(block_on(wallet.is_deployed(&chain, &rpc(), there)), Ok(expected));
    }
}

#[test]
fn the_balance_is_that_of_usdc() {
    let balance = |answer: &str| {
        let chain = Chain(vec![("eth_call", json!(answer))]);
        block_on(usdc_balance(&chain, &rpc(), network(), Address::ZERO))
    };
    assert_eq!(balance(&format!("0x{:064x}", 50_000)), Ok(Usdc::from_cents(5)));
    assert_eq!(balance(&format!("0x{}", "f".repeat(64))), Ok(Usdc::MAX));
    assert_eq!(balance("0x"), Err(RpcError::Malformed));
}

#[test]
fn a_signature_from_the_browser_is_judged_before_it_is_used() {
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let signer = Address::from_private_key(&key);
    let digest = B256::repeat_byte(3);
    let signature = |key: &SigningKey, digest: B256| {
        let signed = key.sign_prehash_recoverable(digest.as_slice()).unwrap();
        alloy_primitives::Signature::from(signed).as_bytes().to_vec()
    };
    let factories = Factories::parse(&format!("{FACTORY}:0x12345678")).unwrap();
    let check = |chain: Chain, signature: &[u8]| {
        let hex = hex::encode_prefixed(signature);
        block_on(check(&chain, &rpc(), &factories, signer, digest, &hex))
    };
    let nobody = || Chain(vec![("eth_getCode", json!("0x"))]);
    let contract = |says: &str| {
        let word = format!("0x{says:0<64}");
        Chain(vec![("eth_getCode", json!("0x6001")), ("eth_call", json!(word))])
    };

    let good = signature(&key, digest);
    assert_eq!(check(Chain(vec![]), &good), Ok(Bytes::from(good.clone())), "no chain is needed");
    let mut hardware = good.clone();
    hardware[64] -= 27;
    assert_eq!(check(Chain(vec![]), &hardware), Ok(Bytes::from(good.clone())));

    let other = SigningKey::from_slice(&[8; 32]).unwrap();
    let made_by = Address::from_private_key(&other);
    let foreign = signature(&other, digest);
    let error = BadSignature::OtherAccount { wanted: signer, made_by };
    assert_eq!(check(nobody(), &foreign), Err(error));
    let elsewhere = check(nobody(), &signature(&key, B256::repeat_byte(4)));
    assert!(matches!(elsewhere, Err(BadSignature::OtherAccount { .. })));
    assert_eq!(check(contract("1626ba7e"), &foreign), Ok(Bytes::from(foreign.clone())));
    assert_eq!(check(contract("1626ba7e"), &[1; 66]), Ok(Bytes::from([1; 66])));
    assert_eq!(check(contract("ffffffff"), &[1; 66]), Err(BadSignature::NotAccepted(signer)));
    assert_eq!(check(nobody(), &[1; 66]), Err(BadSignature::NotAccepted(signer)));
    let down = Err(BadSignature::Unchecked(RpcError::Unavailable));
    assert_eq!(check(Chain(vec![]), &[1; 66]), down);

    let wrapper = Wrapper { factory: signer, call: Bytes::from([0x12, 0x34, 0x56, 0x78]) };
    let wrapped = wrap(&wrapper, &Bytes::from([1; 66]));
    assert_eq!(check(nobody(), &wrapped), Err(BadSignature::NotAccepted(signer)));
    let broken = [&[1; 32], &wrapped[wrapped.len() - 32..]].concat();
    assert_eq!(check(nobody(), &broken), Err(BadSignature::Wrapper));
    assert_eq!(check(nobody(), &[]), Err(BadSignature::NotASignature));
    assert_eq!(check(nobody(), &[1; 8193]), Err(BadSignature::NotASignature));
}
