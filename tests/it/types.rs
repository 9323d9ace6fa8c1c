//! Ticket types and early prices: what is demanded is what is paid, and neither a type nor its event is oversold.

use events_concierge::base::http::Reply;
use events_concierge::base::id::{EventId, TicketCode};
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Format, Own};
use events_concierge::ledger::audit::audit;
use serde_json::{Value, json};

use crate::support::{Server, Settles, Wallet, block_on, join_all, json_of, rsvp};

fn event_of(server: &Server, capacity: u32, types: &Value) -> String {
    let event = json!({"title": "Conference", "startsAt": "2027-03-01T18:30:00Z", "capacity": capacity,
        "price": "9", "types": types, "refundPercent": 50});
    server.new_event(event, &json!({}))
}

fn standard_and_vip() -> Value {
    json!([{"name": "Standard", "price": "0.05"},
        {"name": "VIP", "price": "0.20", "seats": 2, "description": "With dinner"}])
}

fn of(event: &str, kind: &str) -> Value {
    json!({"eventId": event, "ticketType": kind})
}

fn sign(server: &Server, arguments: &Value, wallet: u8, nonce: u8) -> Value {
    let challenge = server.challenge("rsvpToEvent", arguments);
    Wallet::new(wallet).pay(&challenge["accepts"][0], nonce)
}

fn send(server: &Server, arguments: &Value, payment: &Value) -> Reply {
    block_on(server.tool("rsvpToEvent", arguments, Some(payment)))
}

fn buy(server: &Server, arguments: &Value, wallet: u8) -> Reply {
    let payment = sign(server, arguments, wallet, wallet);
    send(server, arguments, &payment)
}

fn asked(server: &Server, arguments: &Value) -> String {
    server.challenge("rsvpToEvent", arguments)["accepts"][0]["amount"].as_str().unwrap().to_owned()
}

fn view(server: &Server, event: &str) -> Value {
    json_of(&block_on(server.tool("getEvent", &json!({"eventId": event}), None)))["event"].clone()
}

/// The books agree, and every payment is booked at what its wallet has signed.
fn checked(server: &Server) {
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
    let other = "SELECT count(*) FROM payments WHERE payment IS NOT NULL AND amount <> \
         CAST(json_extract(payment, '$.payload.authorization.value') AS INTEGER)";
    assert_eq!(server.int(other), 0, "booked at another price than was signed");
}

#[test]
fn each_type_has_its_price_and_callers_that_name_none_buy_the_first() {
    let server = Server::open();
    let event = event_of(&server, 9, &standard_and_vip());
    let shown = view(&server, &event);
    assert_eq!((&shown["price"], &shown["types"][1]["price"]), (&json!("0.05"), &json!("0.20")));
    assert_eq!(
        (&shown["types"][0]["seatsLeft"], &shown["types"][1]["seatsLeft"]),
        (&Value::Null, &json!(2))
    );
    assert_eq!(asked(&server, &rsvp(&event)), "50000");
    assert_eq!(asked(&server, &of(&event, "vip ")), "200000");
    let challenge = server.challenge("rsvpToEvent", &of(&event, "VIP"));
    let description = challenge["resource"]["description"].as_str().unwrap();
    assert!(description.contains(", 1 seat VIP, 50% refundable"), "{description}");
    let reply = block_on(server.tool("rsvpToEvent", &of(&event, "Press"), None));
    assert!(
        reply.body.contains("ticketType: must be one of \\\"Standard\\\", \\\"VIP\\\""),
        "{}",
        reply.body
    );
    let bought = json_of(&buy(&server, &of(&event, "VIP"), 1));
    assert_eq!(bought["event"]["types"][1]["seatsLeft"], 1, "{bought}");
    assert_eq!(buy(&server, &rsvp(&event), 2).status, 200);
    let id = EventId::parse(&event).unwrap();
    let guests = server.as_owner(Action::Own(Own::Rsvps(id.clone(), Format::Json)), &json!({}));
    let guests = json_of(&guests)["rsvps"].clone();
    let mut types = [&guests[0]["ticketType"], &guests[1]["ticketType"]].map(Value::to_string);
    types.sort();
    assert_eq!(types, ["\"Standard\"", "\"VIP\""]);
    let csv = server.as_owner(Action::Own(Own::Rsvps(id.clone(), Format::Csv)), &json!({})).body;
    assert!(csv.lines().next().unwrap().ends_with(",ticketType") && csv.contains(",VIP"), "{csv}");
    let code = TicketCode::parse(bought["rsvp"]["code"].as_str().unwrap()).unwrap();
    let page = |at| server.as_stranger(at).body;
    let ticket = page(AtHost::Ticket(code));
    assert!(ticket.contains("<dt>VIP, 1 seat, Conference</dt><dd>$0.20"), "{ticket}");
    let public = page(AtHost::EventPage(id));
    assert!(public.contains("$0.05 to $0.20") && public.contains("With dinner"), "{public}");
    assert!(public.contains("\"name\":\"VIP\",\"price\":\"0.20\""), "{public}");
    checked(&server);
}

