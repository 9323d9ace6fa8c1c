//! Paid results arrive: whichever server the session is connected to meanwhile, with or without a client, and
//! whatever the server answers.

use events_concierge::guest::NotLetIn;
use events_concierge::ports::Sql;
use serde_json::{Value, json};

use crate::guest::deployment::{LEGACY_URL, Mood, deployment};
use crate::guest::kit::{
    ADA, DAY, HOUR, Visit, arrived_once, bought, person, purchase, seat_at, url_of,
};
use crate::support::NOW;

#[test]
fn what_was_paid_for_arrives_while_the_session_is_connected_to_another_server_or_to_none() {
    let moves: [fn(&Visit); 3] = [
        |visit| visit.connect(&url_of(&visit.room.deployment.other)),
        |visit| visit.say(&json!({"type": "disconnect_mcp"})),
        |_| {},
    ];
    for go in moves {
        for ends in [false, true] {
            let mut visit = bought(Mood::Away);
            let hellos = visit.room.deployment.hellos.get();
            go(&visit);
            if ends {
                visit.evict();
            }
            visit.pass(30);
            visit.room.deployment.mood.set(Mood::Well);
            visit.pass(HOUR);
            arrived_once(&visit, &visit.tickets());
            assert_eq!(visit.all("payment_receipt").len(), 1);
            visit.pass(2 * DAY);
            arrived_once(&visit, &visit.tickets());
            assert_eq!(
                visit.room.deployment.hellos.get(),
                hellos,
                "over the connection of the purchase"
            );
        }
    }
}

#[test]
fn what_arrives_while_nobody_is_there_is_told_once_to_the_returning_client() {
    let ada = person(ADA, NOW);
    let visit = bought(Mood::Well);
    visit.connect(&url_of(&visit.room.deployment.other));
    visit.room.is_client_there.set(false);
    visit.pass(HOUR);
    assert!(visit.tickets().is_empty());
    arrived_once(&visit, &visit.tickets_of_a_returning_client(Some(&ada)));
    visit.room.is_client_there.set(true);
    visit.say(&json!({"type": "chat", "text": "help"}));
    assert!(visit.tickets_of_a_returning_client(Some(&ada)).is_empty());
    visit.pass(DAY);
    assert!(visit.tickets().is_empty());
}

#[test]
fn a_ticket_that_a_dead_line_swallowed_is_told_again_until_a_client_shows_to_be_there() {
    let ada = person(ADA, NOW);
    for leaves in [false, true] {
        let deployment = deployment();
        let mut visit = Visit::buying(&deployment, Some(&ada));
        // The socket takes it, and there is nobody at its other end.
        visit.say(&visit.seat());
        assert_eq!(visit.tickets().len(), 1);
        visit.evict();
        for _ in 0..2 {
            arrived_once(&visit, &visit.tickets_of_a_returning_client(Some(&ada)));
        }
        if leaves {
            visit.guest.left().unwrap();
        } else {
            visit.say(&json!({"type": "chat", "text": "help"}));
        }
        assert!(visit.tickets_of_a_returning_client(Some(&ada)).is_empty());
    }
}

#[test]
fn tickets_do_not_make_room_for_what_else_is_missed() {
    let visit = bought(Mood::Well);
    visit.room.is_client_there.set(false);
    visit.pass(HOUR);
    for _ in 0..60 {
        visit.say(&json!({"type": "chat", "text": "help"}));
    }
    arrived_once(&visit, &visit.tickets_of_a_returning_client(Some(&person(ADA, NOW))));
}

#[test]
fn a_server_that_could_not_be_asked_was_not_asked_and_has_not_refused() {
    for mood in [
        Mood::Away,
        Mood::Silent,
        Mood::Babbles,
        Mood::Errs,
        Mood::Says(401),
        Mood::Says(403),
        Mood::Says(404),
        Mood::Says(429),
        Mood::Says(500),
        Mood::Says(503),
    ] {
        let visit = bought(mood);
        visit.pass(5 * HOUR);
        let deployment = &visit.room.deployment;
        assert!(deployment.paid.get() > 8, "{mood:?}");
        assert_eq!(purchase(&visit, "state || shown || refusals"), "paid00", "{mood:?}");
        assert_eq!(visit.all("payment_receipt").len(), 1, "that money moved is said at once");
        let errors = visit.all("tool_error");
        assert_eq!(errors.len(), 1, "{mood:?}: {errors:?}");
        assert!(visit.room.noted.get());
        assert!(visit.guest.sweep().unwrap());
        deployment.mood.set(Mood::Well);
        visit.pass(HOUR);
        arrived_once(&visit, &visit.tickets());
        assert!(!visit.guest.sweep().unwrap());
    }
}

