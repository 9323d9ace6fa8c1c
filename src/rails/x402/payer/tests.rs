//! Challenges in every dialect, hostile ones, and payments that our own side reads.

mod answers;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::base::http::Headers;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::{Authorization, Via, digest};
use crate::chain::networks::Network;
use crate::mcp::client::ClientError;
use crate::ports::Random;
use crate::rails::challenge;
use crate::rails::quote::{PaidCall, Quote};
use crate::rails::received::receive;
use crate::rails::x402::wire::{Means, PaymentPayload, Version};

type Outcome = Result<Value, ClientError>;

const PAY_TO: &str = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
const HASH: &str = "0xabababababababababababababababababababababababababababababababab";
const NOW: UnixSeconds = UnixSeconds::new(1_795_262_400);

struct Sevens;

impl Random for Sevens {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

fn network(id: &str) -> &'static Network {
    Network::by_caip2(id).unwrap()
}

fn sepolia() -> &'static Network {
    network("eip155:84532")
}

fn v2() -> Value {
    json!({"scheme": "exact", "network": "eip155:84532", "amount": "50000",
        "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "payTo": PAY_TO,
        "maxTimeoutSeconds": 300, "extra": {"name": "USDC", "version": "2"}})
}

fn v1() -> Value {
    json!({"scheme": "exact", "network": "base-sepolia", "maxAmountRequired": "50000",
        "resource": "x402://t", "description": "", "mimeType": "application/json",
        "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "payTo": PAY_TO,
        "maxTimeoutSeconds": 60, "extra": {"name": "USDC", "version": "2"}})
}

fn required(version: u8, accepts: Value) -> Value {
    json!({"x402Version": version, "error": "payment required", "accepts": accepts,
        "resource": {"url": "mcp://tool/t"}})
}

fn error_result(structured: Option<Value>, meta: Option<Value>, text: &str) -> Value {
    let mut result = json!({"isError": true, "content": [{"type": "text", "text": text}]});
    if let Some(structured) = structured {
        result["structuredContent"] = structured;
    }
    if let Some(meta) = meta {
        result["_meta"] = json!({"x402/error": meta});
    }
    result
}

fn challenge(result: Value) -> Challenge {
    let answer = read_answer(&Outcome::Ok(result));
    let Answer::Challenge(challenge) = answer else { panic!("{answer:?}") };
    challenge
}

fn only_offer(result: Value) -> Offer {
    let mut challenge = challenge(result);
    assert_eq!((challenge.offers.len(), challenge.unusable.len()), (1, 0));
    challenge.offers.remove(0)
}

fn rpc(code: i64, data: Value) -> Result<Value, ClientError> {
    Err(ClientError::Rpc { code, message: "pay".to_owned(), data: Some(data), status: 200 })
}

#[test]
fn a_challenge_is_found_wherever_servers_put_it() {
    let whole = required(2, json!([v2()]));
    let old = required(1, json!([v1()]));
    for (result, version, dialect) in [
        (error_result(Some(whole.clone()), None, "x"), Version::V2, Dialect::Object),
        (error_result(Some(old.clone()), None, "x"), Version::V1, Dialect::Object),
        (error_result(None, None, &whole.to_string()), Version::V2, Dialect::Object),
        (error_result(None, None, &old.to_string()), Version::V1, Dialect::Object),
        (
            error_result(None, None, &format!("Error executing tool {{t}}: {whole} (see above)")),
            Version::V2,
            Dialect::Object,
        ),
        // Cloudflare: nothing is structured, and the text says the same.
        (error_result(None, Some(whole.clone()), &whole.to_string()), Version::V2, Dialect::Base64),
        (error_result(None, Some(old.clone()), "x"), Version::V1, Dialect::Base64),
        (error_result(Some(whole.clone()), Some(whole.clone()), "x"), Version::V2, Dialect::Object),
    ] {
        let offer = only_offer(result.clone());
        assert_eq!((offer.version, offer.dialect), (version, dialect), "{result}");
        assert_eq!(offer.amount, Usdc::from_cents(5));
        assert_eq!(offer.pay_to.to_string(), PAY_TO);
        assert_eq!(offer.network, sepolia());
    }
    for outcome in [
        rpc(402, whole.clone()),
        rpc(402, json!({"x402": old})),
        rpc(-32_042, whole.clone()),
        rpc(-32_042, json!({"x402": whole, "elicitations": []})),
    ] {
        let Answer::Challenge(found) = read_answer(&outcome) else { panic!("{outcome:?}") };
        assert_eq!(found.offers[0].dialect, Dialect::Object);
    }
}