#[test]
fn neither_a_type_nor_the_event_is_oversold_however_many_ask_at_once() {
    let server = Server::open();
    let known = server.event(0);
    for wallet in 1..=12 {
        assert_eq!(buy(&server, &rsvp(&known), wallet).status, 200);
    }
    let event = event_of(&server, 5, &standard_and_vip());
    let wants = |n: u8| of(&event, if n <= 6 { "VIP" } else { "Standard" });
    let payments: Vec<(Value, Value)> =
        (1..=12).map(|n| (wants(n), sign(&server, &wants(n), n, 20 + n))).collect();
    let calls =
        payments.iter().map(|(wants, payment)| server.tool("rsvpToEvent", wants, Some(payment)));
    let replies = join_all(calls.collect());
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 5);
    let count = |kind: usize| {
        let id = view(&server, &event)["types"][kind]["id"].clone();
        server.int(&format!(
            "SELECT count(*) FROM rsvps WHERE ticket_type = {}",
            id.to_string().replace('"', "'")
        ))
    };
    assert!(count(1) <= 2 && count(0) + count(1) == 5, "{} {}", count(0), count(1));
    checked(&server);
}

#[test]
fn a_full_type_names_the_others_and_a_seat_that_is_given_back_can_be_sold_again() {
    let server = Server::open();
    let types = json!([{"name": "A", "price": "0.05", "seats": 1}, {"name": "B", "price": "0.10", "seats": 1}]);
    let event = event_of(&server, 0, &types);
    assert_eq!(view(&server, &event)["seatsLeft"], 2, "the types limit the event");
    let arguments = of(&event, "A");
    let payment = sign(&server, &arguments, 1, 1);
    assert_eq!(send(&server, &arguments, &payment).status, 200);
    let full = block_on(server.tool("rsvpToEvent", &arguments, None));
    assert_eq!(full.status, 409);
    assert!(full.body.contains("choose another `ticketType`"), "{}", full.body);
    assert_eq!(buy(&server, &of(&event, "B"), 2).status, 200);
    let full = block_on(server.tool("rsvpToEvent", &arguments, None));
    assert!(full.body.contains("this event is full"), "{}", full.body);
    // Half of what was really paid goes back.
    let cancel = json!({"eventId": event, "refund": "0.025"});
    let cancelled = block_on(server.tool("cancelRsvp", &cancel, Some(&payment)));
    assert_eq!(json_of(&cancelled)["refund"]["amount"], "0.025", "{}", cancelled.body);
    assert_eq!(buy(&server, &arguments, 3).status, 200);
    checked(&server);
}

