//! Promo codes: a lower price, so many uses and no more, and no way to find one by trying.

use events_concierge::base::http::Reply;
use events_concierge::base::id::EventId;
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Format, Own};
use events_concierge::http::source::Source;
use events_concierge::ledger::audit::audit;
use serde_json::{Value, json};

use crate::support::{Server, Settles, Wallet, block_on, join_all, json_of, rsvp, title};

fn event_of(server: &Server, codes: &Value) -> String {
    let event = json!({"title": "Conference", "startsAt": "2027-03-01T18:30:00Z", "capacity": 40,
        "price": "0.10", "promoCodes": codes, "refundPercent": 50});
    server.new_event(event, &json!({}))
}

fn half(uses: u32) -> Value {
    json!([{"code": "friends", "off": "50%", "uses": uses}])
}

fn with(event: &str, code: &str) -> Value {
    json!({"eventId": event, "promoCode": code})
}

fn sign(server: &Server, arguments: &Value, wallet: u8, nonce: u8) -> Value {
    let challenge = server.challenge("rsvpToEvent", arguments);
    Wallet::new(wallet).pay(&challenge["accepts"][0], nonce)
}

fn asked(server: &Server, arguments: &Value) -> Value {
    server.challenge("rsvpToEvent", arguments)["accepts"][0]["amount"].clone()
}

fn send(server: &Server, arguments: &Value, payment: &Value) -> Reply {
    block_on(server.tool("rsvpToEvent", arguments, Some(payment)))
}

/// Sets the codes of an event anew.
fn set(server: &Server, event: &str, codes: &Value) {
    let reply = server.change_event(event, &json!({"promoCodes": codes}));
    assert_eq!(reply.status, 200, "{}", reply.body);
}

/// The call is refused for its code with these words, and no money is asked for or moved.
fn refused(reply: &Reply, words: &str) {
    let body = json_of(reply);
    assert_eq!(title(reply), "promo code refused", "{body}");
    assert_eq!((reply.status, &body["moneyMoved"]), (409, &json!("no")), "{body}");
    assert!(body["detail"].as_str().unwrap().starts_with("promoCode: "), "{body}");
    assert!(reply.body.contains(words), "{words}: {body}");
}

/// The codes of the only event, as its host sees them.
fn codes(server: &Server) -> Value {
    let events = json_of(&server.as_owner(Action::Own(Own::Events), &json!({})));
    let of = |event: &Value| event["title"] == "Conference";
    let event = events["events"].as_array().unwrap().iter().find(|event| of(event)).cloned();
    event.unwrap()["promoCodes"].clone()
}

fn used(server: &Server) -> Value {
    codes(server)[0]["used"].clone()
}

fn checked(server: &Server) {
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

/// An event at which these wallets have paid before, so that none of them is a stranger.
fn known(server: &Server, wallets: std::ops::RangeInclusive<u8>) {
    let event = server.event(0);
    for wallet in wallets {
        let payment = sign(server, &rsvp(&event), wallet, wallet);
        assert_eq!(send(server, &rsvp(&event), &payment).status, 200);
    }
}

#[test]
fn a_code_lowers_the_price_in_any_writing_and_nobody_but_the_host_sees_it() {
    let server = Server::open();
    let event = event_of(&server, &half(5));
    let arguments = with(&event, " Friends ");
    assert_eq!(
        (asked(&server, &arguments), asked(&server, &rsvp(&event))),
        ("50000".into(), "100000".into())
    );
    let several = json!({"eventId": event, "promoCode": "FRIENDS", "seats": 2});
    assert_eq!(asked(&server, &several), "100000");
    let payment = sign(&server, &arguments, 1, 1);
    let bought = send(&server, &arguments, &payment);
    assert_eq!(bought.status, 200, "{}", bought.body);
    assert_eq!(codes(&server), json!([{"code": "FRIENDS", "off": "50%", "uses": 5, "used": 1}]));
    // Neither the full price nor the lower one is taken for the other.
    let full = sign(&server, &rsvp(&event), 2, 2);
    assert_eq!(send(&server, &arguments, &full).status, 402);
    let lower = sign(&server, &arguments, 3, 3);
    assert_eq!(send(&server, &rsvp(&event), &lower).status, 402);
    // Half of what was really paid goes back, and the use with it.
    let cancel = json!({"eventId": event, "refund": "0.025"});
    let cancelled = block_on(server.tool("cancelRsvp", &cancel, Some(&payment)));
    assert_eq!(json_of(&cancelled)["refund"]["amount"], "0.025", "{}", cancelled.body);
    assert_eq!(used(&server), 0);
    server.pass(700);
    let at = |tool: &str, of: &Value| block_on(server.tool(tool, of, None)).body;
    let shown =
        [at("getEvent", &json!({"eventId": event})), at("listEvents", &json!({})), bought.body];
    let kv: Vec<String> = server.world.memory.kv.borrow().values().cloned().collect();
    assert!(!kv.is_empty() && kv.iter().chain(&shown).all(|text| !text.contains("FRIENDS")));
    checked(&server);
}

#[test]
fn the_host_reads_in_its_list_and_file_who_came_with_which_code() {
    let server = Server::open();
    let event = event_of(&server, &half(5));
    let arguments = with(&event, "friends");
    assert_eq!(send(&server, &arguments, &sign(&server, &arguments, 1, 1)).status, 200);
    let full = rsvp(&event);
    assert_eq!(send(&server, &full, &sign(&server, &full, 2, 2)).status, 200);
    // Also after the code is gone.
    set(&server, &event, &json!([]));
    let id = EventId::parse(&event).unwrap();
    let read = |format| server.as_owner(Action::Own(Own::Rsvps(id.clone(), format)), &json!({}));
    let list = json_of(&read(Format::Json))["rsvps"].clone();
    assert_eq!((&list[0]["promoCode"], &list[1]["promoCode"]), (&json!("FRIENDS"), &Value::Null));
    let csv = read(Format::Csv).body;
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].ends_with("checkedInAt,promoCode"), "{csv}");
    assert!(lines[1].ends_with(",FRIENDS") && lines[2].ends_with(','), "{csv}");
}