#[test]
fn a_challenge_counts_only_where_the_server_says_that_the_call_failed() {
    let whole = required(2, json!([v2()]));
    let mut result = error_result(Some(whole.clone()), Some(whole.clone()), &whole.to_string());
    result["isError"] = json!(false);
    assert_eq!(read_answer(&Outcome::Ok(result.clone())), Answer::Done { settlement: None });
    result.as_object_mut().unwrap().remove("isError");
    assert_eq!(read_answer(&Outcome::Ok(result.clone())), Answer::Done { settlement: None });
    result["isError"] = json!("true");
    assert!(matches!(read_answer(&Outcome::Ok(result)), Answer::Challenge(_)));
    // Any other code is no challenge, whatever data it has.
    assert!(matches!(read_answer(&rpc(-32_603, whole)), Answer::Unknown { .. }));
}

#[test]
fn what_cannot_be_paid_is_named_and_never_offered() {
    let with = |pointer: &str, value: Value| {
        let mut choice = v2();
        match pointer.rsplit_once('/') {
            Some((parent, key)) => choice.pointer_mut(parent).unwrap()[key] = value,
            None => panic!("{pointer}"),
        }
        choice
    };
    let mut without_extra = v2();
    without_extra.as_object_mut().unwrap().remove("extra");
    let mut mixed = v1();
    mixed["network"] = json!("eip155:84532");
    let mainnet_usdc = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
    for choice in [
        with("/scheme", json!("upto")),
        with("/scheme", json!(null)),
        with("/network", json!("eip155:1")),
        with("/network", json!("base-sepolia")),
        with("/network", json!("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp")),
        with("/network", json!("eip155:8453")),
        with("/asset", json!(mainnet_usdc)),
        with("/asset", json!("USDC")),
        with("/asset", json!(null)),
        with("/payTo", json!("0x0000000000000000000000000000000000000000")),
        with("/payTo", json!("vitalik.eth")),
        with("/amount", json!("-1")),
        with("/amount", json!("0x10")),
        with("/amount", json!("1e3")),
        with("/amount", json!("")),
        with("/amount", json!(50_000)),
        with("/amount", json!("9007199254740992")),
        with(
            "/amount",
            json!("115792089237316195423570985008687907853269984665640564039457584007"),
        ),
        with("/maxTimeoutSeconds", json!(0)),
        with("/maxTimeoutSeconds", json!(-5)),
        with("/maxTimeoutSeconds", json!("300")),
        with("/extra/name", json!("USD Coin")),
        with("/extra/version", json!("1")),
        with("/extra/assetTransferMethod", json!("permit2")),
        with("/extra/assetTransferMethod", json!(5)),
        with("/extra/primaryType", json!("Permit")),
        with("/extra/paymentFlow", json!("escrow")),
        with("/extra/paymentFlow", json!({})),
        with("/extra/padding", json!("x".repeat(9_000))),
        without_extra,
        mixed,
        json!("exact"),
        json!(null),
    ] {
        let found = challenge(error_result(Some(required(2, json!([choice]))), None, "x"));
        assert_eq!((found.offers.len(), found.unusable.len()), (0, 1), "{choice}");
        let refused = choose(&found, &[sepolia()]).unwrap_err();
        assert!(refused.to_string().len() < 300, "{refused}");
    }
    for choice in [
        with("/extra/assetTransferMethod", json!("eip3009")),
        with("/extra/primaryType", json!("TransferWithAuthorization")),
        with("/extra/paymentFlow", json!("upfront")),
        with("/payTo", json!(PAY_TO.to_lowercase())),
        with("/asset", json!("0x036cbd53842c5426634e7929541ec2318f3dcf7e")),
    ] {
        only_offer(error_result(Some(required(2, json!([choice]))), None, "x"));
    }
}