#[test]
fn an_early_price_ends_at_its_moment_and_holds_for_challenges_of_before() {
    let server = Server::open();
    let now = server.world.memory.now.get();
    let until = rfc3339(now + 3_600);
    let types = json!([{"name": "A", "price": "0.10", "earlyPrice": "0.05", "earlyUntil": until}]);
    let event = event_of(&server, 9, &types);
    server.world.memory.now.set(now + 3_590);
    let (early, late) = (rsvp(&event), of(&event, "A"));
    assert_eq!(asked(&server, &early), "50000");
    let [one, two] = [1, 2].map(|wallet| sign(&server, &early, wallet, wallet));
    server.world.memory.now.set(now + 3_605);
    assert_eq!(asked(&server, &late), "100000");
    assert_eq!(
        (
            view(&server, &event)["price"].clone(),
            view(&server, &event)["types"][0]["regularPrice"].clone()
        ),
        (json!("0.10"), json!("0.10"))
    );
    assert_eq!(send(&server, &early, &one).status, 200, "its challenge named the early price");
    assert_eq!(buy(&server, &late, 3).status, 200);
    server.world.memory.now.set(now + 3_720);
    let again = Wallet::new(4).pay_with(
        &server.challenge("rsvpToEvent", &early)["accepts"][0],
        4,
        |signed| {
            signed.value = alloy_primitives::U256::from(50_000);
        },
    );
    assert_eq!(send(&server, &early, &again).status, 402, "it is over for new payments");
    assert_eq!(send(&server, &early, &two).status, 402);
    let paid = "SELECT group_concat(paid) FROM (SELECT paid FROM rsvps ORDER BY paid)";
    assert_eq!(server.text(paid), "50000,100000");
    checked(&server);
}

fn rfc3339(seconds: i64) -> String {
    events_concierge::base::time::UnixSeconds::new(seconds).to_string()
}

#[test]
fn no_payment_is_taken_for_another_price_than_the_one_signed_though_the_host_changes_it() {
    let server = Server::open();
    for types in [json!([]), json!([{"name": "A", "price": "0.05"}])] {
        let event = event_of(&server, 9, &types);
        let set = |price: &str| {
            let changes = match types.as_array().unwrap().is_empty() {
                true => json!({"price": price}),
                false => json!({"types": [{"name": "A", "price": price}]}),
            };
            assert_eq!(server.change_event(&event, &changes).status, 200);
        };
        set("0.05");
        server.pass(200);
        let arguments = rsvp(&event);
        let base: u8 = if types.as_array().unwrap().is_empty() { 10 } else { 20 };
        let old: Vec<Value> = (1..=3).map(|n| sign(&server, &arguments, n, base + n)).collect();
        set("0.20");
        assert_eq!(asked(&server, &arguments), "200000");
        assert_eq!(send(&server, &arguments, &old[0]).status, 200, "the price of its challenge");
        set("0.03");
        assert_eq!(send(&server, &arguments, &old[1]).status, 402, "two changes ago");
        assert_eq!(asked(&server, &arguments), "30000");
        let new = sign(&server, &arguments, 4, base + 4);
        assert_eq!(send(&server, &arguments, &new).status, 200);
        server.pass(120);
        assert_eq!(
            send(&server, &arguments, &old[2]).status,
            402,
            "no challenge names it any more"
        );
        let paid = format!(
            "SELECT group_concat(paid) FROM (SELECT paid FROM rsvps WHERE event_id = '{event}' ORDER BY paid)"
        );
        assert_eq!(server.text(&paid), "30000,50000");
        checked(&server);
    }
}

#[test]
fn a_type_that_is_replaced_between_challenge_and_payment_takes_no_money() {
    let server = Server::open();
    let event = event_of(&server, 9, &standard_and_vip());
    let arguments = of(&event, "VIP");
    let payment = sign(&server, &arguments, 1, 1);
    let only = json!({"types": [{"name": "Standard", "price": "0.05"}]});
    assert_eq!(server.change_event(&event, &only).status, 200);
    let refused = send(&server, &arguments, &payment);
    assert_eq!((refused.status, &json_of(&refused)["title"]), (422, &json!("invalid arguments")));
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0);
    // A sold type stays, with at least as many seats as are sold.
    assert_eq!(buy(&server, &rsvp(&event), 2).status, 200);
    let removed = server.change_event(&event, &json!({"types": [{"name": "New", "price": "1"}]}));
    assert!(removed.body.contains("set its `seats` to 1"), "{}", removed.body);
    let id = view(&server, &event)["types"][0]["id"].clone();
    let renamed = json!({"types": [{"id": id, "name": "Early", "price": "0.05", "seats": 1}]});
    assert_eq!(server.change_event(&event, &renamed).status, 200);
    let full = block_on(server.tool("rsvpToEvent", &rsvp(&event), None));
    assert_eq!(json_of(&full)["title"], "event full", "{}", full.body);
    let refused = server.change_event(&event, &json!({"price": "3"}));
    assert!(refused.body.contains("change it in `types`"), "{}", refused.body);
    checked(&server);
}

