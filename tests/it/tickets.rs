//! Everything that a wallet or a user has bought at any host: who may ask, and what they find.

mod kit;
mod mail;
mod pages;
mod states;

use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, parse};
use events_concierge::identity::UserId;
use events_concierge::ledger::holders;
use events_concierge::ports::Clock;
use events_concierge::tickets::Caller;
use serde_json::{Value, json};

use crate::support::{
    FACTORY, PROVIDED, Server, Wallet, block_on, config, config_with, json_of, offer, pay, rsvp,
};
use kit::{Gateway, buy, index, secret};

#[test]
fn what_was_bought_at_several_hosts_is_found_by_the_wallet_alone_and_shown_again_by_a_proof() {
    let one = Server::with_desk();
    let other = one.beside();
    let event = one.event(5);
    let seat = buy(&one, "rsvpToEvent", &rsvp(&event), 1, 1);
    let at = one.world.memory.now.get();
    one.world.memory.now.set(at + 10);
    let id = secret(&other);
    let value = buy(&other, "retrieveSecret", &json!({"secretId": id}), 1, 2);
    one.world.memory.now.set(at + 20);
    let asked = json!({"subject": "Late", "body": "It is late."});
    let ticket = buy(&one, "createTicket", &asked, 1, 3);
    one.pass(5);
    other.wake();
    let gateway = Gateway::of(vec![&one, &other]);
    let found = gateway.tickets(&Wallet::new(1));
    let kinds: Vec<&Value> = found.iter().map(|line| &line["kind"]).collect();
    assert_eq!(kinds, ["desk", "secret", "seat"], "the newest comes first");
    let [desk, sold, place] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&desk["item"], &desk["state"]), (&ticket["ticketId"], &json!("open")));
    assert_eq!(desk["title"], "Open a ticket: Late");
    assert_eq!((&sold["title"], &sold["state"]), (&json!("Key"), &json!("valid")));
    assert_eq!((&sold["ticketUrl"], &sold["paidUsd"]), (&Value::Null, &json!("0.10")));
    assert_eq!(sold["host"]["scope"], other.scope.as_str());
    let text = json!(found).to_string();
    assert!(!text.contains(value["secret"].as_str().unwrap()), "no value is in the list");
    assert_eq!(place["host"]["scope"], one.scope.as_str());
    assert_eq!((&place["title"], &place["item"]), (&json!("Rust meetup"), &json!(event)));
    assert_eq!(place["startsAt"], "2027-03-01T18:30:00Z");
    assert_eq!((&place["timeZone"], &place["place"]), (&json!("UTC"), &Value::Null));
    assert_eq!((&place["state"], &place["paidUsd"]), (&json!("valid"), &json!("0.05")));
    assert_eq!(place["ticketUrl"], seat["ticketUrl"]);
    assert_eq!(place["transaction"], seat["transactionHash"]);
    assert_eq!(
        (&place["network"], &place["boughtAt"]),
        (&json!("eip155:84532"), &json!("2026-11-21T12:00:00Z"))
    );
    for line in [sold, place] {
        read_again(if line == sold { &other } else { &one }, line);
    }
}

/// Sends what an entry says, with a proof and without a payment.
fn read_again(server: &Server, line: &Value) {
    let (url, arguments) = (line["again"]["url"].as_str().unwrap(), &line["again"]["arguments"]);
    let path = url.strip_prefix("http://localhost:8787").unwrap();
    let Ok(events_concierge::http::route::Route::Host(scope, AtHost::Tool(tool))) =
        parse("POST", path)
    else {
        panic!("{url}");
    };
    assert_eq!(scope, server.scope);
    let proof = Wallet::new(1).prove(&server.challenge(&tool, arguments));
    let reply = block_on(server.tool_with(&tool, arguments, &[("sign-in-with-x", &proof)]));
    assert_eq!(reply.status, 200, "{}", reply.body);
    let shown = json_of(&reply);
    assert!(shown.get("secret").is_some() || shown["ticketUrl"] == line["ticketUrl"], "{shown}");
}

