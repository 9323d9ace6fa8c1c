//! The second rail: what is paid by MPP has one price, one ledger and one claim with what is paid by x402.

use alloy_primitives::{B256, U256, keccak256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events_concierge::base::http::Reply;
use events_concierge::chain::eip3009::{Authorization, Via, digest};
use events_concierge::chain::networks::Network;
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::ledger::audit::audit;
use serde_json::{Value, json};

use crate::support::{
    BOTH, Server, Wallet, block_on, header, join_all, json_of, modern, modern_headers, offer, pay,
    rpc, rsvp,
};

const TOOL: &str = "rsvpToEvent";

fn decoded(base64: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(base64).unwrap()).unwrap()
}

/// The parameters of the challenge in `WWW-Authenticate`.
fn challenge_of(reply: &Reply) -> Value {
    let text = header(reply, "www-authenticate").unwrap().strip_prefix("Payment ").unwrap();
    let pairs = text.split("\", ").map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), json!(value.trim_matches('"')))
    });
    Value::Object(pairs.collect())
}

fn demand(server: &Server, event: &str) -> Value {
    let reply = block_on(server.tool(TOOL, &rsvp(event), None));
    assert_eq!(reply.status, 402, "{}", reply.body);
    challenge_of(&reply)
}

/// How the nonce follows from a challenge.
#[derive(Clone, Copy)]
enum Recipe {
    /// Of the specification and mppx.
    Joined,
    /// Of pympp.
    Array,
}

/// What a client signs for a challenge, with something changed before.
fn credential_with(
    wallet: u8,
    challenge: &Value,
    recipe: Recipe,
    change: impl FnOnce(&mut Authorization),
) -> Value {
    let text = |name: &str| challenge[name].as_str().unwrap().to_owned();
    let request = &challenge["request"];
    let request = request.as_str().map_or_else(|| request.clone(), decoded);
    let network = Network::by_caip2("eip155:84532").unwrap();
    let wallet = Wallet::new(wallet);
    let seed = match recipe {
        Recipe::Joined => text("id") + &text("realm"),
        Recipe::Array => json!([challenge["id"], challenge["realm"]]).to_string(),
    };
    let end: jiff::Timestamp = text("expires").parse().unwrap();
    let mut authorization = Authorization {
        from: wallet.address,
        to: request["recipient"].as_str().unwrap().parse().unwrap(),
        value: request["amount"].as_str().unwrap().parse().unwrap(),
        valid_after: U256::ZERO,
        valid_before: U256::from(end.as_second()),
        nonce: keccak256(seed),
        via: Via::Token,
    };
    change(&mut authorization);
    json!({
        "challenge": challenge,
        "payload": {
            "type": "authorization",
            "from": authorization.from.to_string(),
            "to": authorization.to.to_string(),
            "value": authorization.value.to_string(),
            "validAfter": "0",
            "validBefore": authorization.valid_before.to_string(),
            "nonce": authorization.nonce.to_string(),
            "signature": wallet.sign(digest(network, &authorization)),
        },
        "source": format!("did:pkh:eip155:84532:{}", wallet.address.to_checksum(None)),
    })
}

fn credential(wallet: u8, challenge: &Value) -> Value {
    credential_with(wallet, challenge, Recipe::Joined, |_| {})
}

/// Calls with a credential, as the gateway passes it on.
async fn buy(server: &Server, event: &str, credential: &Value) -> Reply {
    let text = URL_SAFE_NO_PAD.encode(credential.to_string());
    let headers = [("payment-authorization", text.as_str())];
    server.tool_with(TOOL, &rsvp(event), &headers).await
}

