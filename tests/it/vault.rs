//! The vault: who gets to see a value, and that nobody else does, wherever they look.

use events_concierge::base::http::Reply;
use events_concierge::base::id::SecretId;
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::ledger::audit::audit;
use events_concierge::products::vault::seal::current_prefix;
use serde_json::{Value, json};

use crate::support::{NOW, Server, Settles, Sqlite, Wallet, as_v1, block_on, config, json_of};

const VALUE: &str = "sk-live-5f2e9c0b1a";
const OTHER: &str = "sk-live-77aa00ff34";

fn store(server: &Server, changes: Value) -> String {
    let mut secret = json!({"name": "API key", "value": VALUE, "description": "For the weather"});
    secret.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let reply = server.as_owner(Action::Own(Own::StoreSecret), &secret);
    assert_eq!(reply.status, 201, "{}", reply.body);
    json_of(&reply)["id"].as_str().unwrap().to_owned()
}

fn id_of(secret: &str) -> SecretId {
    SecretId::parse(secret).unwrap()
}

fn change(server: &Server, secret: &str, changes: Value) -> Reply {
    server.as_owner(Action::Own(Own::ChangeSecret(id_of(secret))), &changes)
}

fn named(secret: &str) -> Value {
    json!({"secretId": secret})
}

fn retrieve(server: &Server, secret: &str, payment: Option<&Value>) -> Reply {
    block_on(server.tool("retrieveSecret", &named(secret), payment))
}

/// Buys a secret; the payment and the answer.
fn buy(server: &Server, secret: &str, seed: u8) -> (Value, Value) {
    let offer = server.challenge("retrieveSecret", &named(secret));
    let payment = Wallet::new(seed).pay(&offer["accepts"][0], seed);
    let reply = retrieve(server, secret, Some(&payment));
    assert_eq!(reply.status, 200, "{}", reply.body);
    (payment, json_of(&reply))
}

fn prove(server: &Server, secret: &str, seed: u8) -> Reply {
    // What cannot be bought any more offers to sign in, too.
    let reply = retrieve(server, secret, None);
    let offer = match reply.status {
        402 => server.challenge("retrieveSecret", &named(secret)),
        _ => json_of(&reply),
    };
    with_proof(server, secret, &Wallet::new(seed).prove(&offer))
}

fn with_proof(server: &Server, secret: &str, header: &str) -> Reply {
    block_on(server.tool_with("retrieveSecret", &named(secret), &[("sign-in-with-x", header)]))
}

fn is(reply: &Reply, status: u16, code: &str) {
    let body = json_of(reply);
    assert_eq!((reply.status, body["title"].as_str().unwrap()), (status, code), "{}", reply.body);
}