#[test]
fn the_preferred_network_counts_first_and_then_version_two() {
    let base = network("eip155:8453");
    let mut on_base = v1();
    on_base["network"] = json!("base");
    on_base["asset"] = json!(base.usdc);
    on_base["extra"]["name"] = json!("USD Coin");
    let mut upfront = v2();
    upfront["extra"]["paymentFlow"] = json!("upfront");
    let accepts = json!([v1(), upfront, v2(), on_base]);
    let found = challenge(error_result(None, Some(required(2, accepts)), "x"));
    assert_eq!(found.offers.len(), 4);
    let chosen = |networks: &[&'static Network]| {
        choose(&found, networks).map(|offer| (offer.version, offer.raw.clone()))
    };
    assert_eq!(chosen(&[sepolia(), base]), Ok((Version::V2, v2())));
    assert_eq!(chosen(&[base, sepolia()]).unwrap().0, Version::V1);
    let refused = choose(&found, &[network("eip155:137")]).unwrap_err().to_string();
    assert!(refused.contains("$0.05 on Base Sepolia, which is not in use here"), "{refused}");
    assert!(choose(&found, &[]).is_err());
}

#[test]
fn what_is_structured_counts_before_the_hybrid_list_and_that_if_nothing_else_can_be_paid() {
    let mut dear = v2();
    dear["amount"] = json!("60000");
    let hybrid = required(2, json!([dear, v1()]));
    let result = error_result(Some(required(2, json!([v2()]))), Some(hybrid.clone()), "x");
    assert_eq!(only_offer(result).raw, v2());
    let mut other = v2();
    other["scheme"] = json!("upto");
    let found = challenge(error_result(Some(required(2, json!([other]))), Some(hybrid), "x"));
    assert_eq!(found.offers.len(), 2);
    assert_eq!(found.offers[0].dialect, Dialect::Object);
}

#[test]
fn our_own_server_is_understood() {
    let quote = Quote {
        call: PaidCall::new("rsvpToEvent", json!({})),
        amount: Usdc::from_cents(5),
        pay_to: PAY_TO.parse().unwrap(),
        networks: vec![sepolia(), network("eip155:8453")],
        solana: None,
        upto: None,
        wanted: None,
        seats: None,
        resource_url: "https://events.example/x402/users/a/tools/rsvpToEvent".to_owned(),
        description: "A seat".to_owned(),
    };
    let made = challenge::Challenge::new(quote, "payment required".to_owned(), None);
    let (v2, meta) = made.for_tools();
    let both = &meta["x402/error"];
    let result = json!({"isError": true, "content": [{"type": "text", "text": v2.to_string()}],
        "structuredContent": v2, "_meta": {"x402/error": both}});
    let found = challenge(result.clone());
    assert_eq!((found.offers.len(), found.unusable.len()), (2, 0));
    let offer = choose(&found, &[sepolia()]).unwrap();
    assert_eq!((offer.version, offer.dialect), (Version::V2, Dialect::Object));
    assert!(offer.extensions.is_some() && offer.resource.is_some());
    let mut meta_only = result;
    meta_only.as_object_mut().unwrap().remove("structuredContent");
    let found = challenge(meta_only);
    assert_eq!((found.offers.len(), found.unusable.len()), (4, 0));
    let v1 = json!(made.v1());
    assert_eq!(challenge(error_result(Some(v1), None, "x")).offers.len(), 2);
}

#[test]
fn an_offer_survives_storage() {
    let offer = only_offer(error_result(None, Some(required(1, json!([v1()]))), "x"));
    let stored = serde_json::to_string(&offer).unwrap();
    assert_eq!(serde_json::from_str::<Offer>(&stored).unwrap(), offer);
}

fn offer(choice: Value) -> Offer {
    only_offer(error_result(Some(required(2, json!([choice]))), None, "x"))
}

#[test]
fn an_authorization_is_what_the_offer_says_and_short_lived() {
    let payer = Address::repeat_byte(1);
    let mut long = v2();
    long["maxTimeoutSeconds"] = json!(u64::MAX);
    for (choice, after, before) in [
        (v2(), 0, NOW.get() + 300),
        (long, 0, NOW.get() + 300),
        (v1(), NOW.get() - 600, NOW.get() + 60),
    ] {
        let authorization = authorize(&offer(choice), payer, NOW, &Sevens);
        let expected = Authorization {
            from: payer,
            to: PAY_TO.parse().unwrap(),
            value: U256::from(50_000),
            valid_after: U256::from(after),
            valid_before: U256::from(before),
            nonce: B256::repeat_byte(7),
            via: Via::Token,
        };
        assert_eq!(authorization, expected);
    }
}

