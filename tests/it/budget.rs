//! Sessions of one owner spend together what one of them may spend.

use alloy_primitives::Address;
use events_concierge::base::id::PurchaseId;
use events_concierge::base::money::Usdc;
use events_concierge::ports::storage;
use events_concierge::wallets::budget::{self, Ask, Told, Wanted};
use events_concierge::wallets::policy::{Policy, Refused};
use serde_json::{Value, json};

use crate::support::{NOW, World};

const DAY: i64 = 86_400;
const WALLET: Address = Address::repeat_byte(0x11);

fn purchase(number: u8) -> PurchaseId {
    PurchaseId::parse(&format!("pur_{number:024x}")).unwrap()
}

fn wanted(number: u8, cents: u16) -> Wanted {
    Wanted {
        id: purchase(number),
        wallet: WALLET,
        amount: Usdc::from_cents(cents),
        server: "https://servers.example/mcp".to_owned(),
        tool: "rsvpToEvent".to_owned(),
        pay_to: Address::repeat_byte(0x22),
        spent_in_session: Usdc::ZERO,
        policy: None,
    }
}

fn ask(world: &World, ask: &Ask) -> Told {
    budget::answer(world, ask).unwrap()
}

fn reserve(world: &World, wanted: Wanted) -> Told {
    ask(world, &Ask::Reserve(Box::new(wanted)))
}

fn set_policy(world: &World, changes: Value) -> Told {
    ask(world, &Ask::SetPolicy { changes, wallet: None })
}

fn spent(world: &World) -> Usdc {
    let told = ask(world, &Ask::Look { wallet: Some(WALLET) });
    let Told::View { spent_day, .. } = told else { panic!("{told:?}") };
    spent_day
}

#[test]
fn a_dollar_a_day_is_spent_once_however_many_sessions_spend_it() {
    let world = World::new();
    set_policy(&world, json!({"perDay": "1.00"}));
    // Each session has spent nothing itself, for all it knows.
    let granted = (0..8).map(|session| reserve(&world, wanted(session, 30)));
    let granted = granted.filter(|told| matches!(told, Told::Granted(_))).count();
    assert_eq!((granted, spent(&world)), (3, Usdc::from_cents(90)));
    let (amount, limit) = (Usdc::from_cents(11), Usdc::from_cents(100));
    let over = Refused::PerDay { amount, spent: Usdc::from_cents(90), limit };
    assert_eq!(reserve(&world, wanted(9, 11)), Told::Refused(over));
    assert_eq!(reserve(&world, wanted(9, 10)), Told::Granted(Usdc::from_cents(100)));
    // Another wallet of the same owner has a budget of its own.
    let other = Wanted { wallet: Address::repeat_byte(0x33), ..wanted(10, 100) };
    assert_eq!(reserve(&world, other), Told::Granted(Usdc::from_cents(100)));
}

#[test]
fn a_purchase_counts_once_however_often_it_is_asked_for_and_until_it_is_released() {
    let world = World::new();
    for _ in 0..3 {
        assert_eq!(reserve(&world, wanted(1, 80)), Told::Granted(Usdc::from_cents(80)));
    }
    ask(&world, &Ask::Release(purchase(2)));
    assert_eq!(spent(&world), Usdc::from_cents(80));
    for _ in 0..2 {
        assert_eq!(ask(&world, &Ask::Release(purchase(1))), Told::Released);
        assert_eq!(spent(&world), Usdc::ZERO);
    }
}

#[test]
fn what_a_crashed_session_has_reserved_is_free_again_after_a_day() {
    let world = World::new();
    reserve(&world, wanted(1, 80));
    budget::rearm(&world).unwrap();
    assert_eq!(world.memory.alarm.get(), Some(NOW + DAY));
    world.memory.now.set(NOW + DAY - 1);
    assert!(budget::forget(&world).unwrap());
    assert_eq!(spent(&world), Usdc::from_cents(80));
    world.memory.now.set(NOW + DAY);
    assert_eq!(spent(&world), Usdc::ZERO);
    assert!(!budget::forget(&world).unwrap(), "nothing is left to keep");
}

#[test]
fn the_policy_is_that_of_the_owner_and_a_faulty_one_changes_nothing() {
    let world = World::new();
    assert!(matches!(set_policy(&world, json!({"perCall": "2.00"})), Told::View { .. }));
    let policy = Policy { per_call: Usdc::from_cents(200), ..Policy::default() };
    let told = set_policy(&world, json!({"perCall": "3.00", "perDay": 1}));
    assert!(matches!(&told, Told::Invalid(why) if why.starts_with("perDay ")), "{told:?}");
    let view = Told::View { policy, spent_day: Usdc::ZERO };
    assert_eq!(ask(&world, &Ask::Look { wallet: None }), view);
    // A session that has not heard of it is held to it all the same.
    set_policy(&world, json!({"payTo": ["0x4444444444444444444444444444444444444444"]}));
    let told = reserve(&world, wanted(1, 10));
    assert!(matches!(told, Told::Refused(Refused::PayTo { .. })), "{told:?}");
}

#[test]
fn a_wallet_of_nobody_is_held_to_the_policy_of_the_session_that_pays() {
    let world = World::new();
    let policy = |cents| Some(Policy { per_day: Usdc::from_cents(cents), ..Policy::default() });
    let with = |number, cents| Wanted { policy: policy(cents), ..wanted(number, 60) };
    assert!(matches!(reserve(&world, with(1, 100)), Told::Granted(_)));
    let told = reserve(&world, with(2, 100));
    assert!(matches!(told, Told::Refused(Refused::PerDay { .. })), "{told:?}");
    assert!(matches!(reserve(&world, with(3, 120)), Told::Granted(_)));
    let long = Wanted { spent_in_session: Usdc::from_cents(480), ..with(4, 900) };
    let told = reserve(&world, long);
    assert!(matches!(told, Told::Refused(Refused::PerSession { .. })), "{told:?}");
}

#[test]
fn who_only_looks_or_releases_stores_nothing() {
    let world = World::new();
    assert_eq!(spent(&world), Usdc::ZERO);
    ask(&world, &Ask::Release(purchase(1)));
    budget::rearm(&world).unwrap();
    assert!(!storage::is_used(&world).unwrap());
    assert_eq!(world.memory.alarm.get(), None);
}

#[test]
fn a_policy_that_nobody_asks_for_is_forgotten_after_a_year() {
    let world = World::new();
    set_policy(&world, json!({"perDay": "1.00"}));
    world.memory.now.set(NOW + 200 * DAY);
    spent(&world);
    world.memory.now.set(NOW + 565 * DAY - 1);
    assert!(budget::forget(&world).unwrap());
    world.memory.now.set(NOW + 565 * DAY);
    assert!(!budget::forget(&world).unwrap());
}
