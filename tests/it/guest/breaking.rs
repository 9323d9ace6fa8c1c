//! A session that breaks at any moment, rows that cannot be read, storage that fails: nothing else suffers, and
//! nothing stands still.

use std::future::Future;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use events_concierge::ports::{Sql, SqlValue};

use crate::guest::deployment::deployment;
use crate::guest::kit::{ADA, DAY, HOUR, Visit, bought_at_both, person, url_of};
use crate::support::NOW;

#[test]
fn a_damaged_row_stops_no_other_and_is_tried_again_in_an_hour() {
    for damage in [
        "arguments = '{'",
        "challenge = '{'",
        "authorization = '{'",
        "authorization = '{}'",
        "amount = -1",
        "payer = 'x', authorization = 'x'",
        "id = 'x'",
    ] {
        let visit = bought_at_both();
        let first = format!(
            "UPDATE purchases SET {damage} WHERE rowid = (SELECT min(rowid) FROM purchases)"
        );
        let kept = visit.room.own.run("SELECT id, arguments, challenge, authorization, amount, payer FROM purchases LIMIT 1", &[]).unwrap();
        visit.room.own.run(&first, &[]).unwrap();
        visit.pass(1_800);
        assert_eq!(visit.tickets().len(), 1, "{damage}: the other one");
        assert!(visit.room.alarm.get().is_some_and(|at| at <= NOW + 2 * HOUR), "{damage}");
        let lines = visit.room.lines.borrow().clone();
        let logged = lines.iter().filter(|line| line.contains("cannot be looked after")).count();
        assert_eq!(logged, 1, "{damage}: {lines:?}");
        // A returning client gets in, and sees the rest.
        visit.resume(Some(&person(ADA, NOW))).unwrap();
        let mend = "UPDATE purchases SET id = ?1, arguments = ?2, challenge = ?3, authorization = ?4, \
             amount = ?5, payer = ?6 WHERE rowid = (SELECT min(rowid) FROM purchases)";
        visit.room.own.run(mend, &kept[0]).unwrap();
        visit.pass(2 * HOUR);
        assert_eq!(visit.tickets().len(), 2, "{damage}: repaired");
    }
}

#[test]
fn what_was_signed_and_cannot_be_read_any_more_is_settled_by_the_chain() {
    let visit = bought_at_both();
    visit.room.own.run("UPDATE purchases SET signature = '0xzz'", &[]).unwrap();
    visit.pass(HOUR);
    assert_eq!(visit.all("payment_receipt").len(), 2);
}

#[test]
fn storage_that_fails_ends_no_alarm() {
    let mut visit = bought_at_both();
    for evicts in [false, true] {
        visit.room.storage_fails.set(true);
        if evicts {
            visit.evict();
        }
        for _ in 0..10 {
            visit.wake();
            let alarm = visit.room.alarm.get().unwrap();
            assert_eq!(alarm, visit.room.deployment.now() + 60);
            visit.room.deployment.set_now(alarm);
        }
        visit.room.storage_fails.set(false);
    }
    visit.pass(HOUR);
    assert_eq!(visit.tickets().len(), 2);
}

#[test]
fn storage_that_takes_no_writes_is_tried_once_a_minute() {
    let visit = bought_at_both();
    visit.room.storage_is_full.set(true);
    visit.room.deployment.set_now(NOW + 30);
    for _ in 0..10 {
        visit.wake();
        let alarm = visit.room.alarm.get().unwrap();
        assert_eq!(alarm, visit.room.deployment.now() + 60);
        visit.room.deployment.set_now(alarm);
    }
    visit.room.storage_is_full.set(false);
    visit.pass(HOUR);
    assert_eq!(visit.tickets().len(), 2);
}

#[test]
fn an_instance_that_opens_the_storage_sets_the_alarm_for_what_is_due() {
    for opens in ["sweep", "silence", "resume"] {
        let mut visit = bought_at_both();
        visit.evict();
        visit.room.alarm.set(None);
        match opens {
            "sweep" => assert!(visit.guest.sweep().unwrap()),
            "silence" => drop(visit.guest.silence(None).unwrap()),
            _ => visit.resume(Some(&person(ADA, NOW))).unwrap(),
        }
        visit.pass(HOUR);
        assert_eq!(visit.tickets().len(), 2, "{opens}");
    }
}

#[test]
fn a_session_that_dies_at_any_moment_of_a_purchase_pays_at_most_once_and_shows_what_it_paid_for_once()
 {
    let (mut ends, mut paid) = (0, 0);
    for polls in 0.. {
        let deployment = deployment();
        let mut visit = Visit::buying(&deployment, Some(&person(ADA, NOW)));
        let seat = visit.seat().to_string();
        let is_done = {
            let guest = Rc::clone(&visit.guest);
            let mut call = Box::pin(guest.hear(&seat));
            let mut context = Context::from_waker(Waker::noop());
            (0..polls).any(|_| call.as_mut().poll(&mut context) == Poll::Ready(()))
        };
        visit.evict();
        // The object is asked by nobody: its alarm alone goes on.
        visit.pass(DAY);
        assert!(deployment.nonces.borrow().len() <= 1, "{polls}");
        assert_eq!(visit.tickets().len(), deployment.transfers(), "{polls}");
        assert_eq!(visit.all("payment_receipt").len(), deployment.transfers(), "{polls}");
        assert!(!visit.guest.sweep().unwrap(), "{polls}: nothing stays open");
        (ends, paid) = (ends + 1, paid + deployment.transfers());
        if is_done {
            break;
        }
    }
    assert!(ends > 10 && paid > 3 && paid < ends, "{ends} {paid}");
}