fn books_are_clean(server: &Server) {
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

/// How often money has moved.
fn payments(server: &Server) -> usize {
    server.world.memory.settled.borrow().len()
}

#[test]
fn a_call_is_paid_by_mpp_over_http_with_either_recipe_of_the_nonce() {
    let server = Server::open();
    for (wallet, recipe) in [(1, Recipe::Joined), (2, Recipe::Array)] {
        let event = server.event(5);
        let challenge = demand(&server, &event);
        assert_eq!((&challenge["method"], &challenge["intent"]), (&json!("evm"), &json!("charge")));
        let request = decoded(challenge["request"].as_str().unwrap());
        assert_eq!(
            (&request["amount"], &request["methodDetails"]["chainId"]),
            (&json!("50000"), &json!(84532))
        );
        assert_eq!(request["methodDetails"]["credentialTypes"], json!(["authorization"]));
        let paid = credential_with(wallet, &challenge, recipe, |_| {});
        let reply = block_on(buy(&server, &event, &paid));
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert!(json_of(&reply)["ticketUrl"].is_string());
        let receipt = decoded(header(&reply, "payment-receipt").unwrap());
        assert_eq!(receipt["challengeId"], challenge["id"]);
        assert_eq!((&receipt["status"], &receipt["chainId"]), (&json!("success"), &json!(84532)));
        assert_eq!(receipt["reference"], json_of(&reply)["transactionHash"]);
        assert_eq!(header(&reply, "cache-control"), Some("private"));
        assert_eq!(header(&reply, "payment-response"), None);
    }
    assert_eq!(payments(&server), 2);
    books_are_clean(&server);
}

#[test]
fn one_answer_asks_on_both_rails() {
    let server = Server::open();
    let event = server.event(5);
    let reply = block_on(server.tool(TOOL, &rsvp(&event), None));
    assert_eq!(header(&reply, "content-type"), Some("application/problem+json"));
    let body = json_of(&reply);
    assert_eq!((&body["status"], &body["x402Version"]), (&json!(402), &json!(1)));
    assert_eq!(body["challengeId"], challenge_of(&reply)["id"]);
    assert_eq!(body["accepts"][0]["network"], "base-sepolia");
    assert!(header(&reply, "payment-required").is_some());
    // Each challenge is another one, so that two buyers never share a nonce.
    assert_ne!(challenge_of(&reply)["id"], demand(&server, &event)["id"]);
}

#[test]
fn over_mcp_the_challenge_and_the_receipt_stand_in_meta() {
    let server = Server::open();
    for (era, wallet) in [(0, 1), (1, 2)] {
        let event = server.event(5);
        let call = |meta: Option<&Value>| {
            let params = json!({"name": TOOL, "arguments": rsvp(&event)});
            let mut message = match era {
                0 => rpc("tools/call", &params),
                _ => modern("tools/call", params),
            };
            if let Some(credential) = meta {
                message["params"]["_meta"]["org.paymentauth/credential"] = credential.clone();
            }
            let headers: &[(&str, &str)] = match era {
                0 => &[BOTH],
                _ => &modern_headers(TOOL),
            };
            json_of(&server.mcp(false, headers, &message))["result"].clone()
        };
        let asked = call(None);
        let required = &asked["_meta"]["org.paymentauth/payment-required"];
        assert_eq!((&asked["isError"], &required["httpStatus"]), (&json!(true), &json!(402)));
        assert!(asked["_meta"]["x402/error"].is_object());
        let challenge = &required["challenges"][0];
        assert_eq!(challenge["request"]["amount"], "50000");
        let paid = credential(wallet, challenge);
        let done = call(Some(&paid));
        assert_eq!(done["structuredContent"]["success"], true, "{done}");
        let receipt = &done["_meta"]["org.paymentauth/receipt"];
        assert_eq!(
            (&receipt["challengeId"], &receipt["status"]),
            (&challenge["id"], &json!("success"))
        );
        // Once more: the same ticket, and no other payment.
        assert_eq!(
            call(Some(&paid))["structuredContent"]["ticketUrl"],
            done["structuredContent"]["ticketUrl"]
        );
    }
    assert_eq!(payments(&server), 2);
    books_are_clean(&server);
}

#[test]
fn a_credential_pays_once_also_when_it_comes_twice_at_the_same_time_or_much_later() {
    let server = Server::open();
    let event = server.event(5);
    let paid = credential(1, &demand(&server, &event));
    let both = join_all(vec![buy(&server, &event, &paid), buy(&server, &event, &paid)]);
    assert!(both.iter().any(|reply| reply.status == 200));
    assert!(both.iter().all(|reply| header(reply, "www-authenticate").is_none()));
    server.pass(86_400);
    let late = block_on(buy(&server, &event, &paid));
    assert_eq!(late.status, 200, "the challenge is long over, but it was paid: {}", late.body);
    assert!(header(&late, "payment-receipt").is_some());
    assert_eq!(payments(&server), 1);
    books_are_clean(&server);
}

#[test]
fn what_was_signed_for_mpp_and_shown_as_x402_is_the_same_payment() {
    let server = Server::open();
    let (event, other) = (server.event(5), server.event(5));
    let paid = credential(1, &demand(&server, &event));
    assert_eq!(block_on(buy(&server, &event, &paid)).status, 200);
    let mut payload = paid["payload"].clone();
    let signature = payload["signature"].take();
    let requirements = offer(&server, &other);
    let as_x402 = json!({"x402Version": 2, "accepted": requirements,
        "payload": {"signature": signature, "authorization": payload}});
    let (status, body) = pay(&server, &other, &as_x402);
    assert_eq!((status, &body["moneyMoved"]), (409, &json!("no")), "{body}");
    // For the same call it is known, and a reader of the chain could show the same: it takes a proof.
    let (status, body) = pay(&server, &event, &as_x402);
    assert_eq!(status, 401, "{body}");
    assert_eq!(payments(&server), 1);
    books_are_clean(&server);
}

#[test]
fn a_challenge_pays_for_its_call_at_its_host_only() {
    let server = Server::open();
    let beside = server.beside();
    let (event, other) = (server.event(5), server.event(5));
    let paid = credential(1, &demand(&server, &event));
    let reply = block_on(buy(&server, &other, &paid));
    assert_eq!(reply.status, 409, "{}", reply.body);
    assert!(header(&reply, "www-authenticate").is_none());
    // Another host with the same wallet has not made it.
    let theirs = beside.event(5);
    let reply = block_on(buy(&beside, &theirs, &paid));
    assert_eq!(reply.status, 402);
    assert!(
        json_of(&reply)["error"].as_str().unwrap().contains("invalid-challenge"),
        "{}",
        reply.body
    );
    assert_eq!(payments(&server), 0);
}

#[test]
fn after_a_good_credential_there_is_never_another_challenge() {
    let server = Server::open();
    let event = server.event(5);
    type Change = fn(&mut Authorization);
    let changes: [(&str, Change); 3] = [
        ("value", |it| it.value = U256::from(1)),
        ("recipient", |it| it.to = it.from),
        ("valid_before", |it| it.valid_before = U256::from(4_000_000_000_u64)),
    ];
    for (what, change) in changes {
        let bad = credential_with(1, &demand(&server, &event), Recipe::Joined, change);
        let reply = block_on(buy(&server, &event, &bad));
        assert_eq!(reply.status, 403, "{what}: {}", reply.body);
        assert!(header(&reply, "www-authenticate").is_none(), "{what}");
        assert!(header(&reply, "payment-required").is_none(), "{what}");
        let body = json_of(&reply);
        assert_eq!(body["moneyMoved"], "no");
        assert!(body["detail"].as_str().unwrap().contains(what), "{body}");
    }
    // A price that has changed in the meantime is the one that was named, as by x402.
    let paid = credential(1, &demand(&server, &event));
    let id = events_concierge::base::id::EventId::parse(&event).unwrap();
    let price = json!({"price": "0.07"});
    assert_eq!(server.as_owner(Action::Own(Own::UpdateEvent(id)), &price).status, 200);
    let reply = block_on(buy(&server, &event, &paid));
    assert_eq!(reply.status, 200, "{}", reply.body);
    let moved =
        server.world.memory.settled.borrow().values().map(|paid| paid.1).collect::<Vec<_>>();
    assert_eq!(moved, [50_000]);
    books_are_clean(&server);
}

#[test]
fn what_is_no_credential_of_ours_gets_a_fresh_challenge_and_moves_nothing() {
    let server = Server::open();
    let event = server.event(5);
    let good = credential(1, &demand(&server, &event));
    let with = |pointer: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        bad
    };
    let changed = |name: &str, value: &str| {
        let mut challenge = good["challenge"].clone();
        challenge[name] = json!(value);
        credential(1, &challenge)
    };
    for (bad, why) in [
        (json!({"x": 1}), "malformed-credential"),
        (with("/payload/type", json!("hash")), "method-unsupported"),
        (with("/challenge/method", json!("tempo")), "method-unsupported"),
        (with("/payload/nonce", json!(B256::repeat_byte(9).to_string())), "nonce"),
        (with("/payload/signature", json!("0x")), "signature"),
        (
            with(
                "/source",
                json!("did:pkh:eip155:84532:0x0000000000000000000000000000000000000001"),
            ),
            "source",
        ),
        (changed("id", "AAAA"), "invalid-challenge"),
        (changed("realm", "example.org"), "invalid-challenge"),
        (changed("expires", "2036-01-01T00:00:00Z"), "invalid-challenge"),
        (changed("digest", "sha-256=x"), "invalid-challenge"),
    ] {
        let reply = block_on(buy(&server, &event, &bad));
        assert_eq!(reply.status, 402, "{why}: {}", reply.body);
        let body = json_of(&reply);
        assert!(body["detail"].as_str().unwrap().contains(why), "{why}: {body}");
        assert_ne!(challenge_of(&reply)["id"], good["challenge"]["id"], "{why}");
    }
    // Over: what was signed has ended with the challenge.
    server.pass(200);
    let reply = block_on(buy(&server, &event, &good));
    assert_eq!(
        (reply.status, json_of(&reply)["detail"].as_str().unwrap().contains("payment-expired")),
        (402, true)
    );
    assert_eq!(payments(&server), 0);
    books_are_clean(&server);
}

