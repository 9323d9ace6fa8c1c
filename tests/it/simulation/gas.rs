//! Attacks on the relayer's gas, over a chain on which nothing else goes wrong.

use serde_json::{Value, json};

use super::node::Lie;
use super::relaying::Relaying;

const PAY_TO: &str = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
const OTHER: &str = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955";
const CENT: u64 = 10_000;
/// Of a coin: a transfer costs $0.000016 then.
const CHEAP: u64 = 100_000;
/// A transfer costs $0.0016, and may cost $0.0036.
const DEAR: u64 = 10_000_000;
const HOST: &str = "host:a";

fn reason(said: &Value) -> &str {
    said["errorReason"].as_str().unwrap_or("success")
}

#[test]
fn a_contract_that_says_yes_only_where_gas_has_no_price_costs_no_gas() {
    let mut relaying = Relaying::quiet(CHEAP);
    let liar = relaying.payer(50, Some(Lie::ToFreeCalls));
    for _ in 0..3 {
        let (_, said) = relaying.pays(&liar, CENT, PAY_TO, HOST);
        assert_eq!(reason(&said), "invalid_exact_evm_signature", "as the chain would");
    }
    assert_eq!(relaying.sent(), 0, "nothing was sent");
}

#[test]
fn only_who_asked_for_a_settlement_is_told_of_it_and_a_look_moves_nothing() {
    let mut relaying = Relaying::quiet(CHEAP);
    let payer = relaying.payer(53, None);
    let payment = relaying.signs(&payer, CENT, PAY_TO);
    let unasked = "invalid_exact_evm_nonce_already_used";
    assert_eq!(reason(&relaying.knows(payment, HOST)), unasked, "nobody asked for it yet");
    assert_eq!((relaying.sent(), relaying.moved(payment)), (0, None));
    let paid = relaying.asks_again(payment, HOST);
    assert_eq!((&paid["success"], relaying.sent()), (&json!(true), 1));
    assert_eq!(relaying.knows(payment, HOST), paid);
    assert_eq!(reason(&relaying.knows(payment, "host:b")), unasked);
    assert_eq!(relaying.sent(), 1);
}

#[test]
fn a_use_that_came_after_a_failed_settlement_was_not_for_who_had_asked_for_it() {
    let mut relaying = Relaying::quiet(CHEAP);
    let liar = relaying.payer(54, Some(Lie::ToSimulations));
    let (payment, said) = relaying.pays(&liar, CENT, PAY_TO, HOST);
    assert_eq!(reason(&said), "invalid_exact_evm_transaction_failed");
    // Now it pays with it, at another shop of the same payee.
    relaying.payer(54, Some(Lie::Never));
    relaying.is_sent_by_another(payment);
    assert!(relaying.moved(payment).is_some());
    assert_eq!(reason(&relaying.knows(payment, HOST)), "invalid_exact_evm_nonce_already_used");
}

#[test]
fn a_contract_that_lies_to_simulations_is_tried_once_and_then_waits() {
    let mut relaying = Relaying::quiet(CHEAP);
    let liar = relaying.payer(51, Some(Lie::ToSimulations));
    let (first, said) = relaying.pays(&liar, CENT, PAY_TO, HOST);
    assert_eq!(reason(&said), "invalid_exact_evm_transaction_failed");
    for claimant in [HOST, "host:b", "source:1"] {
        let (_, said) = relaying.pays(&liar, CENT, PAY_TO, claimant);
        assert_eq!(reason(&said), "payer_waits", "{said}");
        assert!(said["retryAfter"].as_i64().is_some_and(|it| (570..=600).contains(&it)), "{said}");
    }
    let again = relaying.asks_again(first, HOST);
    assert_eq!(reason(&again), "invalid_exact_evm_transaction_failed", "the same payment");
    assert_eq!(relaying.sent(), 1);
    let honest = relaying.payer(52, None);
    assert_eq!(relaying.pays(&honest, CENT, PAY_TO, HOST).1["success"], true, "nobody else waits");
    relaying.waits(600);
    assert_eq!(reason(&relaying.asks_again(first, HOST)), "invalid_exact_evm_transaction_failed");
    assert_eq!(relaying.sent(), 2, "a payment is tried once, however long one waits");
    relaying.pays(&liar, CENT, PAY_TO, HOST);
    assert_eq!(relaying.sent(), 3);
    let (_, said) = relaying.pays(&liar, CENT, PAY_TO, HOST);
    assert!(said["retryAfter"].as_i64().is_some_and(|it| it > 1_170), "twice as long: {said}");
}