#[test]
fn nobody_sees_what_another_wallet_has_bought() {
    let server = Server::open();
    let event = server.event(5);
    buy(&server, "rsvpToEvent", &rsvp(&event), 1, 1);
    server.pass(5);
    let gateway = Gateway::of(vec![&server]);
    let refused = gateway.offer();
    assert_eq!(refused["type"], "urn:events-concierge:problem:not_signed_in");
    assert!(refused["detail"].as_str().unwrap().contains("SIGN-IN-WITH-X"), "{refused}");
    assert_eq!(gateway.tickets(&Wallet::new(2)), Vec::<Value>::new());
    // A signature of another wallet under the name of the buyer.
    let stolen = {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        let proof = Wallet::new(2).prove(&gateway.offer());
        let mut proof: Value = serde_json::from_slice(&STANDARD.decode(proof).unwrap()).unwrap();
        proof["address"] = json!(Wallet::new(1).address.to_checksum(None));
        STANDARD.encode(proof.to_string())
    };
    let reply = gateway.get(Caller { proof: Some(&stolen), session: None }, None);
    assert_eq!(reply.status, 401, "{}", reply.body);
    // A session of somebody else, and a bad proof beside the buyer's own session.
    let buyer = Wallet::new(1).address.to_checksum(None);
    let session = gateway.session(&Wallet::new(2).address.to_checksum(None));
    assert_eq!(json_of(&gateway.as_user(&session))["tickets"], json!([]));
    let session = gateway.session(&buyer);
    let both = Caller { proof: Some("nonsense"), session: Some(session.clone()) };
    assert_eq!(gateway.get(both, None).status, 401);
    let own = json_of(&gateway.as_user(&session));
    assert_eq!(own["tickets"].as_array().unwrap().len(), 1, "{own}");
    assert_eq!(own["wallets"], json!([{"kind": "browser", "address": buyer}]));
}

#[test]
fn a_proof_counts_once_and_only_for_the_list() {
    let server = Server::open();
    let event = server.event(5);
    buy(&server, "rsvpToEvent", &rsvp(&event), 1, 1);
    server.pass(5);
    let gateway = Gateway::of(vec![&server]);
    let (wallet, with) = (Wallet::new(1), |proof: &str| {
        gateway.get(Caller { proof: Some(proof), session: None }, None)
    });
    let proof = wallet.prove(&gateway.offer());
    // A cursor that is none uses up no proof.
    let bad = gateway.get(Caller { proof: Some(&proof), session: None }, Some("nonsense"));
    assert_eq!(bad.status, 422, "{}", bad.body);
    assert_eq!(with(&proof).status, 200);
    let again = with(&proof);
    assert_eq!(again.status, 401);
    let problem = json_of(&again);
    assert_eq!(problem["type"], "urn:events-concierge:problem:nonce_used");
    assert_eq!(with(&wallet.prove(&problem)).status, 200, "the refusal says what to sign");
    // The message of one place is refused at the other.
    let challenge = server.challenge("rsvpToEvent", &rsvp(&event));
    assert_eq!(with(&wallet.prove(&challenge)).status, 401, "a proof for a server");
    let ours = wallet.prove(&gateway.offer());
    let header = [("sign-in-with-x", ours.as_str())];
    let reply = block_on(server.tool_with("rsvpToEvent", &rsvp(&event), &header));
    assert_eq!(reply.status, 401, "a proof for the list: {}", reply.body);
}

#[test]
fn a_session_that_was_ended_by_signing_out_shows_nothing() {
    let server = Server::open();
    let gateway = Gateway::of(vec![&server]);
    let session = gateway.session("ada@example.org");
    assert_eq!(gateway.as_user(&session).status, 200);
    let end = Action::EndSessions(session.signed_in_at);
    assert_eq!(block_on(gateway.user(&session.scope, end)).status, 204);
    let reply = gateway.as_user(&session);
    assert_eq!(reply.status, 401, "{}", reply.body);
}

/// Writes a purchase of a wallet that does not sign here, as if it had paid.
fn give(server: &Server, wallet: &str, network: &str) {
    let update = format!("UPDATE payments SET payer = '{wallet}', network = '{network}'");
    server.world.sqlite.execute(&update, []).unwrap();
    let update = format!("UPDATE rsvps SET payer = '{wallet}', network = '{network}'");
    server.world.sqlite.execute(&update, []).unwrap();
    let (config, now) = (config(), server.world.now());
    holders::list(&server.world, &config.keys, &server.scope, (wallet, network), now).unwrap();
    server.pass(5);
}

