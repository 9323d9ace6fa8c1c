//! Seats that the wallet has already: said with the ticket before a question to pay, and to nobody else.

use events_concierge::ports::Sql;
use serde_json::{Value, json};

use crate::guest::deployment::{Mood, deployment};
use crate::guest::kit::{ADA, BOB, Visit, person, url_of};
use crate::support::NOW;

/// A session of hers that has bought a seat; the call that did so, and the ticket.
fn with_seat() -> (Visit, Value, String) {
    let visit = Visit::buying(&deployment(), Some(&person(ADA, NOW)));
    let seat = visit.seat();
    visit.say(&seat);
    let bought = visit.tickets().pop().unwrap();
    let ticket = bought["result"]["structuredContent"]["ticketUrl"].as_str().unwrap();
    (visit, seat, ticket.to_owned())
}

#[test]
fn who_asks_for_a_seat_that_the_wallet_has_gets_its_ticket_shown_and_pays_nothing() {
    let (mut visit, seat, ticket) = with_seat();
    let deployment = visit.room.deployment.clone();
    let again = |visit: &Visit, call: &Value| {
        visit.say(call);
        let said = visit.last("tool_error");
        assert_eq!(
            (&said["code"], &said["moneyMoved"]),
            (&json!("already_has_seat"), &json!("no"))
        );
        assert!(said["result"].as_str().unwrap().contains(&ticket), "{said}");
        assert_eq!((deployment.transfers(), visit.all("payment_required").len()), (1, 0));
    };
    again(&visit, &seat);
    // Other details make no other seat of it, and a new instance knows as much.
    let mut other = seat.clone();
    other["arguments"]["name"] = json!("Ada");
    visit.evict();
    again(&visit, &other);
    // In words, too.
    visit.say(&json!({"type": "chat", "text": "list events"}));
    let event = seat["arguments"]["eventId"].as_str().unwrap();
    visit.say(&json!({"type": "chat", "text": format!("rsvp to {event}")}));
    let said = visit.last("chat");
    assert_eq!(said["text"], "You already have a seat with this wallet. Nothing was charged.");
    assert_eq!(said["cards"]["bought"][0]["ticketUrl"], ticket);
    assert_eq!((deployment.transfers(), deployment.nonces.borrow().len()), (1, 1));
}

#[test]
fn a_server_that_asks_for_money_again_is_paid_by_nobody_who_was_not_told_what_they_have() {
    let (visit, seat, ticket) = with_seat();
    // As servers do that do not know the wallet; the policy would pay without asking.
    visit.room.deployment.forgets_wallets.set(true);
    visit.say(&seat);
    let asked = visit.last("payment_required");
    assert!(asked["why"].as_str().unwrap().contains(&ticket), "{asked}");
    assert_eq!(visit.room.deployment.transfers(), 1);
    visit.say(&json!({"type": "cancel", "confirmationId": asked["confirmationId"]}));
    assert_eq!(visit.last("tool_error")["code"], "declined");
    // A seat that was not bought here is paid for without such words.
    visit.say(&visit.seat());
    assert_eq!((visit.room.deployment.transfers(), visit.tickets().len()), (2, 2));
    assert_eq!(visit.all("payment_required").len(), 1);
}

#[test]
fn who_only_names_a_wallet_learns_that_it_has_a_seat_and_nothing_else() {
    let (visit, seat, ticket) = with_seat();
    let wallet = visit.last("wallet_info")["guestAddress"].clone();
    // Sessions of another user, who names her wallet, and of nobody.
    for who in [Some(person(BOB, NOW)), None] {
        let other = Visit::begin(&visit.room.deployment, who.as_ref());
        other.say(&json!({"type": "use_wallet", "kind": "browser", "address": wallet}));
        other.connect(&url_of(&other.room.deployment.server));
        other.say(&seat);
        let said = other.last("tool_error");
        assert!(
            said["result"].as_str().unwrap().contains("already have a seat with this wallet"),
            "{said}"
        );
        let all = serde_json::to_string(&*other.room.told.borrow()).unwrap();
        let code = ticket.rsplit('/').next().unwrap();
        assert!(!all.contains(&ticket) && !all.contains(code), "{all}");
        assert!(other.all("payment_required").is_empty(), "and is not asked to pay");
    }
}

#[test]
fn another_wallet_of_the_session_has_no_seat_and_pays_no_second_time_meanwhile() {
    let (visit, seat, _) = with_seat();
    let other = json!({"type": "use_wallet", "kind": "browser",
        "address": "0x00000000000000000000000000000000000000aa"});
    visit.say(&other);
    visit.say(&seat);
    // The policy pays without a question, for this wallet has none.
    assert_eq!((visit.all("payment_required").len(), visit.all("sign_request").len()), (0, 1));
    // While it is open, the same call with another wallet is the same call.
    visit.say(&json!({"type": "use_wallet", "kind": "smart"}));
    visit.say(&seat);
    assert_eq!(visit.last("tool_error")["code"], "already_under_way");
    assert_eq!(visit.text("SELECT count(*) FROM purchases WHERE state = 'signing'"), "1");
    assert_eq!(visit.room.deployment.transfers(), 1);
}

#[test]
fn the_wallet_is_named_where_a_paid_tool_asks_for_it_and_nowhere_else() {
    let (visit, seat, _) = with_seat();
    let wallet = visit.last("wallet_info")["guestAddress"].clone();
    let arguments = visit.text("SELECT arguments FROM purchases");
    let arguments: Value = serde_json::from_str(&arguments).unwrap();
    assert_eq!(arguments["walletAddress"], wallet);
    assert_eq!(arguments["eventId"], seat["arguments"]["eventId"]);
    // What the caller has said stays as it is.
    let mut call = visit.seat();
    call["arguments"]["walletAddress"] = json!("0x00000000000000000000000000000000000000aa");
    visit.room.deployment.mood.set(Mood::Well);
    visit.say(&call);
    let said = visit.last("tool_error")["result"].as_str().unwrap().to_owned();
    assert!(said.contains("walletAddress"), "{said}");
    assert_eq!(visit.room.deployment.transfers(), 1);
    // A free tool of another host's server does not get it; a paid one does.
    for (paid, expected) in [(false, Value::Null), (true, wallet)] {
        let statement = "UPDATE session SET connection = replace(connection, ?1, ?2), tools = ?3";
        let url = url_of(&visit.room.deployment.server);
        let tool = json!([{"name": "look", "title": null, "description": "", "isPaid": paid, "price": null,
            "inputSchema": {"type": "object", "properties": {"walletAddress": {"type": "string"}}}}]);
        let parameters =
            [url.as_str().into(), "http://127.0.0.1:3001/mcp".into(), tool.to_string().into()];
        visit.room.own.run(statement, &parameters).unwrap();
        visit.say(&json!({"type": "call_tool", "tool": "look"}));
        let seen = visit.room.deployment.elsewhere.borrow().last().cloned().unwrap();
        assert_eq!(seen["params"]["arguments"]["walletAddress"], expected);
        visit.say(&json!({"type": "disconnect_mcp"}));
        visit.connect(&url);
    }
}