#[test]
fn a_server_that_refuses_what_was_paid_for_is_named_after_four_answers_and_asked_on() {
    for mood in [Mood::Refuses, Mood::AsksAgain] {
        let visit = bought(Mood::Away);
        // What was sent in vain uses up nothing of its patience.
        visit.pass(5 * HOUR);
        assert_eq!(visit.all("tool_error").len(), 1);
        visit.room.deployment.mood.set(mood);
        visit.pass(2 * HOUR);
        assert_eq!(purchase(&visit, "refusals"), "2", "{mood:?}");
        assert_eq!(visit.all("tool_error").len(), 1);
        visit.pass(9 * HOUR);
        let errors = visit.all("tool_error");
        assert_eq!(errors.len(), 2, "{mood:?}");
        let said = (&errors[1]["code"], &errors[1]["moneyMoved"], &errors[1]["callId"]);
        assert_eq!(said, (&json!("not_delivered"), &json!("yes"), &json!("seat")));
        visit.room.deployment.mood.set(Mood::Well);
        visit.pass(HOUR);
        arrived_once(&visit, &visit.tickets());
    }
}

#[test]
fn an_open_purchase_is_looked_after_less_and_less_often_down_to_once_an_hour() {
    let visit = bought(Mood::Away);
    visit.pass(HOUR);
    let asked = visit.room.deployment.paid.get();
    assert!((8..20).contains(&asked), "{asked}");
    visit.pass(3 * DAY);
    let asked = visit.room.deployment.paid.get() - asked;
    assert!((70..80).contains(&asked), "{asked}");
}

#[test]
fn who_comes_back_or_calls_again_has_the_server_asked_at_once_and_pays_nothing_more() {
    let ada = person(ADA, NOW);
    for calls in [false, true] {
        let visit = bought(Mood::Away);
        visit.pass(DAY);
        visit.room.deployment.mood.set(Mood::Well);
        if calls {
            let event = purchase(&visit, "arguments");
            let again = json!({"type": "call_tool", "tool": "rsvpToEvent", "callId": "again",
                "arguments": serde_json::from_str::<Value>(&event).unwrap()});
            visit.say(&again);
            assert_eq!(visit.last("tool_error")["code"], "already_under_way");
        } else {
            visit.resume(Some(&ada)).unwrap();
        }
        visit.pass(1);
        arrived_once(&visit, &visit.tickets());
    }
}

#[test]
fn a_payment_that_ran_out_unused_ends_the_purchase_also_at_a_server_that_is_gone() {
    let deployment = deployment();
    let visit = Visit::buying(&deployment, Some(&person(ADA, NOW)));
    let seat = visit.seat();
    visit.say(&json!({"type": "set_policy", "askAbove": "0.00"}));
    visit.say(&seat);
    // The server is gone when the payment leaves.
    deployment.mood.set(Mood::Away);
    let id = visit.last("payment_required")["confirmationId"].clone();
    visit.say(&json!({"type": "confirm", "confirmationId": id}));
    assert_eq!(visit.last("tool_error")["moneyMoved"], "unknown");
    visit.pass(HOUR);
    assert_eq!((deployment.transfers(), purchase(&visit, "state")), (0, "failed".to_owned()));
    assert_eq!(
        visit.all("tool_error").len(),
        1,
        "who was told that it is unknown sees the history"
    );
    assert_eq!(visit.last("history")["payments"][0]["state"], "failed");
    assert!(!visit.guest.sweep().unwrap());
}

#[test]
fn while_the_chain_cannot_be_asked_a_purchase_stays_open_and_no_harm_is_done() {
    let visit = bought(Mood::Away);
    let chain = &visit.room.deployment.server.world.memory.chain;
    chain.is_down.set(true);
    visit.pass(DAY);
    assert_eq!(purchase(&visit, "state || shown"), "unknown0");
    visit.room.deployment.mood.set(Mood::Well);
    visit.pass(2 * HOUR);
    assert_eq!(visit.tickets().len(), 1, "the server can be asked");
    assert!(visit.all("payment_receipt").is_empty(), "nobody says paid but the chain");
    chain.is_down.set(false);
    visit.pass(2 * HOUR);
    arrived_once(&visit, &visit.tickets());
    assert_eq!(visit.all("payment_receipt").len(), 1);
}