#[test]
fn what_a_block_has_refused_counts_though_its_receipt_could_not_be_read_for_long() {
    let mut relaying = Relaying::quiet(CHEAP);
    let liar = relaying.payer(55, Some(Lie::ToSimulations));
    let sim = relaying.sim();
    sim.node.borrow_mut().hides_receipts = true;
    let (first, said) = relaying.pays(&liar, CENT, PAY_TO, HOST);
    assert_eq!(reason(&said), "settlement_pending");
    relaying.waits(300);
    assert_eq!(reason(&relaying.asks_again(first, HOST)), "settlement_pending");
    sim.node.borrow_mut().hides_receipts = false;
    relaying.waits(300);
    let again = relaying.asks_again(first, HOST);
    assert_eq!(reason(&again), "invalid_exact_evm_transaction_failed");
    let (_, said) = relaying.pays(&liar, CENT, PAY_TO, HOST);
    assert_eq!(reason(&said), "payer_waits", "{said}");
    assert_eq!(relaying.sent(), 1);
}

#[test]
fn new_liars_make_newcomers_wait_and_nobody_who_is_known_or_pays_with_a_key() {
    let mut relaying = Relaying::quiet(CHEAP);
    let known = relaying.payer(60, Some(Lie::Never));
    assert_eq!(relaying.pays(&known, CENT, PAY_TO, HOST).1["success"], true);
    for liar in 61..=63 {
        let liar = relaying.payer(liar, Some(Lie::ToSimulations));
        let (_, said) = relaying.pays(&liar, CENT, PAY_TO, HOST);
        assert_eq!(reason(&said), "invalid_exact_evm_transaction_failed");
    }
    let liar = relaying.payer(64, Some(Lie::ToSimulations));
    assert_eq!(reason(&relaying.pays(&liar, CENT, PAY_TO, HOST).1), "payer_waits");
    let key = relaying.payer(65, None);
    for payer in [&known, &key] {
        assert_eq!(relaying.pays(payer, CENT, PAY_TO, HOST).1["success"], true);
    }
    let newcomer = relaying.payer(66, Some(Lie::Never));
    assert_eq!(reason(&relaying.pays(&newcomer, CENT, PAY_TO, HOST).1), "payer_waits");
    let elsewhere = relaying.pays(&newcomer, CENT, PAY_TO, "host:b").1;
    assert_eq!(elsewhere["success"], true, "another host's newcomers do not wait: {elsewhere}");
    relaying.waits(120);
    let newcomer = relaying.payer(67, Some(Lie::Never));
    assert_eq!(
        relaying.pays(&newcomer, CENT, PAY_TO, HOST).1["success"],
        true,
        "two minutes later"
    );
}

#[test]
fn newcomers_of_code_that_pays_well_do_not_wait_for_a_few_liars() {
    let mut relaying = Relaying::quiet(CHEAP);
    for wallet in 100..120 {
        let payer = relaying.payer(wallet, Some(Lie::Never));
        assert_eq!(relaying.pays(&payer, CENT, PAY_TO, HOST).1["success"], true);
    }
    for liar in 121..=124 {
        let liar = relaying.payer(liar, Some(Lie::ToSimulations));
        relaying.pays(&liar, CENT, PAY_TO, HOST);
    }
    let newcomer = relaying.payer(125, Some(Lie::Never));
    assert_eq!(relaying.pays(&newcomer, CENT, PAY_TO, HOST).1["success"], true);
}

#[test]
fn two_hosts_that_pay_each_other_stop_at_their_budget_and_nobody_else_does() {
    // A transfer costs $0.16, and may cost $0.36.
    let mut relaying = Relaying::quiet(100 * DEAR);
    let mut settled = 0;
    for round in 0..40_u8 {
        let wallet = relaying.payer(130 + round, None);
        let (_, said) = relaying.pays(&wallet, 100 * CENT, PAY_TO, "host:attacker");
        match reason(&said) {
            "success" => settled += 1,
            other => {
                assert_eq!(other, "gas_budget_used_up", "{said}");
                assert!(said["retryAfter"].as_i64().is_some_and(|it| it > 0 && it <= 86_400));
            }
        }
    }
    assert!((29..=31).contains(&settled), "$5 at $0.16: {settled}");
    let sent = relaying.sent();
    let honest = relaying.payer(200, None);
    assert_eq!(relaying.pays(&honest, 100 * CENT, OTHER, "host:honest").1["success"], true);
    assert_eq!(relaying.sent(), sent + 1);
    let health = relaying.health();
    let budgets = &health["gasBudgets"];
    assert_eq!((&budgets["hostsRefused"], &budgets["payersRefused"]), (&json!(1), &json!(0)));
    assert_eq!(budgets["limitUsd"], "50.00", "{health}");
    let spent: f64 = budgets["spentUsd"].as_str().unwrap().parse().unwrap();
    assert!((spent - 0.16 * f64::from(settled + 1)).abs() < 0.000_1, "what it cost: {spent}");
    assert!(!budgets.to_string().contains("attacker"), "no names");
    relaying.waits(86_400);
    let wallet = relaying.payer(201, None);
    let next = relaying.pays(&wallet, 100 * CENT, PAY_TO, "host:attacker").1;
    assert_eq!(next["success"], true, "the next day: {next}");
}