#[test]
fn a_value_is_read_by_who_has_paid_and_stands_nowhere_in_clear() {
    let server = Server::open();
    let secret = store(&server, json!({"price": "0.10"}));
    let listed = json_of(&block_on(server.tool("listSecrets", &json!({}), None)));
    let one = &listed["secrets"][0];
    assert_eq!((&one["id"], &one["price"]), (&json!(secret), &json!("0.10")));
    assert_eq!(one["retrievalCount"], 0);
    let (_, answer) = buy(&server, &secret, 1);
    assert_eq!((&answer["secret"], &answer["retrievalCount"]), (&json!(VALUE), &json!(1)));
    assert!(answer["transactionHash"].is_string() && answer["description"] == "For the weather");
    server.pass(120);
    let stored = server.everything();
    let sealed = current_prefix(&config().keys);
    assert!(stored.contains("For the weather") && stored.contains(&sealed), "{stored}");
    for hidden in [VALUE, "c2stbGl2ZS01ZjJlOWMwYjFh", "736b2d6c697665"] {
        assert!(!stored.contains(hidden), "{hidden} in {stored}");
    }
    for own in [Own::Secrets, Own::Retrievals(id_of(&secret)), Own::Revenue] {
        assert!(!server.as_owner(Action::Own(own), &json!({})).body.contains(VALUE));
    }
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn the_same_payment_reads_again_only_with_what_the_chain_never_sees() {
    let server = Server::open();
    let secret = store(&server, json!({}));
    let (payment, first) = buy(&server, &secret, 1);
    assert_eq!(payment["accepted"]["extra"]["receiptKey"].as_str().unwrap().len(), 32);
    let again = json_of(&retrieve(&server, &secret, Some(&payment)));
    assert_eq!((&again["secret"], &again["retrievalCount"]), (&json!(VALUE), &json!(1)));
    assert_eq!(again["transactionHash"], first["transactionHash"]);
    // A reader of the chain knows the authorization, its signature and our offer, but not the key.
    let mut without = payment.clone();
    without["accepted"]["extra"].as_object_mut().unwrap().remove("receiptKey");
    let mut other = payment.clone();
    other["accepted"]["extra"]["receiptKey"] = json!("0".repeat(32));
    let mut named = without.clone();
    named["extensions"] = json!({"payment-identifier": {"info": {"id": "guessed-0123456789"}}});
    let mut appended = payment.clone();
    appended["extensions"] = json!({});
    for copy in [&without, &other, &as_v1(&payment), &appended] {
        let reply = retrieve(&server, &secret, Some(copy));
        is(&reply, 401, "proof needed");
        assert!(!reply.body.contains(VALUE) && reply.body.contains("\"moneyMoved\":\"yes\""));
    }
    let reply = retrieve(&server, &secret, Some(&named));
    assert!(reply.status == 409 && !reply.body.contains(VALUE), "{}", reply.body);
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'settled'"), 1);
}

#[test]
fn a_payment_of_version_1_is_answered_once_and_afterwards_needs_a_proof() {
    let server = Server::open();
    let secret = store(&server, json!({}));
    let offer = server.challenge("retrieveSecret", &named(&secret));
    let payment = as_v1(&Wallet::new(1).pay(&offer["accepts"][0], 1));
    assert_eq!(json_of(&retrieve(&server, &secret, Some(&payment)))["secret"], VALUE);
    is(&retrieve(&server, &secret, Some(&payment)), 401, "proof needed");
    assert_eq!(json_of(&prove(&server, &secret, 1))["secret"], VALUE);
}

#[test]
fn a_payment_with_an_id_of_its_own_reads_again_in_version_1() {
    let server = Server::open();
    let secret = store(&server, json!({}));
    let offer = server.challenge("retrieveSecret", &named(&secret));
    let mut payment = as_v1(&Wallet::new(1).pay(&offer["accepts"][0], 1));
    payment["extensions"] =
        json!({"payment-identifier": {"info": {"required": false, "id": "pay_0123456789abcdef"}}});
    for _ in 0..2 {
        assert_eq!(json_of(&retrieve(&server, &secret, Some(&payment)))["secret"], VALUE);
    }
}

#[test]
fn a_wallet_that_has_bought_signs_in_and_reads_again_once_for_each_signature() {
    let server = Server::open();
    let secret = store(&server, json!({}));
    buy(&server, &secret, 1);
    let header = Wallet::new(1).prove(&server.challenge("retrieveSecret", &named(&secret)));
    let reply = with_proof(&server, &secret, &header);
    assert_eq!((reply.status, &json_of(&reply)["secret"]), (200, &json!(VALUE)));
    let reply = with_proof(&server, &secret, &header);
    is(&reply, 401, "nonce used");
    assert!(!reply.body.contains(VALUE));
    let log = json_of(&server.as_owner(Action::Own(Own::Retrievals(id_of(&secret))), &json!({})));
    let how = |line: usize| log["retrievals"][line]["how"].clone();
    assert_eq!((how(0), how(1)), (json!("signature"), json!("paid")));
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'settled'"), 1);
}

#[test]
fn a_proof_of_another_wallet_server_or_time_reads_nothing() {
    let server = Server::open();
    let secret = store(&server, json!({}));
    buy(&server, &secret, 1);
    // Proven, but has bought nothing: asked to pay.
    let stranger = prove(&server, &secret, 2);
    assert_eq!(stranger.status, 402, "{}", stranger.body);
    // A challenge of another server.
    let neighbour = server.beside();
    let elsewhere = store(&neighbour, json!({}));
    let challenge = neighbour.challenge("retrieveSecret", &named(&elsewhere));
    is(&with_proof(&server, &secret, &Wallet::new(1).prove(&challenge)), 401, "proof refused");
    // Another wallet's name under a signature.
    let mut lie = server.challenge("retrieveSecret", &named(&secret));
    lie["extensions"]["sign-in-with-x"]["info"]["statement"] = json!("something else");
    let honest = server.challenge("retrieveSecret", &named(&secret));
    let late = Wallet::new(1).prove(&honest);
    server.world.memory.now.set(NOW + 301);
    is(&with_proof(&server, &secret, &late), 401, "proof refused");
    for header in ["", "%%%", "e30="] {
        is(&with_proof(&server, &secret, header), 401, "proof refused");
    }
}

#[test]
fn a_value_that_was_replaced_has_to_be_bought_again() {
    let server = Server::open();
    let secret = store(&server, json!({}));
    let (payment, _) = buy(&server, &secret, 1);
    let reply = change(&server, &secret, json!({"value": OTHER, "price": "0.20"}));
    assert_eq!((reply.status, &json_of(&reply)["version"]), (200, &json!(2)), "{}", reply.body);
    server.pass(86_400);
    is(&retrieve(&server, &secret, Some(&payment)), 409, "secret replaced");
    is(&prove(&server, &secret, 1), 409, "secret replaced");
    let (_, answer) = buy(&server, &secret, 2);
    assert_eq!((&answer["secret"], &answer["retrievalCount"]), (&json!(OTHER), &json!(2)));
    // The old one is gone from everywhere, also sealed.
    assert_eq!(kept(&server), 0);
}

#[test]
fn a_sealed_value_that_is_moved_to_another_secret_or_version_does_not_open() {
    let server = Server::open();
    let one = store(&server, json!({}));
    let other = store(&server, json!({"value": OTHER}));
    let (payment, _) = buy(&server, &other, 1);
    let steal = format!(
        "UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE id = '{one}') WHERE id = '{other}'"
    );
    server.sql(&steal);
    let reply = retrieve(&server, &other, Some(&payment));
    assert_eq!(reply.status, 500, "{}", reply.body);
    assert!(!reply.body.contains(VALUE) && !reply.body.contains(OTHER));
    let (payment, _) = buy(&server, &one, 2);
    server.sql(&format!("UPDATE secrets SET version = 2 WHERE id = '{one}'"));
    server.sql("UPDATE retrievals SET version = 2");
    assert_eq!(retrieve(&server, &one, Some(&payment)).status, 500);
}

#[test]
fn a_value_that_does_not_open_is_not_sold() {
    let server = Server::open();
    let secret = store(&server, json!({}));
    let offer = server.challenge("retrieveSecret", &named(&secret));
    let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
    // As with a master key that is not set any more.
    server.sql("UPDATE secrets SET sealed = replace(sealed, 'v1.', 'v1.9')");
    for payment in [None, Some(&payment)] {
        let reply = retrieve(&server, &secret, payment);
        assert_eq!(
            (reply.status, &json_of(&reply)["moneyMoved"]),
            (500, &json!("no")),
            "{}",
            reply.body
        );
    }
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0);
    assert_eq!(server.world.memory.settled.borrow().len(), 0);
}

