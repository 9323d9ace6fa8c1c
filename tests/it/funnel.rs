//! From asked to paid to kept, for the last days and the days before.

use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use serde_json::{Value, json};

use crate::support::{Server, Wallet, block_on, json_of, rsvp};

const DAY: i64 = 86_400;
/// The wallet that the host signs in with. Its payout wallet is another one.
const HOST: u8 = 9;

fn open() -> Server {
    Server::signing_in_with(&Wallet::new(HOST).address.to_checksum(None))
}

/// Asks for the price of a seat, and pays it.
fn buy(server: &Server, event: &str, wallet: u8) -> Value {
    let challenge = server.challenge("rsvpToEvent", &rsvp(event));
    let payment = Wallet::new(wallet).pay(&challenge["accepts"][0], wallet);
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(event), Some(&payment)));
    assert_eq!(reply.status, 200, "{}", reply.body);
    payment
}

/// The last seven days.
fn week(server: &Server) -> Value {
    let revenue = json_of(&server.as_owner(Action::Own(Own::Revenue), &json!({})));
    assert_eq!(revenue["periods"][0]["days"], 7);
    revenue["periods"][0].clone()
}

/// Asked, paid, kept, and the revenue.
fn stages(value: &Value) -> (u64, u64, u64, &str) {
    let number = |name: &str| value[name].as_u64().unwrap();
    (number("asked"), number("paid"), number("kept"), value["revenue"].as_str().unwrap())
}

#[test]
fn a_price_that_was_asked_for_and_paid_counts_as_asked_and_as_paid() {
    let server = open();
    let (event, other) = (server.event(9), server.event(9));
    for _ in 0..3 {
        server.challenge("rsvpToEvent", &rsvp(&event));
    }
    buy(&server, &event, 1);
    buy(&server, &other, 2);
    let week = week(&server);
    assert_eq!(stages(&week["now"]), (5, 2, 2, "0.10"));
    assert_eq!(stages(&week["before"]), (0, 0, 0, "0.00"));
    assert_eq!(week["byTool"][0]["key"], "rsvpToEvent");
    let of = |event: &str| {
        let all = week["byEvent"].as_array().unwrap();
        stages(all.iter().find(|one| one["key"] == event).unwrap())
    };
    assert_eq!(of(&event), (4, 1, 1, "0.05"));
    assert_eq!(of(&other), (1, 1, 1, "0.05"));
}

#[test]
fn what_went_back_was_paid_and_not_kept_on_the_day_of_its_purchase() {
    let server = open();
    let event = server.new_event(
        json!({"title": "Rust meetup", "startsAt": "2027-03-01T18:30:00Z", "capacity": 9, "price": "0.05"}),
        &json!({"refundPercent": 100, "refundUntilHours": 24}),
    );
    let payment = buy(&server, &event, 1);
    buy(&server, &event, 2);
    server.pass(2 * DAY);
    let arguments = json!({"eventId": event, "refund": "0.05"});
    assert_eq!(block_on(server.tool("cancelRsvp", &arguments, Some(&payment))).status, 200);
    assert_eq!(stages(&week(&server)["now"]), (2, 2, 2, "0.10"), "it is owed, and not paid back");
    let offered = json_of(&server.as_owner(Action::Own(Own::PayRefunds), &json!({})));
    let one = &offered["toSign"][0];
    let signature = json!({"refundId": one["refundId"], "validBefore": one["validBefore"],
        "signature": format!("0x{}", "11".repeat(65))});
    let signed = json!({"signatures": [signature]});
    assert_eq!(server.as_owner(Action::Own(Own::PayRefunds), &signed).status, 200);
    server.pass(120);
    let week = week(&server);
    assert_eq!(stages(&week["now"]), (2, 2, 1, "0.05"));
    assert_eq!(week["byDay"].as_array().unwrap().len(), 1);
}

#[test]
fn a_period_is_compared_with_the_one_before() {
    let server = open();
    let event = server.event(9);
    buy(&server, &event, 1);
    server.pass(8 * DAY);
    buy(&server, &event, 2);
    buy(&server, &event, 3);
    let week = week(&server);
    assert_eq!(
        (stages(&week["now"]), stages(&week["before"])),
        ((2, 2, 2, "0.10"), (1, 1, 1, "0.05"))
    );
    assert_eq!(week["byDay"].as_array().unwrap().len(), 1);
}

#[test]
fn what_the_hosts_own_wallet_pays_is_counted_apart() {
    let server = open();
    let event = server.event(9);
    buy(&server, &event, 1);
    buy(&server, &event, HOST);
    let week = week(&server);
    assert_eq!(stages(&week["now"]), (1, 1, 1, "0.05"));
    assert_eq!((&week["ownPayments"], &week["ownRevenue"]), (&json!(1), &json!("0.05")));
}
