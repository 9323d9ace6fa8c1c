//! A guest session over a deployment in memory ([`deployment`]): whose it is, who may speak, what a wallet of ours signs, and
//! when it ends; what becomes of what it buys is in [`buying`] and [`breaking`].

mod breaking;
mod buying;
pub(crate) mod deployment;
pub(crate) mod kit;
mod ordinary;
mod questions;
mod seats;
mod simulation;
mod withdrawals;
mod words;

use std::rc::Rc;

use events_concierge::guest::NotLetIn;
use events_concierge::guest::handshake::SignIn;
use events_concierge::ports::Sql;
use serde_json::{Value, json};

use crate::guest::deployment::deployment;
use crate::guest::kit::{ADA, BOB, DAY, Visit, person};
use crate::support::{NOW, join_all};

#[test]
fn the_token_opens_a_session_for_its_owner_and_nobody_else() {
    let deployment = deployment();
    let (ada, bob) = (person(ADA, NOW), person(BOB, NOW));
    let planted = Visit::begin(&deployment, None);
    assert_eq!(planted.resume(None), Ok(()));
    assert_eq!(planted.resume(Some(&ada)), Err(NotLetIn::NotYours), "it never becomes hers");
    let own = Visit::begin(&deployment, Some(&ada));
    assert_eq!(own.resume(None), Err(NotLetIn::SignInNeeded));
    assert_eq!(own.resume(Some(&bob)), Err(NotLetIn::NotYours));
    assert_eq!(own.resume(Some(&person(ADA, NOW + 50))), Ok(()));
}

#[test]
fn a_socket_speaks_only_while_its_own_sign_in_counts() {
    let deployment = deployment();
    let ada = person(ADA, NOW);
    let own = Visit::begin(&deployment, Some(&ada));
    let is_silent = |sign_in| own.guest.silence(sign_in).unwrap().is_some();
    let old = SignIn::of(&ada);
    assert!(!is_silent(Some(old)) && is_silent(None));
    deployment.server.world.memory.now.set(NOW + DAY - 1);
    assert!(!is_silent(Some(old)));
    deployment.server.world.memory.now.set(NOW + DAY);
    // Another tab of the same person has come with a new sign-in; the old one's cookie is worth nothing.
    let new = person(ADA, NOW + DAY);
    assert_eq!(own.resume(Some(&new)), Ok(()));
    assert!(is_silent(Some(old)) && !is_silent(Some(SignIn::of(&new))));
    // A sign-out that one tab has heard of silences all sockets of before.
    let newer = person(ADA, NOW + DAY + 20);
    let end = NOW + DAY + 10;
    own.resume_after(&newer, end);
    assert_eq!(own.room.dismissed.get(), Some(end));
    assert!(is_silent(Some(SignIn::of(&new))) && !is_silent(Some(SignIn::of(&newer))));
    let nobodys = Visit::begin(&deployment, None);
    assert!(nobodys.guest.silence(None).unwrap().is_none());
}

#[test]
fn our_wallet_signs_and_the_policy_changes_only_for_an_owner_who_is_signed_in_now() {
    for (signed_out_at, later, may) in
        [(None, DAY - 1, true), (None, DAY, false), (Some(NOW + 9), 10, false)]
    {
        let deployment = deployment();
        let own = Visit::buying(&deployment, Some(&person(ADA, NOW)));
        let seat = own.seat();
        deployment.signed_out_at.set(signed_out_at);
        deployment.server.world.memory.now.set(NOW + later);
        own.say(&json!({"type": "set_policy", "perCall": "77.00"}));
        let is_changed = own.last("policy")["policy"]["perCall"] == "77.00";
        own.say(&seat);
        assert_eq!(
            (is_changed, deployment.paid.get() > 0),
            (may, may),
            "{signed_out_at:?} {later}"
        );
        if !may {
            let error = own.last("tool_error");
            assert_eq!(
                (&error["code"], &error["moneyMoved"]),
                (&json!("sign_in_again"), &json!("no"))
            );
        }
    }
}

#[test]
fn two_sessions_of_an_owner_spend_a_days_limit_once() {
    let deployment = deployment();
    let ada = person(ADA, NOW);
    let visits = [Visit::buying(&deployment, Some(&ada)), Visit::buying(&deployment, Some(&ada))];
    visits[0].say(&json!({"type": "set_policy", "perDay": "0.10"}));
    // All at once, each a step at a time.
    let calls: Vec<_> = visits.iter().chain(&visits).map(|visit| (visit, visit.seat())).collect();
    let hear = |visit: &Visit, seat: &Value| {
        let (guest, text) = (Rc::clone(&visit.guest), seat.to_string());
        async move { Box::pin(guest.hear(&text)).await }
    };
    join_all(calls.iter().map(|(visit, seat)| hear(visit, seat)).collect());
    let signed = |visit: &Visit| {
        let statement = "SELECT id FROM purchases WHERE signature IS NOT NULL";
        visit.room.run(statement, &[]).unwrap().len()
    };
    assert_eq!(visits.iter().map(signed).sum::<usize>(), 2);
    let told = visits.iter().flat_map(|visit| visit.room.told.borrow().clone());
    assert_eq!(told.filter(|message| message["code"] == "over_per_day").count(), 2);
    // Another user's day is not hers.
    let other = Visit::buying(&deployment, Some(&person(BOB, NOW)));
    other.say(&other.seat());
    assert_eq!(signed(&other), 1);
}

#[test]
fn nothing_is_signed_while_the_budget_cannot_be_asked() {
    let deployment = deployment();
    let own = Visit::buying(&deployment, Some(&person(ADA, NOW)));
    deployment.budgets_are_down.set(true);
    own.say(&own.seat());
    let error = own.last("tool_error");
    assert_eq!(
        (&error["code"], &error["moneyMoved"], deployment.paid.get()),
        (&json!("budget_unavailable"), &json!("no"), 0)
    );
}

#[test]
fn a_session_ends_after_thirty_days_without_use_or_ninety_in_all() {
    let deployment = deployment();
    let now = |at: i64| deployment.server.world.memory.now.set(at);
    let unused = Visit::begin(&deployment, None);
    now(NOW + 30 * DAY - 1);
    assert!(!unused.guest.is_over().unwrap());
    now(NOW + 30 * DAY);
    assert_eq!(unused.resume(None), Err(NotLetIn::Ended));
    assert!(unused.guest.silence(None).unwrap().is_some());
    assert!(unused.guest.is_over().unwrap());

    now(NOW);
    let used = Visit::begin(&deployment, None);
    assert_eq!(used.room.alarm.get(), Some(NOW + 30 * DAY));
    for day in (20..90).step_by(20) {
        now(NOW + day * DAY);
        assert_eq!(used.resume(None), Ok(()), "{day}");
    }
    now(NOW + 90 * DAY - 1);
    assert_eq!(used.resume(None), Ok(()));
    now(NOW + 90 * DAY);
    assert_eq!(used.resume(None), Err(NotLetIn::Ended));
    assert!(used.guest.is_over().unwrap());
}