/// EIP-712 from the JSON alone, as a wallet computes it.
fn digest_of(typed: &Value) -> B256 {
    let encode = |kind: &str, values: &Value| {
        let members = typed["types"][kind].as_array().unwrap();
        let list: Vec<String> = members
            .iter()
            .map(|it| format!("{} {}", it["type"].as_str().unwrap(), it["name"].as_str().unwrap()))
            .collect();
        let mut bytes = keccak256(format!("{kind}({})", list.join(","))).to_vec();
        for member in members {
            let value = &values[member["name"].as_str().unwrap()];
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            bytes.extend(match member["type"].as_str().unwrap() {
                "string" => keccak256(text).0,
                "uint256" => text.parse::<U256>().unwrap().to_be_bytes(),
                "address" => text.parse::<Address>().unwrap().into_word().0,
                _ => text.parse::<B256>().unwrap().0,
            });
        }
        keccak256(bytes)
    };
    let domain = encode("EIP712Domain", &typed["domain"]);
    let message = encode(typed["primaryType"].as_str().unwrap(), &typed["message"]);
    keccak256([&[0x19, 1], domain.as_slice(), message.as_slice()].concat())
}

#[test]
fn a_wallet_signs_the_digest_that_the_token_checks() {
    for choice in [v1(), v2()] {
        let offer = offer(choice);
        let authorization = authorize(&offer, Address::repeat_byte(1), NOW, &Sevens);
        let typed = typed_data(offer.network, &authorization);
        assert_eq!(digest_of(&typed), digest(sepolia(), &authorization));
        assert!(typed["domain"]["chainId"].is_u64());
    }
}

#[test]
fn a_payment_is_one_that_our_side_reads_and_repeats_what_was_offered() {
    let signature = Bytes::from(vec![0x11; 65]);
    let mut whole = required(2, json!([v2()]));
    whole["extensions"] = json!({
        "payment-identifier": {"info": {"required": false}, "schema": {}},
        "bazaar": {"info": {"x": 1}},
    });
    let mut offer = only_offer(error_result(Some(whole.clone()), None, "x"));
    let authorization = authorize(&offer, Address::repeat_byte(1), NOW, &Sevens);
    let payment = payload(&offer, &authorization, &signature);
    let expected = json!({"x402Version": 2, "accepted": v2(), "resource": whole["resource"],
        "extensions": whole["extensions"], "payload": payment["payload"]});
    assert_eq!(payment, expected);
    let read = PaymentPayload::read(payment.clone()).unwrap();
    let Means::Evm { authorization: signed, signature: by, .. } = read.means else {
        panic!("it is an authorization")
    };
    assert_eq!((signed, by), (authorization.clone(), signature.clone()));
    assert_eq!(read.identifier, None);
    assert_eq!(for_meta(&offer, &payment), payment);

    offer.extensions.as_mut().unwrap()["payment-identifier"]["info"]["required"] = json!(true);
    let read = PaymentPayload::read(payload(&offer, &authorization, &signature)).unwrap();
    let id = read.identifier.unwrap();
    assert_eq!(id.as_str(), format!("pay_{}", "07".repeat(32)));

    let old = only_offer(error_result(None, Some(required(1, json!([v1()]))), "x"));
    let payment = payload(&old, &authorization, &signature);
    let read = PaymentPayload::read(payment.clone()).unwrap();
    assert_eq!((read.version, read.network.as_str()), (Version::V1, "base-sepolia"));
    assert_eq!(payment.as_object().unwrap().len(), 4);
}

#[test]
fn a_base64_payment_is_plain_ascii_all_the_way() {
    let mut whole = required(2, json!([v2()]));
    whole["resource"]["description"] = json!("café 🎉 \\u");
    let offer = only_offer(error_result(None, Some(whole), "x"));
    let authorization = authorize(&offer, Address::repeat_byte(1), NOW, &Sevens);
    let payment = payload(&offer, &authorization, &Bytes::from(vec![1; 65]));
    let text = for_meta(&offer, &payment);
    let decoded = STANDARD.decode(text.as_str().unwrap()).unwrap();
    assert!(decoded.is_ascii());
    assert_eq!(serde_json::from_slice::<Value>(&decoded).unwrap(), payment);
    let meta = json!({"x402/payment": text});
    let received = receive(meta.as_object(), &Headers::default()).unwrap().unwrap();
    assert_eq!(received.payment, payment);
}
