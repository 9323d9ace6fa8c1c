//! Prices that a host sets itself, and calls that it gives away.

use events_concierge::base::http::Reply;
use events_concierge::base::id::EventId;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own};
use events_concierge::http::source::Source;
use events_concierge::ledger::audit::audit;
use serde_json::{Value, json};

use crate::support::{Server, Settles, Wallet, block_on, join_all, json_of, rpc};

const TICKET: &str = "createTicket";

fn asked(subject: &str) -> Value {
    json!({"subject": subject, "body": "Is there a lift?"})
}

fn set(server: &Server, prices: Value) -> Reply {
    server.as_owner(Action::Own(Own::ChangePrices), &json!({"prices": prices}))
}

fn priced(server: &Server, price: &str, free: u32) {
    let reply = set(server, json!({TICKET: {"price": price, "freePerDay": free}}));
    assert_eq!(reply.status, 200, "{}", reply.body);
}

fn tickets(server: &Server) -> i64 {
    server.int("SELECT count(*) FROM tickets")
}

fn asks_for(server: &Server, tool: &str, arguments: &Value) -> Value {
    server.challenge(tool, arguments)["accepts"][0]["amount"].clone()
}

/// A call with a proof of this wallet, from this address; without a payment.
fn free(server: &Server, tool: &str, arguments: &Value, wallet: u8, source: &str) -> Reply {
    let proof = Wallet::new(wallet).prove(&server.challenge(tool, arguments));
    let headers = [("sign-in-with-x", proof.as_str())];
    let action = Action::AtHost(AtHost::Tool(tool.to_owned()));
    let mut request = server.request(action, false, &headers, arguments);
    request.command.source = Source::parse(source);
    block_on(server.handle(request))
}

fn opens_free(server: &Server, wallet: u8, source: &str) -> u16 {
    free(server, TICKET, &asked(&format!("From {wallet}")), wallet, source).status
}

fn no_money(server: &Server) {
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE amount <> 0"), 0);
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0);
}

/// The entry of a tool in `tools/list`.
fn listed(server: &Server, tool: &str) -> Value {
    let list = json_of(&server.mcp(false, &[], &rpc("tools/list", &json!({}))));
    let tools = list["result"]["tools"].as_array().unwrap();
    tools.iter().find(|entry| entry["name"] == tool).unwrap().clone()
}

