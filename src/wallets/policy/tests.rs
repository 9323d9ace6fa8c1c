//! Decisions of the policy.

use alloy_primitives::address;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const SERVER: &str = "https://servers.example/mcp/users/ada";
const HOST: Address = address!("9965507D1a55bcC2695C58ba16FB37d819B0A4dc");

fn cents(cents: u16) -> Usdc {
    Usdc::from_cents(cents)
}

fn purchase(cents: u16) -> Purchase<'static> {
    Purchase {
        server: SERVER,
        tool: "rsvpToEvent",
        amount: Usdc::from_cents(cents),
        pay_to: HOST,
        listed: None,
    }
}

fn code(policy: &Policy, purchase: &Purchase<'_>, spent: Spent) -> &'static str {
    match judge(policy, purchase, spent) {
        Verdict::Refuse(refused) => refused.code(),
        Verdict::Ask(_) => "ask",
        Verdict::Pay => "pay",
    }
}

#[test]
fn it_asks_above_the_threshold_and_always_if_that_is_nothing() {
    let asks = Policy::default();
    let pays = Policy { ask_above: cents(5), ..Policy::default() };
    let nothing = Spent::default();
    assert_eq!(code(&asks, &purchase(0), nothing), "ask");
    assert_eq!(code(&asks, &purchase(5), nothing), "ask");
    assert_eq!(code(&pays, &purchase(5), nothing), "pay");
    assert_eq!(code(&pays, &purchase(6), nothing), "ask");
}

#[test]
fn each_limit_may_be_reached_and_not_passed() {
    let policy = Policy { ask_above: cents(1000), ..Policy::default() };
    let spent = |session, day| Spent { session: cents(session), day: cents(day) };
    for (amount, spent, expected) in [
        (100, spent(0, 0), "pay"),
        (101, spent(0, 0), "over_per_call"),
        (100, spent(400, 0), "pay"),
        (100, spent(401, 0), "over_per_session"),
        (100, spent(0, 900), "pay"),
        (100, spent(0, 901), "over_per_day"),
        (1, Spent { session: Usdc::MAX, day: Usdc::ZERO }, "over_per_session"),
        (1, Spent { session: Usdc::ZERO, day: Usdc::MAX }, "over_per_day"),
    ] {
        assert_eq!(code(&policy, &purchase(amount), spent), expected, "{amount} {spent:?}");
    }
}

#[test]
fn a_price_above_the_listed_one_is_refused_and_one_below_is_not() {
    let policy = Policy { ask_above: cents(100), ..Policy::default() };
    for (listed, expected) in [(4, "price_raised"), (5, "pay"), (6, "pay")] {
        let purchase = Purchase { listed: Some(cents(listed)), ..purchase(5) };
        assert_eq!(code(&policy, &purchase, Spent::default()), expected, "{listed}");
    }
}

#[test]
fn only_wallets_of_the_list_are_paid() {
    let policy = Policy { pay_to: vec![HOST], ..Policy::default() };
    let other = Purchase { pay_to: Address::repeat_byte(1), ..purchase(5) };
    assert_eq!(code(&policy, &purchase(5), Spent::default()), "ask");
    assert_eq!(code(&policy, &other, Spent::default()), "pay_to_not_allowed");
}

#[test]
fn servers_are_compared_as_addresses_and_not_as_texts() {
    let allows = |allowed: &str, server: &str| {
        let policy = Policy::default().changed(&json!({"doors": [allowed]})).unwrap();
        code(&policy, &Purchase { server, ..purchase(5) }, Spent::default()) != "door_not_allowed"
    };
    let origin = "https://servers.example";
    for (allowed, server) in [
        (origin, SERVER),
        ("https://SERVERS.example:443/", SERVER),
        (origin, "https://servers.example/mcp/users/bob?x=1"),
        (SERVER, SERVER),
        (SERVER, "https://servers.example/mcp/users/ada/"),
        (SERVER, "https://servers.example/mcp/users/bob/../ada"),
    ] {
        assert!(allows(allowed, server), "{allowed} {server}");
    }
    for (allowed, server) in [
        (origin, "https://servers.example.attacker/mcp/users/ada"),
        (origin, "https://servers.example@attacker.example/mcp/users/ada"),
        (origin, "https://ada@servers.example/mcp/users/ada"),
        (origin, "https://attacker.example/https://servers.example"),
        (origin, "https://servers.example:8443/mcp/users/ada"),
        (origin, "http://servers.example/mcp/users/ada"),
        (origin, "https://sub.servers.example/"),
        (origin, "servers.example"),
        (origin, ""),
        (SERVER, "https://servers.example/mcp/users/adam"),
        (SERVER, "https://servers.example/mcp/users/ada/bob"),
        (SERVER, "https://servers.example/mcp/users/ada/../bob"),
        (SERVER, "https://servers.example/mcp/users/ada%2f..%2fbob"),
        (SERVER, "https://servers.example/mcp/users/ada?as=bob"),
        (SERVER, "https://servers.example/"),
    ] {
        assert!(!allows(allowed, server), "{allowed} {server}");
    }
}

#[test]
fn a_change_names_what_is_wrong_with_it_and_changes_nothing() {
    let policy = Policy::default();
    let many: Vec<_> = (0..33).map(|n| format!("https://{n}.example")).collect();
    let long = format!("https://servers.example/{}", "x".repeat(600));
    for (changes, field) in [
        (json!([]), "policy"),
        (json!({"perCall": 1}), "perCall"),
        (json!({"perSession": "-1"}), "perSession"),
        (json!({"perDay": "1e9"}), "perDay"),
        (json!({"askAbove": null}), "askAbove"),
        (json!({"doors": "https://servers.example"}), "doors"),
        (json!({"doors": many}), "doors"),
        (json!({"doors": [SERVER, "servers.example"]}), "doors[1]"),
        (json!({"doors": ["ftp://servers.example"]}), "doors[0]"),
        (json!({"doors": ["https://ada:pw@servers.example"]}), "doors[0]"),
        (json!({"doors": [long]}), "doors[0]"),
        (json!({"payTo": ["0x12"]}), "payTo[0]"),
        (json!({"payTo": ["0x9965507d1a55bcC2695C58ba16FB37d819B0A4dc"]}), "payTo[0]"),
        (json!({"percall": "1"}), "percall"),
    ] {
        let error = policy.changed(&changes).unwrap_err();
        assert_eq!(error.field, field, "{changes}: {error}");
    }
}

#[test]
fn a_policy_is_the_same_after_it_was_written_down() {
    let changes = json!({"perCall": "0.5", "doors": [SERVER], "payTo": [HOST.to_string()]});
    let policy = Policy::default().changed(&changes).unwrap();
    let written = serde_json::to_value(&policy).unwrap();
    assert_eq!(
        written,
        json!({"perCall": "0.50", "perSession": "5.00", "perDay": "10.00", "askAbove": "0.00",
            "doors": [SERVER], "payTo": [HOST.to_string().to_lowercase()]})
    );
    assert_eq!(serde_json::from_value::<Policy>(written).unwrap(), policy);
    assert_eq!(policy.changed(&json!({})).unwrap(), policy);
    assert!(serde_json::from_value::<Policy>(json!({"perCall": "1", "more": 1})).is_err());
}

#[test]
fn a_refusal_keeps_its_earlier_names_between_objects() {
    let refused = Refused::Server { server: SERVER.to_owned() };
    let written = serde_json::to_value(&refused).unwrap();
    assert_eq!(written, json!({"Door": {"door": SERVER}}));
    assert_eq!(serde_json::from_value::<Refused>(written).unwrap(), refused);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_purchases_passes_a_limit(
        limits in prop::array::uniform4(0_u16..2_000),
        purchases in prop::collection::vec((0_u16..1_500, 0_u16..1_500, any::<bool>()), 0..60),
    ) {
        let [per_call, per_session, per_day, ask_above] = limits.map(cents);
        let policy = Policy { per_call, per_session, per_day, ask_above, ..Policy::default() };
        let mut spent = Spent::default();
        for (amount, listed, next_day) in purchases {
            if next_day {
                spent.day = Usdc::ZERO;
            }
            let purchase = Purchase { listed: Some(cents(listed)), ..purchase(amount) };
            let verdict = judge(&policy, &purchase, spent);
            if matches!(verdict, Verdict::Refuse(_)) {
                continue;
            }
            prop_assert!(amount <= listed && purchase.amount <= per_call);
            prop_assert!(verdict != Verdict::Pay || purchase.amount <= ask_above);
            spent.session = spent.session.checked_add(purchase.amount).unwrap();
            spent.day = spent.day.checked_add(purchase.amount).unwrap();
            prop_assert!(spent.session <= per_session && spent.day <= per_day);
        }
    }
}