#[test]
fn both_rails_ask_for_the_reduced_price() {
    let server = Server::open();
    let event = event_of(&server, &half(5));
    let reply = block_on(server.tool("rsvpToEvent", &with(&event, "FRIENDS"), None));
    let of = |name: &str| crate::support::header(&reply, name).map(str::to_owned);
    let offer = of("www-authenticate").unwrap_or_default();
    let request = offer.split("request=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    use base64::Engine;
    let decoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(request).unwrap();
    let request: Value = serde_json::from_slice(&decoded).unwrap();
    assert_eq!(request["amount"], "50000", "{request}");
}

#[test]
fn a_code_is_used_exactly_as_often_as_it_may_be_however_many_ask_at_once() {
    let server = Server::open();
    known(&server, 1..=10);
    let event = event_of(&server, &half(3));
    let arguments = with(&event, "FRIENDS");
    let payments: Vec<Value> = (1..=10).map(|n| sign(&server, &arguments, n, 20 + n)).collect();
    let calls =
        payments.iter().map(|payment| server.tool("rsvpToEvent", &arguments, Some(payment)));
    let replies = join_all(calls.collect());
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 3);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        refused(reply, "promoCode: ");
    }
    assert_eq!(used(&server), 3);
    refused(&block_on(server.tool("rsvpToEvent", &arguments, None)), "as often as it can be");
    assert_eq!(asked(&server, &rsvp(&event)), "100000", "the full price is for all");
    checked(&server);
}

#[test]
fn several_seats_need_as_many_uses() {
    let server = Server::open();
    let event = event_of(&server, &half(3));
    let of = |seats: u32| json!({"eventId": event, "promoCode": "FRIENDS", "seats": seats});
    let payment = sign(&server, &of(2), 1, 1);
    assert_eq!(send(&server, &of(2), &payment).status, 200);
    refused(&block_on(server.tool("rsvpToEvent", &of(2), None)), "is good for 1 more");
    assert_eq!(asked(&server, &of(1)), "50000");
    checked(&server);
}

#[test]
fn a_use_is_held_while_its_payment_is_open_and_given_back_when_that_fails() {
    let server = Server::open();
    let event = event_of(&server, &half(1));
    let arguments = with(&event, "FRIENDS");
    let [first, second, third] = [1, 2, 3].map(|n| sign(&server, &arguments, n, n));
    let settles = [Settles::Refuses("insufficient_funds"), Settles::Hangs];
    server.world.memory.settles.borrow_mut().extend(settles);
    assert_eq!(send(&server, &arguments, &first).status, 402, "refused: the use is free again");
    assert_eq!(json_of(&send(&server, &arguments, &second))["moneyMoved"], "unknown");
    refused(&send(&server, &arguments, &third), "being settled");
    refused(&block_on(server.tool("rsvpToEvent", &arguments, None)), "being settled");
    assert_eq!(used(&server), 0);
    // Fewer than that cannot be allowed any more.
    let fewer = server.change_event(&event, &json!({"promoCodes": half(1)}));
    assert_eq!(fewer.status, 200, "{}", fewer.body);
    checked(&server);
    // Its authorization runs out unused, or the alarm settles it: the use is counted once, or not.
    server.pass(300);
    assert_eq!(used(&server), server.int("SELECT count(*) FROM rsvps WHERE promo IS NOT NULL"));
    checked(&server);
}