#[test]
fn an_expired_secret_is_not_sold_nor_read_and_its_value_is_destroyed() {
    let server = Server::open();
    let secret = store(&server, json!({"expiresAt": "2026-11-21T13:00:00Z"}));
    let (payment, _) = buy(&server, &secret, 1);
    server.pass(3_599);
    let key = format!(":secrets:{secret}");
    let published = || server.world.memory.kv.borrow().keys().any(|name| name.ends_with(&key));
    assert!(published());
    server.pass(60);
    is(&retrieve(&server, &secret, None), 409, "secret expired");
    assert_eq!(server.int("SELECT count(*) FROM secrets WHERE sealed IS NOT NULL"), 0);
    assert!(!published());
    // Who read it first today may have lost the answer.
    assert_eq!(json_of(&retrieve(&server, &secret, Some(&payment)))["secret"], VALUE);
    server.pass(86_400);
    is(&retrieve(&server, &secret, Some(&payment)), 409, "secret expired");
    assert_eq!(kept(&server), 0);
    let list = json_of(&block_on(server.tool("listSecrets", &json!({}), None)));
    assert_eq!(list["secrets"], json!([]));
    // Its host may offer it again, with a new value.
    let end = json!({"expiresAt": null});
    assert_eq!(change(&server, &secret, end).status, 422);
    let renewed = json!({"expiresAt": null, "value": OTHER});
    assert_eq!(change(&server, &secret, renewed).status, 200);
    let offer = server.challenge("retrieveSecret", &named(&secret));
    let payment = Wallet::new(2).pay(&offer["accepts"][0], 2);
    assert_eq!(json_of(&retrieve(&server, &secret, Some(&payment)))["secret"], OTHER);
}