#[test]
fn a_server_that_forgot_our_session_is_asked_over_a_new_one_of_the_purchase_alone() {
    let deployment = deployment();
    let visit = Visit::buying(&deployment, Some(&person(ADA, NOW)));
    visit.connect(LEGACY_URL);
    let seat = visit.seat();
    deployment.mood.set(Mood::Loses);
    visit.say(&seat);
    deployment.mood.set(Mood::Well);
    // Connected elsewhere; the server begins anew meanwhile.
    visit.connect(&url_of(&deployment.other));
    let here = visit.text("SELECT connection FROM session");
    deployment.legacy_session.set(2);
    visit.pass(HOUR);
    arrived_once(&visit, &visit.tickets());
    assert!(purchase(&visit, "connection").contains(r#""session":"2""#));
    assert_eq!(visit.text("SELECT connection FROM session"), here);
}

#[test]
fn a_purchase_of_before_its_connection_was_kept_gets_a_new_one() {
    for connection in ["NULL", "'{'", "'[]'"] {
        let visit = bought(Mood::Well);
        visit.connect(&url_of(&visit.room.deployment.other));
        let statement = format!("UPDATE purchases SET connection = {connection}");
        visit.room.own.run(&statement, &[]).unwrap();
        visit.pass(HOUR);
        arrived_once(&visit, &visit.tickets());
    }
}

#[test]
fn calls_at_once_have_ids_of_their_own() {
    let visit = bought(Mood::Away);
    let deployment = &visit.room.deployment;
    visit.pass(HOUR);
    deployment.mood.set(Mood::Well);
    let list = json!({"type": "call_tool", "tool": "listEvents", "arguments": {}}).to_string();
    crate::support::join_all((0..5).map(|_| Box::pin(visit.guest.hear(&list))).collect());
    visit.pass(HOUR);
    let ids = deployment.ids.borrow();
    let different: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(different.len(), ids.len());
}

#[test]
fn a_session_that_has_ended_stays_thirty_days_for_what_was_paid_and_tells_it_to_its_owner_only() {
    let visit = bought(Mood::Away);
    let deployment = &visit.room.deployment;
    visit.room.is_client_there.set(false);
    visit.pass(30 * DAY - HOUR);
    assert!(!visit.guest.is_over().unwrap());
    visit.pass(HOUR);
    let back = person(ADA, deployment.now());
    assert!(!visit.guest.is_over().unwrap(), "it is still owed");
    assert!(visit.guest.silence(None).unwrap().is_some(), "nothing may be said there");
    assert_eq!(visit.resume(None), Err(NotLetIn::SignInNeeded));
    assert_eq!(visit.resume(Some(&back)), Ok(()), "to hear");
    assert_eq!(visit.text("SELECT used_at FROM session"), NOW.to_string(), "which is no use of it");
    deployment.mood.set(Mood::Well);
    visit.pass(2 * HOUR);
    assert!(!visit.guest.is_over().unwrap(), "it is still to be heard");
    arrived_once(&visit, &visit.tickets_of_a_returning_client(Some(&back)));
    visit.guest.left().unwrap();
    assert!(visit.guest.is_over().unwrap());
}

#[test]
fn a_session_with_a_purchase_that_never_ends_is_erased_thirty_days_after_its_end_and_that_is_logged()
 {
    let visit = bought(Mood::Away);
    visit.room.deployment.server.world.memory.chain.is_down.set(true);
    visit.pass(60 * DAY - HOUR);
    assert!(!visit.guest.is_over().unwrap());
    visit.pass(2 * HOUR);
    assert!(visit.guest.is_over().unwrap());
    let lines = visit.room.lines.borrow();
    assert!(lines.last().unwrap().contains("ends with open purchases"), "{:?}", lines.last());
}

#[test]
fn a_session_pays_for_nothing_more_while_a_hundred_purchases_are_open() {
    let visit = bought(Mood::Well);
    let copy = "INSERT INTO purchases (id, door, tool, arguments, origin, challenge, amount, pay_to, \
         network, payer, state, next_check_at, created_at, updated_at) WITH RECURSIVE n(i) AS \
         (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99) SELECT 'pur_' || i, '', '', '{}', \
         'call', '{}', 1, '', '', '', 'unknown', 9999999999, 0, 0 FROM n";
    visit.room.own.run(copy, &[]).unwrap();
    visit.say(&seat_at(&visit.room.deployment.server));
    assert_eq!(visit.last("tool_error")["code"], "too_many_open");
    visit.room.own.run("DELETE FROM purchases WHERE id = 'pur_1'", &[]).unwrap();
    visit.say(&seat_at(&visit.room.deployment.server));
    assert_eq!(visit.tickets().len(), 1);
}

#[test]
fn a_budget_that_hangs_keeps_nobody_out_and_ends_no_wake() {
    let visit = bought(Mood::Well);
    visit.room.deployment.budgets_hang.set(true);
    assert_eq!(visit.resume(Some(&person(ADA, NOW))), Ok(()));
    visit.pass(HOUR);
    arrived_once(&visit, &visit.tickets());
}

#[test]
fn a_payment_and_its_receipt_say_what_was_bought() {
    let deployment = deployment();
    let visit = Visit::buying(&deployment, None);
    visit.say(&visit.seat());
    let title = visit.tickets()[0]["result"]["structuredContent"]["event"]["title"].clone();
    assert!(title.is_string());
    let receipt = visit.last("payment_receipt");
    assert_eq!(
        (&receipt["title"], &receipt["mcpUrl"]),
        (&title, &json!(url_of(&deployment.server)))
    );
    assert_eq!(visit.last("history")["payments"][0]["title"], title);
}