#[test]
fn a_seat_that_a_code_makes_free_is_taken_by_signing_in_and_counted() {
    let server = Server::open();
    let event = event_of(&server, &json!([{"code": "GUESTS-1", "off": "0.15", "uses": 1}]));
    let arguments = with(&event, "guests-1");
    let asked = block_on(server.tool("rsvpToEvent", &arguments, None));
    assert_eq!(asked.status, 401, "{}", asked.body);
    let taken = server.proven("rsvpToEvent", &arguments, 1);
    assert_eq!(taken.status, 200, "{}", taken.body);
    assert_eq!((used(&server), server.int("SELECT count(*) FROM payments")), (json!(1), 0));
    refused(&server.proven("rsvpToEvent", &arguments, 2), "used as often");
    // The wallet gives its seat back, and the use with it.
    let cancelled = server.proven("cancelRsvp", &json!({"eventId": event, "refund": "0"}), 1);
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    assert_eq!(used(&server), 0);
    checked(&server);
}

/// Tries a code from this address.
fn guess(server: &Server, arguments: &Value, source: &str) -> Reply {
    let action = Action::AtHost(AtHost::Tool("rsvpToEvent".to_owned()));
    let mut request = server.request(action, false, &[], arguments);
    request.command.source = Source::parse(source);
    block_on(server.host.handle(request))
}

#[test]
fn a_stranger_finds_no_code_by_trying() {
    let server = Server::open();
    let event = event_of(&server, &half(5));
    let unlimited = json!({"limits": {"unpaidPerMinute": 1000}});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &unlimited).status, 200);
    let right = with(&event, "FRIENDS");
    for n in 0..10 {
        let wrong = if n == 9 { "no code at all!".to_owned() } else { format!("GUESS{n}") };
        refused(&guess(&server, &with(&event, &wrong), "198.51.100.7"), "is not one of this event");
    }
    // From now on the right code says nothing either, to this network.
    let limited = guess(&server, &right, "198.51.100.7");
    assert_eq!((limited.status, title(&limited)), (429, json!("rate limited")), "{}", limited.body);
    assert_eq!(json_of(&limited)["moneyMoved"], "no");
    assert_eq!(guess(&server, &right, "198.51.100.8").status, 402);
    assert_eq!(
        guess(&server, &rsvp(&event), "198.51.100.7").status,
        402,
        "the full price is for all"
    );
    // Many networks together have a hundred, and then one each.
    for n in 0..300 {
        guess(&server, &with(&event, &format!("OTHER{n}")), &format!("203.0.{}.1", n / 9));
    }
    let tried = server.int("SELECT count(*) FROM promo_guesses");
    assert!((100..=136).contains(&tried), "{tried}");
    assert_eq!(
        guess(&server, &right, "192.0.2.1").status,
        402,
        "a guest who has the code is heard"
    );
    guess(&server, &with(&event, "OTHER"), "192.0.2.1");
    assert_eq!(title(&guess(&server, &right, "192.0.2.1")), "rate limited");
    server.pass(3_700);
    assert_eq!(guess(&server, &right, "198.51.100.7").status, 402);
    checked(&server);
}

#[test]
fn what_was_asked_for_is_taken_though_the_code_has_ended_or_was_removed_meanwhile() {
    let server = Server::open();
    let now = server.world.memory.now.get();
    let until = UnixSeconds::new(now + 1_000).to_string();
    let event = event_of(&server, &json!([{"code": "FRIENDS", "off": "50%", "expiresAt": until}]));
    let arguments = with(&event, "FRIENDS");
    server.world.memory.now.set(now + 990);
    let [one, two, three] = [1, 2, 3].map(|n| sign(&server, &arguments, n, n));
    server.world.memory.now.set(now + 1_010);
    refused(&block_on(server.tool("rsvpToEvent", &arguments, None)), "has ended");
    assert_eq!(send(&server, &arguments, &one).status, 200);
    set(&server, &event, &json!([]));
    assert_eq!(codes(&server), json!([]));
    refused(&block_on(server.tool("rsvpToEvent", &arguments, None)), "is not one of this event");
    assert_eq!(send(&server, &arguments, &two).status, 200);
    // Once the challenge is over, nothing is taken.
    server.world.memory.now.set(now + 1_111);
    refused(&send(&server, &arguments, &three), "has ended");
    assert_eq!(server.int("SELECT sum(amount) FROM payments"), 100_000);
    // Made again it counts anew; a seat of before gives nothing back to it.
    set(&server, &event, &half(1));
    assert_eq!(used(&server), 0);
    let cancel = json!({"eventId": event, "refund": "0.025"});
    assert_eq!(block_on(server.tool("cancelRsvp", &cancel, Some(&one))).status, 200);
    assert_eq!((used(&server), asked(&server, &arguments)), (json!(0), json!("50000")));
    checked(&server);
}