/// How a value goes off sale.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ends {
    Withdrawn,
    Expired,
    Replaced,
}

/// When it does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    /// The money has moved, and nobody here knows.
    Unknown,
    /// The sale is booked, and its buyer has not come yet.
    Delivered,
    /// The first answer is lost on its way.
    Answered,
}

const ENDS: [Ends; 3] = [Ends::Withdrawn, Ends::Expired, Ends::Replaced];
const WHENS: [When; 3] = [When::Unknown, When::Delivered, When::Answered];

fn kept(server: &Server) -> i64 {
    server.int("SELECT count(*) FROM kept_values")
}

/// Takes the value off sale; what the host is told.
fn end(server: &Server, secret: &str, how: Ends) -> Value {
    match how {
        Ends::Withdrawn => {
            let reply = server.as_owner(Action::Own(Own::RevokeSecret(id_of(secret))), &json!({}));
            json_of(&reply)
        }
        Ends::Replaced => {
            json_of(&change(server, secret, json!({"value": OTHER, "price": "0.20"})))
        }
        Ends::Expired => {
            let now = &server.world.memory.now;
            let soon = jiff::Timestamp::from_second(now.get() + 1).unwrap().to_string();
            assert_eq!(change(server, secret, json!({"expiresAt": soon})).status, 200);
            now.set(now.get() + 1);
            Value::Null
        }
    }
}

/// Pays for a secret; the value goes off sale at that moment.
fn pay_and_end(server: &Server, secret: &str, how: Ends, when: When) -> Value {
    let offer = server.challenge("retrieveSecret", &named(secret));
    let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
    if when == When::Answered {
        assert_eq!(json_of(&retrieve(server, secret, Some(&payment)))["secret"], VALUE);
    } else {
        server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
        is(&retrieve(server, secret, Some(&payment)), 409, "settlement pending");
    }
    if when == When::Delivered {
        server.pass(120);
        assert_eq!(server.int("SELECT count(*) FROM retrievals WHERE how = 'paid'"), 1);
    }
    end(server, secret, how);
    if when == When::Unknown {
        server.pass(120);
    }
    payment
}

/// What a wallet and a thief with a copy off the chain get to see of a value that they have not bought.
fn strangers_get_nothing(server: &Server, secret: &str, payment: &Value) {
    let mut copy = payment.clone();
    copy["accepted"]["extra"].as_object_mut().unwrap().remove("receiptKey");
    for reply in [
        retrieve(server, secret, None),
        retrieve(server, secret, Some(&copy)),
        retrieve(server, secret, Some(&as_v1(payment))),
        prove(server, secret, 2),
    ] {
        assert!(reply.status != 200 && !reply.body.contains(VALUE), "{}", reply.body);
    }
}