#[test]
fn a_held_seat_of_a_type_is_not_sold_meanwhile() {
    let server = Server::open();
    let types = json!([{"name": "A", "price": "0.05", "seats": 1}, {"name": "B", "price": "0.05"}]);
    let event = event_of(&server, 9, &types);
    let arguments = of(&event, "A");
    let first = sign(&server, &arguments, 1, 1);
    let second = sign(&server, &arguments, 2, 2);
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    assert_eq!(json_of(&send(&server, &arguments, &first))["moneyMoved"], "unknown");
    let held = block_on(server.tool("rsvpToEvent", &arguments, None));
    assert_eq!(json_of(&held)["title"], "event seats held", "{}", held.body);
    assert_eq!(json_of(&send(&server, &arguments, &second))["title"], "event seats held");
    server.pass(60);
    assert_eq!(server.int("SELECT taken FROM label_seats"), 1, "the alarm has found out");
    checked(&server);
}

#[test]
fn a_free_type_of_a_paid_event_is_taken_by_signing_in() {
    let server = Server::open();
    let types =
        json!([{"name": "Paid", "price": "0.05"}, {"name": "Helper", "price": "0", "seats": 1}]);
    let event = event_of(&server, 9, &types);
    let arguments = of(&event, "Helper");
    let asked = block_on(server.tool("rsvpToEvent", &arguments, None));
    assert_eq!(asked.status, 401, "{}", asked.body);
    let proof = Wallet::new(1).prove(&json_of(&asked));
    let taken =
        block_on(server.tool_with("rsvpToEvent", &arguments, &[("sign-in-with-x", &proof)]));
    assert_eq!(taken.status, 200, "{}", taken.body);
    let full = block_on(server.tool("rsvpToEvent", &arguments, None));
    assert!(full.body.contains("no seat of this ticket type"), "{}", full.body);
    assert_eq!(buy(&server, &of(&event, "Paid"), 2).status, 200);
    checked(&server);
}

#[test]
fn types_have_limits() {
    let server = Server::open();
    let event = event_of(&server, 9, &json!([]));
    for (types, says) in [
        (json!([{"name": "A", "price": "1"}, {"name": " a", "price": "2"}]), "twice"),
        (
            json!([{"name": "A", "price": "1", "earlyPrice": "1", "earlyUntil": "2027-01-01T00:00:00Z"}]),
            "not lower",
        ),
        (
            json!([{"name": "A", "price": "1", "earlyPrice": "0.5"}]),
            "both earlyPrice and earlyUntil",
        ),
        (json!([{"name": "A", "price": "100001"}]), "100000 dollars"),
        (json!([{"name": "A", "price": "one"}]), "\\\"A\\\""),
        (json!([{"name": "A", "price": "1", "id": "t9"}]), "not there"),
        (json!([{"name": "A", "price": "1", "cost": "2"}]), "unknown field"),
    ] {
        let refused = server.change_event(&event, &json!({"types": types}));
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(refused.body.contains(says), "{says}: {}", refused.body);
    }
    let many: Vec<Value> =
        (0..11).map(|n| json!({"name": format!("T{n}"), "price": "1"})).collect();
    assert_eq!(server.change_event(&event, &json!({"types": many})).status, 422);
    let reply = block_on(server.tool("rsvpToEvent", &of(&event, "A"), None));
    assert!(reply.body.contains("this event has no ticket types"), "{}", reply.body);
}