#[test]
fn a_code_that_is_changed_meanwhile_is_a_new_challenge_and_no_price_counts_that_was_never_asked() {
    let server = Server::open();
    let event = event_of(&server, &half(0));
    let arguments = with(&event, "FRIENDS");
    let payment = sign(&server, &arguments, 1, 1);
    // The price doubles, and the code takes 75 percent off instead of half.
    let more = json!({"price": "0.20", "promoCodes": [{"code": "FRIENDS", "off": "75%"}]});
    assert_eq!(server.change_event(&event, &more).status, 200);
    let mut offer = server.challenge("rsvpToEvent", &arguments)["accepts"][0].clone();
    assert_eq!(offer["amount"], "50000");
    assert_eq!(send(&server, &arguments, &payment).status, 200, "it is the same price");
    // 75 percent off the price of before was never asked for.
    offer["amount"] = json!("25000");
    let made_up = Wallet::new(2).pay(&offer, 2);
    assert_eq!(send(&server, &arguments, &made_up).status, 402);
    // A price that changes while the code stays is taken for the life of the challenge.
    let before = sign(&server, &arguments, 3, 3);
    server.world.memory.now.set(server.world.memory.now.get() + 10);
    assert_eq!(server.change_event(&event, &json!({"price": "0.40"})).status, 200);
    assert_eq!(asked(&server, &arguments), "100000");
    assert_eq!(send(&server, &arguments, &before).status, 200);
    set(&server, &event, &json!([{"code": "FRIENDS", "off": "50%"}]));
    let late = sign(&server, &arguments, 4, 4);
    set(&server, &event, &json!([{"code": "FRIENDS", "off": "25%"}]));
    let again = send(&server, &arguments, &late);
    assert_eq!((again.status, asked(&server, &arguments)), (402, json!("300000")));
    checked(&server);
}

#[test]
fn a_host_is_told_what_is_wrong_with_a_code() {
    let server = Server::open();
    let event = event_of(&server, &half(2));
    let payment = sign(&server, &with(&event, "FRIENDS"), 1, 1);
    assert_eq!(send(&server, &with(&event, "FRIENDS"), &payment).status, 200);
    let many: Vec<Value> =
        (0..51).map(|n| json!({"code": format!("CODE{n}"), "off": "1%"})).collect();
    for (codes, words) in [
        (json!([{"code": "abc", "off": "5%"}]), "4 to 30 letters"),
        (json!([{"code": "caf\u{e9}s", "off": "5%"}]), "4 to 30 letters"),
        (json!([{"code": "GOOD", "off": "5%"}, {"code": "good", "off": "6%"}]), "twice"),
        (json!([{"code": "GOOD", "off": "0%"}]), "1% to 100%"),
        (json!([{"code": "GOOD", "off": "101%"}]), "1% to 100%"),
        (json!([{"code": "GOOD", "off": "356%"}]), "1% to 100%"),
        (json!([{"code": "GOOD", "off": "0"}]), "1% to 100%"),
        (json!([{"code": "GOOD", "off": "one"}]), "what it takes off"),
        (json!([{"code": "GOOD", "off": "-5"}]), "1% to 100%"),
        (json!([{"code": "GOOD", "off": "5.5%"}]), "1% to 100%"),
        (json!([{"code": "GOOD", "off": "0.0995"}]), "the least that can be paid"),
        (json!([{"code": "GOOD", "off": "5%", "uses": 1_000_001}]), "too many uses"),
        (
            json!([{"code": "GOOD", "off": "5%", "expiresAt": "2020-01-01T00:00:00Z"}]),
            "later than now",
        ),
        (json!(many), "at most 50"),
    ] {
        let reply = server.change_event(&event, &json!({"promoCodes": codes}));
        assert_eq!(reply.status, 422, "{codes}: {}", reply.body);
        assert!(
            reply.body.contains("promoCodes: ") && reply.body.contains(words),
            "{}",
            reply.body
        );
    }
    assert_eq!(used(&server), 1, "nothing was changed");
    // What was sold counts, however the code is changed.
    let more = server.change_event(&event, &json!({"seats": 1, "promoCodes": half(1)}));
    assert_eq!(more.status, 422);
    set(&server, &event, &json!([{"code": "friends", "off": "0.02", "uses": 1}]));
    refused(&block_on(server.tool("rsvpToEvent", &with(&event, "FRIENDS"), None)), "used as often");
    // A price at which a code leaves too little is refused, too.
    set(&server, &event, &json!([{"code": "NEARLY", "off": "99%"}]));
    let cheap = server.change_event(&event, &json!({"price": "0.01"}));
    assert!(cheap.status == 422 && cheap.body.contains("NEARLY"), "{}", cheap.body);
    checked(&server);
}