#[test]
fn a_secret_that_was_paid_for_is_handed_over_though_it_went_off_sale() {
    for (how, when) in ENDS.into_iter().flat_map(|how| WHENS.map(|when| (how, when))) {
        for signs_in in [false, true] {
            let case = format!("{how:?} {when:?} {signs_in}");
            let server = Server::open();
            let secret = store(&server, json!({}));
            let payment = pay_and_end(&server, &secret, how, when);
            strangers_get_nothing(&server, &secret, &payment);
            // A month is not too late, unless there was an answer before.
            if when != When::Answered {
                server.pass(30 * 86_400);
            }
            for _ in 0..2 {
                let reply = match signs_in {
                    true => prove(&server, &secret, 1),
                    false => retrieve(&server, &secret, Some(&payment)),
                };
                let answer = json_of(&reply);
                let got = (reply.status, &answer["secret"], &answer["version"]);
                assert_eq!(got, (200, &json!(VALUE), &json!(1)), "{case} {}", reply.body);
                strangers_get_nothing(&server, &secret, &payment);
            }
            let sold = "SELECT version || ' ' || paid || ' ' || (handed_over_at IS NULL) FROM \
                 retrievals WHERE how = 'paid'";
            assert_eq!(server.text(sold), "1 50000 0", "{case}");
            assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'settled'"), 1);
            // A day after the first answer nobody waits any more.
            server.pass(86_400);
            assert_eq!(kept(&server), 0, "{case}");
            let code = match how {
                Ends::Withdrawn => "secret revoked",
                Ends::Expired => "secret expired",
                Ends::Replaced => "secret replaced",
            };
            is(&retrieve(&server, &secret, Some(&payment)), 409, code);
            is(&prove(&server, &secret, 1), 409, code);
            assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
        }
    }
}

#[test]
fn a_value_is_destroyed_at_once_when_nobody_waits_for_it() {
    for how in ENDS {
        let server = Server::open();
        let secret = store(&server, json!({}));
        end(&server, &secret, how);
        server.pass(10);
        assert_eq!(kept(&server), 0, "{how:?}");
        // A payment that comes to nothing keeps it only until that is known.
        let other = store(&server, json!({}));
        let offer = server.challenge("retrieveSecret", &named(&other));
        let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
        server.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
        is(&retrieve(&server, &other, Some(&payment)), 409, "settlement pending");
        end(&server, &other, how);
        server.pass(10);
        assert_eq!(kept(&server), 1, "{how:?}");
        server.pass(400);
        assert_eq!(kept(&server), 0, "{how:?}");
        assert_eq!(server.int("SELECT count(*) FROM retrievals"), 0);
        let sealed =
            format!("SELECT count(*) FROM secrets WHERE id = '{other}' AND sealed IS NOT NULL");
        assert_eq!(server.int(&sealed), i64::from(how == Ends::Replaced), "{how:?}");
    }
}

#[test]
fn a_buyer_gets_the_version_that_was_on_sale_when_it_paid_and_pays_for_the_next() {
    let server = Server::open();
    let secret = store(&server, json!({}));
    let first = pay_and_end(&server, &secret, Ends::Replaced, When::Unknown);
    // The same wallet buys the new one before it has read the old one.
    let offer = server.challenge("retrieveSecret", &named(&secret));
    let second = Wallet::new(1).pay(&offer["accepts"][0], 2);
    let answer = json_of(&retrieve(&server, &secret, Some(&second)));
    assert_eq!((&answer["secret"], &answer["version"]), (&json!(OTHER), &json!(2)));
    // Signed in, it gets what it has not read yet.
    assert_eq!(json_of(&prove(&server, &secret, 1))["secret"], VALUE);
    assert_eq!(json_of(&prove(&server, &secret, 1))["secret"], OTHER);
    assert_eq!(json_of(&retrieve(&server, &secret, Some(&first)))["secret"], VALUE);
    let sold = "SELECT group_concat(version || ' ' || paid) FROM retrievals WHERE how = 'paid'";
    assert_eq!(server.text(sold), "1 50000,2 200000");
    server.pass(86_400);
    assert_eq!(kept(&server), 0);
}

#[test]
fn a_price_that_changes_during_a_call_is_not_paid_for_another_value() {
    let server = Server::open();
    let secret = store(&server, json!({}));
    let offer = server.challenge("retrieveSecret", &named(&secret));
    let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
    let arguments = named(&secret);
    let paid = server.tool("retrieveSecret", &arguments, Some(&payment));
    // The call has named its price, and waits for the chain.
    let replaced = async { change(&server, &secret, json!({"value": OTHER, "price": "0.20"})) };
    let (paid, replaced) = block_on(futures_util::future::join(paid, replaced));
    assert_eq!(replaced.status, 200);
    is(&paid, 409, "price changed");
    assert!(paid.body.contains("\"moneyMoved\":\"no\""), "{}", paid.body);
    assert_eq!(server.world.memory.settled.borrow().len(), 0);
}