#[test]
fn the_hosts_price_is_in_every_list_and_in_the_challenge() {
    let server = Server::with_desk();
    let before = listed(&server, TICKET);
    assert_eq!(asks_for(&server, TICKET, &asked("a")), "20000");
    priced(&server, "0.05", 3);
    assert_eq!(asks_for(&server, TICKET, &asked("a")), "50000");
    let entry = listed(&server, TICKET);
    let text = entry["description"].as_str().unwrap();
    assert!(text.contains("Costs $0.05 in USDC") && !text.contains("$0.02"), "{text}");
    assert!(text.ends_with(
        "The first 3 calls of a wallet in a day (UTC) are free: call with a SIGN-IN-WITH-X header."
    ));
    assert_eq!(entry["annotations"]["paymentPriceUSD"], json!(0.05));
    assert_eq!(entry["_meta"]["agents-x402/priceUSD"], json!(0.05));
    let price = json!({"amount": "0.05", "currency": "USDC", "freePerDay": 3});
    assert_eq!(entry["_meta"]["events-concierge/price"], price);
    let manifest = json_of(&server.as_stranger(AtHost::Manifest));
    let shown = manifest["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == TICKET);
    assert_eq!(shown.unwrap()["priceAtomic"], "50000");
    // The others cost what they did, and the usual price comes back.
    assert_eq!(listed(&server, "triageTicket")["_meta"]["agents-x402/priceUSD"], json!(0.03));
    assert_eq!(set(&server, json!({TICKET: null})).status, 200);
    assert_eq!(listed(&server, TICKET), before);
    assert_eq!(asks_for(&server, TICKET, &asked("a")), "20000");
}

#[test]
fn a_price_has_bounds_and_nothing_is_set_if_one_of_them_is_wrong() {
    let server = Server::with_desk();
    for (prices, field) in [
        (json!({"createTicket": {"price": "0.05"}, "sendReply": {"price": "0"}}), "price"),
        (json!({"createTicket": {"price": "0.000001"}}), "price"),
        (json!({"createTicket": {"price": "5000"}}), "price"),
        (json!({"createTicket": {"price": "-1"}}), "price"),
        (json!({"createTicket": {"freePerDay": 101}}), "freePerDay"),
        (json!({"createTicket": {"price": "0.05"}, "rsvpToEvent": {"price": "1"}}), "prices"),
        (json!({"listTickets": {"price": "0.05"}}), "prices"),
        (json!({"nothing": {"price": "0.05"}}), "prices"),
    ] {
        let refused = set(&server, prices.clone());
        assert_eq!(refused.status, 422, "{prices}");
        let detail = json_of(&refused)["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with(&format!("{field}: ")), "{detail}");
    }
    assert_eq!(server.int("SELECT count(*) FROM prices"), 0);
    let view = json_of(&server.as_owner(Action::Own(Own::Prices), &json!({})));
    let names: Vec<&str> = view["prices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|price| price["tool"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 9, "{names:?}");
    assert!(names.contains(&"getEventAnalytics") && !names.contains(&"rsvpToEvent"));
    assert!(view["prices"].as_array().unwrap().iter().all(|price| price["isOwn"] == false));
    // What is left out stays.
    priced(&server, "0.07", 2);
    assert_eq!(set(&server, json!({TICKET: {"freePerDay": 0}})).status, 200);
    assert_eq!(asks_for(&server, TICKET, &asked("a")), "70000");
}

#[test]
fn a_payment_for_an_older_price_moves_no_money_and_is_asked_anew() {
    for now in ["0.05", "0.01"] {
        let server = Server::with_desk();
        let offer = server.challenge(TICKET, &asked("a"));
        let old = Wallet::new(1).pay(&offer["accepts"][0], 1);
        priced(&server, now, 0);
        let refused = block_on(server.tool(TICKET, &asked("a"), Some(&old)));
        assert_eq!(refused.status, 402, "{}", refused.body);
        assert_eq!(server.world.memory.settled.borrow().len(), 0);
        no_money(&server);
        assert!(refused.headers.iter().any(|(name, _)| *name == "payment-required"));
        let offer = server.challenge(TICKET, &asked("a"));
        let new = Wallet::new(1).pay(&offer["accepts"][0], 2);
        assert_eq!(block_on(server.tool(TICKET, &asked("a"), Some(&new))).status, 200);
        let atomic = if now == "0.05" { 50_000 } else { 10_000 };
        assert_eq!(server.int("SELECT sum(amount) FROM ledger"), atomic);
        assert_eq!((tickets(&server), audit(&server.world).unwrap().len()), (1, 0));
    }
}

#[test]
fn a_price_that_changes_during_a_call_is_the_one_that_was_asked() {
    let server = Server::with_desk();
    let offer = server.challenge(TICKET, &asked("a"));
    let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
    let arguments = asked("a");
    // The call has named its price, and waits for the chain.
    let paid = server.tool(TICKET, &arguments, Some(&payment));
    let (paid, ()) =
        block_on(futures_util::future::join(paid, async { priced(&server, "0.50", 0) }));
    assert_eq!(paid.status, 200, "{}", paid.body);
    assert_eq!(server.int("SELECT sum(amount) FROM ledger"), 20_000);
    // An outcome that is not known yet keeps its price, too.
    let offer = server.challenge(TICKET, &asked("b"));
    let payment = Wallet::new(2).pay(&offer["accepts"][0], 2);
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    assert_eq!(block_on(server.tool(TICKET, &asked("b"), Some(&payment))).status, 409);
    priced(&server, "0.02", 0);
    server.pass(60);
    let again = block_on(server.tool(TICKET, &asked("b"), Some(&payment)));
    assert_eq!(again.status, 200, "{}", again.body);
    assert_eq!(server.int("SELECT sum(amount) FROM ledger"), 520_000);
    assert_eq!((tickets(&server), audit(&server.world).unwrap().len()), (2, 0));
}

#[test]
fn a_wallet_has_so_many_free_calls_in_a_day_and_then_pays() {
    let server = Server::with_desk();
    priced(&server, "0.05", 2);
    assert_eq!(
        [1, 1, 1].map(|wallet| opens_free(&server, wallet, "198.51.100.1")),
        [200, 200, 402]
    );
    assert_eq!(opens_free(&server, 2, "198.51.100.2"), 200, "another wallet has its own");
    assert_eq!(tickets(&server), 3);
    no_money(&server);
    assert_eq!(
        server.text("SELECT author FROM tickets ORDER BY number LIMIT 1"),
        Wallet::new(1).address.to_checksum(None)
    );
    // Without a proof nothing is free, and who pays keeps what is free.
    let offer = server.challenge(TICKET, &asked("paid"));
    let payment = Wallet::new(3).pay(&offer["accepts"][0], 1);
    assert_eq!(block_on(server.tool(TICKET, &asked("paid"), Some(&payment))).status, 200);
    assert_eq!(
        [3, 3, 3].map(|wallet| opens_free(&server, wallet, "198.51.100.3")),
        [200, 200, 402]
    );
    // The next day begins anew.
    server.pass(86_400);
    assert_eq!(opens_free(&server, 1, "198.51.100.1"), 200);
    assert_eq!(
        server.int("SELECT count(DISTINCT day) FROM free_calls"),
        1,
        "yesterday is forgotten"
    );
    // What the tool refuses uses nothing up.
    let missing = json!({"ticketId": "tkt_0123456789abcdef01234567"});
    assert_eq!(set(&server, json!({"getTicketContext": {"freePerDay": 1}})).status, 200);
    assert_eq!(block_on(server.tool("getTicketContext", &missing, None)).status, 404);
    let id = server.text("SELECT id FROM tickets ORDER BY number LIMIT 1");
    let context = free(&server, "getTicketContext", &json!({"ticketId": id}), 1, "198.51.100.1");
    assert_eq!((context.status, &json_of(&context)["number"]), (200, &json!(1)));
}

#[test]
fn free_calls_at_once_are_no_more_than_there_are() {
    let server = Server::with_desk();
    priced(&server, "0.05", 2);
    let arguments = asked("at once");
    let proofs: Vec<String> =
        (0..6).map(|_| Wallet::new(1).prove(&server.challenge(TICKET, &arguments))).collect();
    let headers: Vec<[(&str, &str); 1]> =
        proofs.iter().map(|proof| [("sign-in-with-x", proof.as_str())]).collect();
    let calls = headers.iter().map(|headers| server.tool_with(TICKET, &arguments, headers));
    let replies = join_all(calls.collect());
    let free = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!((free, tickets(&server)), (2, 2));
    no_money(&server);
}

#[test]
fn wallets_without_history_share_what_is_free() {
    let server = Server::with_desk();
    priced(&server, "0.02", 5);
    let taken = |wallets: std::ops::Range<u8>, source: &dyn Fn(u8) -> String| {
        wallets.filter(|wallet| opens_free(&server, *wallet, &source(*wallet)) == 200).count()
    };
    assert_eq!(taken(1..16, &|_| "198.51.100.1".to_owned()), 10, "one network has ten in a day");
    // Who has paid here is not counted with them.
    let offer = server.challenge(TICKET, &asked("paid"));
    let payment = Wallet::new(20).pay(&offer["accepts"][0], 1);
    assert_eq!(block_on(server.tool(TICKET, &asked("paid"), Some(&payment))).status, 200);
    assert_eq!(opens_free(&server, 20, "198.51.100.1"), 200);
    server.sql("UPDATE free_calls SET used = 191 WHERE is_new AND wallet = (SELECT min(wallet) FROM free_calls WHERE is_new)");
    assert_eq!(opens_free(&server, 21, "203.0.113.1"), 402, "a host gives away two hundred");
    assert_eq!(opens_free(&server, 20, "203.0.113.1"), 200);
}

#[test]
fn analytics_have_a_price_of_the_hosts_and_free_calls_too() {
    let server = Server::open();
    let event = server.event(5);
    let arguments = json!({"eventId": event});
    let tool = "getEventAnalytics";
    assert_eq!(set(&server, json!({tool: {"price": "0.25", "freePerDay": 1}})).status, 200);
    assert_eq!(asks_for(&server, tool, &arguments), "250000");
    let shown = free(&server, tool, &arguments, 1, "198.51.100.1");
    assert_eq!((shown.status, &json_of(&shown)["totalRsvps"]), (200, &json!(0)), "{}", shown.body);
    assert_eq!(free(&server, tool, &arguments, 1, "198.51.100.1").status, 402);
    no_money(&server);
    // A product that is off gives nothing away.
    let id = EventId::parse(&event).unwrap();
    assert_eq!(server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({})).status, 200);
    let off = json!({"products": ["vault"]});
    let proof = Wallet::new(2).prove(&server.challenge(tool, &arguments));
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &off).status, 200);
    let headers = [("sign-in-with-x", proof.as_str())];
    assert_eq!(block_on(server.tool_with(tool, &arguments, &headers)).status, 404);
}
