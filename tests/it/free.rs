//! Free events: a wallet that signs in takes a seat, and no money moves.

use events_concierge::base::http::Reply;
use events_concierge::base::id::{EventId, TicketCode};
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Format, Own};
use events_concierge::http::source::Source;
use events_concierge::ledger::audit::audit;
use serde_json::{Value, json};

use crate::support::{Server, Wallet, block_on, join_all, json_of, offer, pay, rpc, title};

fn event(server: &Server, capacity: u32) -> String {
    let event = json!({"title": "Open evening", "startsAt": "2027-03-01T18:30:00Z",
        "capacity": capacity, "price": "0"});
    server.new_event(event, &json!({}))
}

/// What the server asks a wallet to sign for these seats.
fn demand(server: &Server, arguments: &Value) -> Value {
    let reply = block_on(server.tool("rsvpToEvent", arguments, None));
    assert!(matches!(reply.status, 401 | 409), "{}", reply.body);
    json_of(&reply)
}

/// Calls with a proof of this wallet, from this address.
fn take_from(server: &Server, arguments: &Value, wallet: u8, source: &str) -> Reply {
    let proof = Wallet::new(wallet).prove(&demand(server, arguments));
    let headers = [("sign-in-with-x", proof.as_str())];
    let action = Action::AtHost(AtHost::Tool("rsvpToEvent".to_owned()));
    let mut request = server.request(action, false, &headers, arguments);
    request.command.source = Source::parse(source);
    block_on(server.handle(request))
}

fn take(server: &Server, event: &str, wallet: u8) -> Reply {
    take_from(server, &json!({"eventId": event}), wallet, &format!("198.51.100.{wallet}"))
}

fn seats(server: &Server) -> i64 {
    server.int("SELECT count(*) FROM rsvps")
}

/// No money, and books that agree.
fn nothing_was_paid(server: &Server) {
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE amount <> 0"), 0);
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0);
    assert!(!server.world.memory.requests.borrow().iter().any(|url| url.contains("facilitator")));
}

#[test]
fn a_wallet_that_signs_in_gets_a_ticket_and_nothing_is_paid() {
    let server = Server::open();
    let event = event(&server, 5);
    let wanted = demand(&server, &json!({"eventId": event}));
    assert_eq!((&wanted["status"], &wanted["moneyMoved"]), (&json!(401), &json!("no")));
    let statement = &wanted["extensions"]["sign-in-with-x"]["info"]["statement"];
    assert!(statement.as_str().unwrap().contains("take what is free"), "{wanted}");
    assert!(wanted["detail"].as_str().unwrap().contains("this seat is free"), "{wanted}");
    let reply = take(&server, &event, 1);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let body = json_of(&reply);
    assert_eq!((&body["seats"], &body["transactionHash"]), (&json!(1), &Value::Null));
    assert_eq!(body["event"]["seatsLeft"], 4);
    assert!(body["message"].as_str().unwrap().contains("It cost nothing."));
    nothing_was_paid(&server);
    let code = TicketCode::parse(body["rsvp"]["code"].as_str().unwrap()).unwrap();
    let page = server.as_stranger(AtHost::Ticket(code)).body;
    assert!(page.contains("This seat is free") && !page.contains("Transaction"), "{page}");
    let id = EventId::parse(&event).unwrap();
    let check_in = json!({"code": body["rsvp"]["code"]});
    let checked = server.as_owner(Action::Own(Own::CheckIn(id.clone())), &check_in);
    assert_eq!(json_of(&checked)["success"], true);
    let csv = server.as_owner(Action::Own(Own::Rsvps(id, Format::Csv)), &json!({}));
    assert!(csv.body.contains(",0.00,"), "{}", csv.body);
}

#[test]
fn the_same_wallet_gets_the_same_ticket_again_and_another_one_gets_nothing_of_it() {
    let server = Server::open();
    let event = event(&server, 1);
    let first = json_of(&take(&server, &event, 1));
    let again = json_of(&take(&server, &event, 1));
    assert_eq!(first["rsvp"]["code"], again["rsvp"]["code"]);
    assert_eq!(seats(&server), 1);
    // It is full now, also for a caller who proves another wallet.
    let arguments = json!({"eventId": event});
    let refused = block_on(server.tool("rsvpToEvent", &arguments, None));
    assert_eq!((refused.status, title(&refused)), (409, json!("event full")));
    let proof = Wallet::new(2).prove(&json_of(&refused));
    let headers = [("sign-in-with-x", proof.as_str())];
    let other = block_on(server.tool_with("rsvpToEvent", &arguments, &headers));
    assert_eq!(title(&other), "event full");
    assert!(!other.body.contains("ticketUrl"));
    // The host changes its mind about the price: what was given stays.
    let id = EventId::parse(&event).unwrap();
    let price = json!({"price": "0.05", "capacity": 2});
    assert_eq!(server.as_owner(Action::Own(Own::UpdateEvent(id)), &price).status, 200);
    let proof = Wallet::new(1).prove(&server.challenge("rsvpToEvent", &arguments));
    let headers = [("sign-in-with-x", proof.as_str())];
    let shown = block_on(server.tool_with("rsvpToEvent", &arguments, &headers));
    assert_eq!(json_of(&shown)["rsvp"]["code"], first["rsvp"]["code"]);
}