#[test]
fn no_money_is_moved_for_a_value_that_went_off_sale() {
    for how in ENDS {
        let server = Server::open();
        let secret = store(&server, json!({}));
        let offer = server.challenge("retrieveSecret", &named(&secret));
        let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
        server.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
        is(&retrieve(&server, &secret, Some(&payment)), 409, "settlement pending");
        end(&server, &secret, how);
        server.pass(1_000);
        assert_eq!(server.world.memory.settled.borrow().len(), 0, "{how:?}");
        assert_eq!(server.text("SELECT state FROM payments"), "failed", "{how:?}");
    }
}

#[test]
fn the_host_is_told_who_still_waits_for_a_value_that_it_takes_back() {
    for how in [Ends::Withdrawn, Ends::Replaced] {
        let told = |server: &Server, secret: &str| {
            let answer = end(server, secret, how);
            let words = answer["message"].as_str().unwrap().to_owned();
            (answer["openPayments"].clone(), answer["unreadSales"].clone(), words)
        };
        let server = Server::open();
        let (open, unread, words) = told(&server, &store(&server, json!({})));
        assert_eq!((open, unread), (json!(0), json!(0)));
        assert!(words.ends_with("Its value is destroyed."), "{words}");

        let secret = store(&server, json!({}));
        buy(&server, &secret, 3);
        let offer = server.challenge("retrieveSecret", &named(&secret));
        for (seed, waits) in [(1, 120), (2, 0)] {
            let payment = Wallet::new(seed).pay(&offer["accepts"][0], seed);
            server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
            is(&retrieve(&server, &secret, Some(&payment)), 409, "settlement pending");
            server.pass(waits);
        }
        let (open, unread, words) = told(&server, &secret);
        assert_eq!((open, unread), (json!(1), json!(1)));
        for part in [
            "1 payment for it is under way",
            "1 buyer has paid and not read it yet",
            "can read it again until 2026-11-22T12:00:00Z",
        ] {
            assert!(words.contains(part), "{words}");
        }
        assert!(!words.contains("destroyed"), "{words}");
    }
}

#[test]
fn the_log_shows_which_buyer_has_not_read_yet() {
    let server = Server::open();
    let secret = store(&server, json!({}));
    let payment = pay_and_end(&server, &secret, Ends::Withdrawn, When::Delivered);
    let line = || {
        let own = Own::Retrievals(id_of(&secret));
        json_of(&server.as_owner(Action::Own(own), &json!({})))["retrievals"][0].clone()
    };
    assert_eq!((&line()["how"], &line()["handedOverAt"]), (&json!("paid"), &Value::Null));
    retrieve(&server, &secret, Some(&payment));
    assert!(line()["handedOverAt"].is_string(), "{}", line());
    // The first time is no reading on top of the sale.
    assert_eq!(server.int("SELECT count(*) FROM retrievals"), 1);
}

#[test]
fn a_lost_answer_is_given_to_the_same_payment_and_charged_once() {
    let server = Server::open();
    let secret = store(&server, json!({}));
    let offer = server.challenge("retrieveSecret", &named(&secret));
    let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    is(&retrieve(&server, &secret, Some(&payment)), 409, "settlement pending");
    server.pass(120);
    assert_eq!(json_of(&retrieve(&server, &secret, Some(&payment)))["secret"], VALUE);
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'settled'"), 1);
}

#[test]
fn a_host_rebuilt_from_kv_sells_the_same_secret() {
    let mut server = Server::open();
    let secret = store(&server, json!({}));
    buy(&server, &secret, 1);
    server.pass(120);
    server.world.sqlite = Sqlite::empty();
    server.evict();
    let (_, answer) = buy(&server, &secret, 2);
    assert_eq!((&answer["secret"], &answer["retrievalCount"]), (&json!(VALUE), &json!(2)));
}