#[test]
fn a_user_by_mail_finds_what_the_wallets_have_bought_that_the_deployment_keeps() {
    let server = Server::open();
    let event = server.event(5);
    buy(&server, "rsvpToEvent", &rsvp(&event), 1, 1);
    give(&server, PROVIDED, "eip155:84532");
    let mut gateway = Gateway::of(vec![&server]);
    let session = gateway.session("ada@example.org");
    let page = json_of(&gateway.as_user(&session));
    assert_eq!((&page["tickets"], &page["wallets"]), (&json!([]), &json!([])));
    gateway.config = config_with(&[("SMART_WALLET_FACTORY", FACTORY)]);
    let page = json_of(&gateway.as_user(&session));
    assert_eq!(page["wallets"], json!([{"kind": "smart", "address": PROVIDED}]));
    assert_eq!(page["tickets"][0]["title"], "Rust meetup");
    // The chain gives no answer: the wallet is named, and what is known is shown.
    server.world.memory.chain.is_down.set(true);
    let page = json_of(&gateway.as_user(&session));
    assert_eq!((&page["tickets"], &page["walletsUnavailable"]), (&json!([]), &json!(["smart"])));
    // At Crossmint a wallet is looked for, and never created.
    gateway.config = config_with(&[("CROSSMINT_API_KEY", "sk_staging_test")]);
    let page = json_of(&gateway.as_user(&session));
    assert_eq!((&page["tickets"], &page["walletsUnavailable"]), (&json!([]), &json!([])));
    let owner =
        events_concierge::wallets::owner_of_user(&UserId::parse("ada@example.org").unwrap());
    let owner = format!("userId:{}", events_concierge::wallets::opaque(&owner));
    *server.world.memory.crossmint_owner.borrow_mut() = Some(owner);
    let page = json_of(&gateway.as_user(&session));
    assert_eq!(page["wallets"], json!([{"kind": "crossmint", "address": PROVIDED}]));
    assert_eq!(page["tickets"].as_array().unwrap().len(), 1);
}

#[test]
fn a_contract_sees_what_was_bought_on_its_chain_and_asks_no_host_about_another() {
    let server = Server::open();
    let event = server.event(5);
    buy(&server, "rsvpToEvent", &rsvp(&event), 1, 1);
    let address = Wallet::new(9).address.to_checksum(None);
    give(&server, &address, "eip155:84532");
    let gateway = Gateway::of(vec![&server]);
    let on = |chain_id: u64| {
        let session = gateway.session(&format!("eip155:{chain_id}:{address}"));
        let page = json_of(&gateway.as_user(&session));
        page["tickets"].as_array().unwrap().len()
    };
    assert_eq!(on(8_453), 0);
    assert_eq!(gateway.asked.borrow().len(), 0, "not even the host's name is told");
    assert_eq!(on(84_532), 1);
    // A proof that only a chain can judge is charged for.
    gateway.is_limited.set(true);
    let mut info = gateway.offer();
    info["extensions"]["sign-in-with-x"]["info"]["requestId"] = json!("x");
    let proof = Wallet::new(9).prove(&info);
    let reply = gateway.get(Caller { proof: Some(&proof), session: None }, None);
    assert_eq!(reply.status, 429, "{}", reply.body);
}

#[test]
fn the_index_names_no_wallet_and_no_ticket_and_is_not_filled_without_paying() {
    use crate::support::Settles;
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(3).pay(&offer(&server, &event), 3);
    server.world.memory.settles.borrow_mut().push_back(Settles::Refuses("insufficient_funds"));
    assert_ne!(pay(&server, &event, &payment).0, 200);
    let payment = Wallet::new(4).pay(&offer(&server, &event), 4);
    server.world.memory.settles.borrow_mut().extend((0..9).map(|_| Settles::Hangs));
    assert_ne!(pay(&server, &event, &payment).0, 200);
    server.pass(5);
    assert_eq!(index(&server), Vec::<String>::new());
    server.world.memory.settles.borrow_mut().clear();
    let bought = buy(&server, "rsvpToEvent", &rsvp(&event), 1, 1);
    buy(&server, "getEventAnalytics", &rsvp(&event), 1, 2);
    server.pass(20);
    let prefix = holders::prefix(&config().keys, Wallet::new(1).address);
    let keys: Vec<String> =
        index(&server).into_iter().filter(|key| key.starts_with(&prefix)).collect();
    assert_eq!(keys, [format!("{prefix}{}:84532", server.scope)], "one for wallet and host");
    let digits = Wallet::new(1).address.to_string().to_lowercase()[2..].to_owned();
    let code = bought["rsvp"]["code"].as_str().unwrap();
    for key in &keys {
        let value = &server.world.memory.kv.borrow()[key];
        assert!(!key.contains(&digits) && !key.contains(code), "{key}");
        assert_eq!(value, "{}");
    }
    let writes = server.world.memory.kv_writes.borrow();
    assert_eq!(writes.iter().filter(|(_, key)| *key == keys[0]).count(), 1, "written once");
}