#[test]
fn a_proof_counts_once_and_a_named_wallet_must_be_the_one_that_signs() {
    let server = Server::open();
    let event = event(&server, 9);
    let arguments = json!({"eventId": event});
    let proof = Wallet::new(1).prove(&demand(&server, &arguments));
    let headers = [("sign-in-with-x", proof.as_str())];
    let both = join_all(vec![
        server.tool_with("rsvpToEvent", &arguments, &headers),
        server.tool_with("rsvpToEvent", &arguments, &headers),
    ]);
    let statuses: Vec<u16> = both.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{both:?}");
    let named = json!({"eventId": event, "walletAddress": Wallet::new(3).address.to_string()});
    let refused = take_from(&server, &named, 2, "198.51.100.2");
    assert_eq!(title(&refused), "invalid arguments", "{}", refused.body);
    assert_eq!(seats(&server), 1);
    nothing_was_paid(&server);
}

#[test]
fn new_wallets_take_half_of_what_is_left_in_a_day_and_known_ones_the_rest() {
    let server = Server::open();
    let event = event(&server, 8);
    let taken = |first: u8, count: u8| {
        (first..first + count).filter(|n| take(&server, &event, *n).status == 200).count()
    };
    assert_eq!(taken(1, 6), 4);
    let refused = take(&server, &event, 9);
    assert_eq!((refused.status, title(&refused)), (409, json!("event seats held")));
    // Who has paid here before is no stranger.
    let paid = server.event(5);
    let payment = Wallet::new(40).pay(&offer(&server, &paid), 40);
    assert_eq!(pay(&server, &paid, &payment).0, 200);
    assert_eq!(take(&server, &event, 40).status, 200);
    // The next day they take half of what is left then.
    server.pass(86_401);
    assert_eq!(taken(50, 4), 2);
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn new_wallets_of_one_network_take_ten_seats_in_a_day() {
    let server = Server::open();
    let limits = json!({"limits": {"unpaidPerMinute": 1000}});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &limits).status, 200);
    let (one, other) = (event(&server, 0), event(&server, 0));
    let from = |event: &str, wallet: u8, source: &str| {
        take_from(&server, &json!({"eventId": event, "seats": 2}), wallet, source)
    };
    for wallet in 1..=5 {
        let event = if wallet % 2 == 0 { &one } else { &other };
        // A subscriber has all of a /48.
        let reply = from(event, wallet, &format!("2001:db8:1:{wallet}::1"));
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    let refused = from(&one, 6, "2001:db8:1:99::1");
    assert_eq!((refused.status, title(&refused)), (429, json!("rate limited")));
    assert_eq!(from(&one, 6, "2001:db8:2::1").status, 200, "another network");
    let many = json!({"eventId": one, "seats": 3});
    let refused = take_from(&server, &many, 7, "2001:db8:3::1");
    assert!(refused.body.contains("at most 2 seats"), "{}", refused.body);
    assert!(!server.everything().contains("2001:db8"), "no address is stored");
    nothing_was_paid(&server);
}

#[test]
fn a_payment_for_an_event_that_became_free_is_not_settled() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    let id = EventId::parse(&event).unwrap();
    let free = json!({"price": "0"});
    assert_eq!(server.as_owner(Action::Own(Own::UpdateEvent(id)), &free).status, 200);
    let (status, body) = pay(&server, &event, &payment);
    assert_eq!((status, &body["moneyMoved"]), (401, &json!("no")), "{body}");
    assert_eq!(seats(&server), 0);
    nothing_was_paid(&server);
}

#[test]
fn no_list_names_who_comes_for_free_and_the_guest_finds_the_ticket_again() {
    let server = Server::open();
    let event = event(&server, 5);
    let body = json_of(&take(&server, &event, 1));
    server.pass(60);
    let wallet = Wallet::new(1).address.to_checksum(None);
    let call = json!({"name": "getEventAnalytics", "arguments": {"eventId": event}});
    let sold = server.mcp(true, &[], &rpc("tools/call", &call));
    assert!(sold.body.contains("totalRsvps") && !sold.body.contains(&wallet), "{}", sold.body);
    assert_eq!(server.int("SELECT count(*) FROM holders WHERE is_listed = 1"), 1);
    let kv = server.world.memory.kv.borrow();
    let record: Value =
        serde_json::from_str(&kv[&format!("{}:rsvps:{event}:{wallet}", server.scope)]).unwrap();
    assert_eq!((&record["paidAtomic"], &record["txHash"]), (&json!("0"), &json!("")));
    assert!(!record.to_string().contains(body["rsvp"]["code"].as_str().unwrap()));
}