#[test]
fn a_closed_server_has_no_tools() {
    let server = Server::open();
    store(&server, json!({}));
    let set = |servers: Value| {
        server.as_owner(Action::Own(Own::ChangeProfile), &json!({"doors": servers}))
    };
    for wrong in [json!([]), json!(["cellar"]), json!("vault")] {
        assert_eq!(set(wrong).status, 422);
    }
    assert_eq!(set(json!(["events"])).status, 200);
    assert_eq!(block_on(server.tool("listSecrets", &json!({}), None)).status, 404);
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    assert!(!server.mcp(true, &[], &list).body.contains("Secret"));
    assert_eq!(set(json!(["vault"])).status, 200);
    assert_eq!(block_on(server.tool("listEvents", &json!({}), None)).status, 404);
    assert_eq!(block_on(server.tool("listSecrets", &json!({}), None)).status, 200);
}

#[test]
fn only_the_owner_stores_and_withdraws_and_a_fault_names_the_field_without_the_value() {
    let server = Server::open();
    let secret = json!({"name": "n", "value": VALUE});
    assert_eq!(block_on(server.tool("storeSecret", &secret, None)).status, 403);
    assert_eq!(server.int("SELECT count(*) FROM secrets"), 0);
    let long = format!("{VALUE}{}", "x".repeat(16 * 1024));
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("a\nb")),
        ("value", json!("")),
        ("value", json!(long)),
        ("price", json!("0")),
        ("price", json!("free")),
        ("expiresAt", json!("2020-01-01T00:00:00Z")),
        ("colour", json!("red")),
    ] {
        let mut wrong = secret.clone();
        wrong[field] = value;
        let reply = server.as_owner(Action::Own(Own::StoreSecret), &wrong);
        assert_eq!(reply.status, 422, "{field}");
        assert!(json_of(&reply)["detail"].as_str().unwrap().contains(field), "{}", reply.body);
        assert!(!reply.body.contains(VALUE), "{}", reply.body);
    }
    assert_eq!(server.int("SELECT count(*) FROM secrets"), 0);
}

#[test]
fn money_that_the_chain_drops_takes_the_right_to_read_with_it() {
    let server = Server::open();
    let secret = store(&server, json!({}));
    let (payment, _) = buy(&server, &secret, 1);
    server.world.memory.settled.borrow_mut().clear();
    for _ in 0..40 {
        server.world.memory.settles.borrow_mut().push_back(Settles::Refuses("no"));
    }
    server.pass(1_000);
    assert_eq!(server.int("SELECT count(*) FROM retrievals"), 0);
    let reply = retrieve(&server, &secret, Some(&payment));
    assert!(reply.status != 200 && !reply.body.contains(VALUE), "{}", reply.body);
    assert_eq!(prove(&server, &secret, 1).status, 402);
}

#[test]
fn what_was_bought_is_handed_over_after_the_server_was_closed_and_nothing_new_is_sold() {
    let server = Server::open();
    let secret = store(&server, json!({}));
    let (payment, _) = buy(&server, &secret, 1);
    let offer = server.challenge("retrieveSecret", &named(&secret));
    let other = Wallet::new(2).pay(&offer["accepts"][0], 2);
    let close = json!({"products": ["events"]});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &close).status, 200);
    assert_eq!(json_of(&retrieve(&server, &secret, Some(&payment)))["secret"], VALUE);
    is(&retrieve(&server, &secret, Some(&other)), 404, "door closed");
    assert_eq!(retrieve(&server, &secret, None).status, 404);
    let listed = block_on(server.tool("listSecrets", &json!({}), Some(&payment)));
    assert_eq!(listed.status, 404, "a payment opens no list");
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'settled'"), 1);
}

#[test]
fn an_alarm_that_cannot_destroy_a_value_waits_before_it_tries_again() {
    let server = Server::open();
    store(&server, json!({"expiresAt": "2026-11-21T13:00:00Z"}));
    server.sql(
        "CREATE TRIGGER refused BEFORE UPDATE ON secrets BEGIN SELECT RAISE(ABORT, 'refused'); END",
    );
    server.pass(60);
    let memory = &server.world.memory;
    memory.now.set(memory.alarm.get().expect("an alarm for the end of the secret"));
    server.wake();
    let again = memory.alarm.get().expect("an alarm that tries again");
    assert!(again >= memory.now.get() + 60, "it would be at once: {}", again - memory.now.get());
    server.sql("DROP TRIGGER refused");
    server.pass(120);
    assert_eq!(server.int("SELECT count(*) FROM secrets WHERE sealed IS NOT NULL"), 0);
}