#[test]
fn an_honest_host_still_settles_however_many_hosts_an_attacker_makes_up() {
    // $50 in all would be ten hosts' budgets. A transfer costs $0.16.
    let mut relaying = Relaying::quiet(100 * DEAR);
    let mut settled = 0_u32;
    for host in 0..20 {
        let claimant = format!("host:made-up-{host}");
        for round in 0..40_u32 {
            let payer = relaying.payer(u8::try_from(100 + (settled + round) % 150).unwrap(), None);
            let (_, said) = relaying.pays(&payer, 100 * CENT, PAY_TO, &claimant);
            if reason(&said) != "success" {
                assert_eq!(reason(&said), "gas_budget_used_up", "{said}");
                break;
            }
            settled += 1;
        }
    }
    assert!(settled > 200, "the attacker has spent most of it: {settled}");
    let honest = relaying.payer(251, None);
    let said = relaying.pays(&honest, 100 * CENT, OTHER, "host:honest").1;
    assert_eq!(said["success"], true, "{said}");
}

#[test]
fn a_payer_and_a_caller_have_budgets_of_their_own() {
    let mut relaying = Relaying::quiet(100 * DEAR);
    let payer = relaying.payer(210, None);
    let said: Vec<Value> = ["host:a", "host:b", "host:c", "host:d", "host:e", "host:f"]
        .iter()
        .map(|host| relaying.pays(&payer, 100 * CENT, PAY_TO, host).1)
        .collect();
    let settled = said.iter().filter(|said| said["success"] == true).count();
    assert!((4..=5).contains(&settled), "$1 at $0.16: {settled}");
    assert_eq!(reason(&said[5]), "gas_budget_used_up");
    let mut settled = 0;
    for wallet in 211..=220 {
        let payer = relaying.payer(wallet, None);
        let (_, said) = relaying.pays(&payer, 100 * CENT, PAY_TO, "source:192.0.2.1");
        settled += u32::from(said["success"] == true);
    }
    assert!((4..=5).contains(&settled), "$1 at $0.16: {settled}");
}

#[test]
fn refused_transactions_are_charged_too() {
    let mut relaying = Relaying::quiet(100 * DEAR);
    let liar = relaying.payer(230, Some(Lie::ToSimulations));
    relaying.pays(&liar, 100 * CENT, PAY_TO, HOST);
    assert_eq!(relaying.health()["gasBudgets"]["spentUsd"], "0.16");
}

#[test]
fn what_is_not_worth_its_gas_or_pays_itself_is_refused_and_costs_nothing() {
    let mut relaying = Relaying::quiet(DEAR);
    let payer = relaying.payer(240, None);
    let own = payer.address.to_checksum(None);
    for (value, to, expected) in [
        (1, PAY_TO, "value_below_gas_cost"),
        (1_599, PAY_TO, "value_below_gas_cost"),
        (0, PAY_TO, "invalid_exact_evm_payload_zero_value"),
        (0, own.as_str(), "invalid_exact_evm_payload_self_payment"),
        (CENT, own.as_str(), "invalid_exact_evm_payload_self_payment"),
    ] {
        let (_, said) = relaying.pays(&payer, value, to, "source:192.0.2.1");
        assert_eq!(reason(&said), expected, "{said}");
    }
    let (_, said) = relaying.pays(&payer, 1, PAY_TO, HOST);
    assert!(said["errorMessage"].as_str().unwrap().contains("at least $0.0016"), "{said}");
    assert_eq!(relaying.sent(), 0);
    assert_eq!(relaying.pays(&payer, 1_600, PAY_TO, HOST).1["success"], true);
}