#[test]
fn a_call_with_a_payment_of_each_rail_is_refused_before_either_is_looked_at() {
    let server = Server::open();
    let event = server.event(5);
    let credential = credential(1, &demand(&server, &event)).to_string();
    let payment = Wallet::new(2).pay(&offer(&server, &event), 1).to_string();
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let (one, other) = (encode(&credential), encode(&payment));
    let headers = [("payment-authorization", one.as_str()), ("payment-signature", other.as_str())];
    let reply = block_on(server.tool_with(TOOL, &rsvp(&event), &headers));
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert!(header(&reply, "www-authenticate").is_none());
    assert_eq!(payments(&server), 0);
}

#[test]
fn a_legacy_client_that_says_it_pays_by_mpp_is_asked_by_an_error_and_no_other_one_is() {
    let server = Server::open();
    let event = server.event(5);
    let params = json!({"name": TOOL, "arguments": rsvp(&event)});
    let says = [BOTH, ("accept-payment", "tempo/charge;q=0.5, evm/charge")];
    let error = json_of(&server.mcp(false, &says, &rpc("tools/call", &params)))["error"].clone();
    assert_eq!(error["code"], -32042);
    let data = &error["data"];
    assert_eq!((&data["httpStatus"], &data["x402"]["x402Version"]), (&json!(402), &json!(2)));
    let mut paid = params.clone();
    let credential = credential(1, &data["challenges"][0]);
    paid["_meta"]["org.paymentauth/credential"] = credential;
    let done = json_of(&server.mcp(false, &says, &rpc("tools/call", &paid)));
    assert_eq!(done["result"]["structuredContent"]["success"], true, "{done}");
    let silent = json_of(&server.mcp(false, &[BOTH], &rpc("tools/call", &params)));
    assert_eq!(silent["result"]["isError"], true);
    // 2026-07-28 gives the code to nobody.
    let modern_says = [&modern_headers(TOOL)[..], &says[1..]].concat();
    let asked = json_of(&server.mcp(false, &modern_says, &modern("tools/call", params)));
    assert_eq!(asked["result"]["isError"], true, "{asked}");
}