#[test]
fn an_instance_that_dies_while_it_looks_after_a_purchase_shows_the_ticket_once() {
    for polls in 0..60 {
        let mut visit = bought_at_both();
        visit.connect(&url_of(&visit.room.deployment.server));
        visit.room.deployment.set_now(NOW + 100);
        visit.room.alarm.set(None);
        {
            let guest = Rc::clone(&visit.guest);
            let mut wake = Box::pin(guest.wake());
            let mut context = Context::from_waker(Waker::noop());
            let _ = (0..polls).any(|_| wake.as_mut().poll(&mut context) == Poll::Ready(()));
        }
        if polls > 0 {
            assert!(visit.room.alarm.get().is_some(), "{polls}");
        } else {
            visit.room.alarm.set(Some(NOW + 100));
        }
        visit.evict();
        visit.pass(DAY);
        assert_eq!(visit.tickets().len(), 2, "{polls}");
        assert_eq!(visit.all("payment_receipt").len(), 2, "{polls}");
    }
}

#[test]
fn a_live_answer_and_the_alarm_show_a_ticket_once_however_they_meet() {
    for lead in 0..40 {
        let deployment = deployment();
        let visit = Visit::buying(&deployment, Some(&person(ADA, NOW)));
        let seat = visit.seat().to_string();
        let mut call = Box::pin(visit.guest.hear(&seat));
        let mut context = Context::from_waker(Waker::noop());
        let mut is_done = (0..lead).any(|_| call.as_mut().poll(&mut context) == Poll::Ready(()));
        // The alarm comes in the middle of the call.
        deployment.set_now(NOW + 25);
        let mut wake = Box::pin(visit.guest.wake());
        let mut woke = false;
        while !is_done || !woke {
            is_done = is_done || call.as_mut().poll(&mut context) == Poll::Ready(());
            woke = woke || wake.as_mut().poll(&mut context) == Poll::Ready(());
        }
        visit.pass(DAY);
        assert_eq!(visit.tickets().len(), deployment.transfers(), "{lead}");
        assert_eq!(visit.all("payment_receipt").len(), deployment.transfers(), "{lead}");
        assert_eq!(deployment.nonces.borrow().len(), deployment.transfers(), "{lead}");
    }
}

#[test]
fn faulty_rows_of_the_session_itself_leave_its_purchases_alone() {
    for damage in
        ["tools = '{'", "connection = '{'", "wallet = '{'", "policy = '{'", "missing = '{'"]
    {
        let visit = bought_at_both();
        visit.room.own.run(&format!("UPDATE session SET {damage}"), &[]).unwrap();
        visit.pass(HOUR);
        assert_eq!(visit.tickets().len(), 2, "{damage}");
    }
}

#[test]
fn a_wake_looks_after_a_few_purchases_and_none_of_many_starves() {
    let visit = bought_at_both();
    visit.pass(60);
    let own = &visit.room.own;
    for number in 0..30 {
        own.run("CREATE TEMP TABLE one AS SELECT * FROM purchases LIMIT 1", &[]).unwrap();
        let change = format!(
            "UPDATE one SET id = 'pur_{number:024x}', door = 'https://away-{number}.example/mcp', \
             state = 'unknown', shown = 0, attempts = 0, next_check_at = {}",
            visit.room.deployment.now()
        );
        own.run(&change, &[]).unwrap();
        own.run("INSERT INTO purchases SELECT * FROM one", &[]).unwrap();
        own.run("DROP TABLE one", &[]).unwrap();
    }
    let looked = || match own
        .run("SELECT count(*) FROM purchases WHERE door LIKE 'https://away%' AND attempts > 0", &[])
        .unwrap()[0][0]
    {
        SqlValue::Int(count) => count,
        ref other @ (SqlValue::Null | SqlValue::Text(_)) => panic!("{other:?}"),
    };
    let mut wakes = 0;
    while looked() < 30 {
        own.memory.subrequests.set(0);
        own.memory.most_under_way.set(0);
        let before = looked();
        visit.wake();
        let (made, most) = (own.memory.subrequests.get(), own.memory.most_under_way.get());
        assert!(made < 50 && most <= 6, "{made} subrequests, {most} at a time");
        assert!(looked() - before <= 3);
        let alarm = visit.room.alarm.get().unwrap();
        let is_soon = alarm <= visit.room.deployment.now() + 1;
        assert!(is_soon || looked() == 30, "the next slice follows");
        visit.room.deployment.set_now(alarm.max(visit.room.deployment.now()));
        wakes += 1;
        assert!(wakes < 40, "{} of 30 after {wakes} wakes", looked());
    }
    visit.pass(DAY);
}
