//! What a relayer says of payments whose transactions a block has refused, or whose nonce was taken: "refused" is for
//! good. And rows and endpoints that make trouble.

use serde_json::Value;

use super::node::Lie;
use super::relaying::{Answers, Relaying};
use crate::support::Wallet;

const PAY_TO: &str = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
const CENT: u64 = 10_000;
/// Of a coin: gas costs next to nothing then.
const CHEAP: u64 = 100_000;
const HOST: &str = "host:a";
const STATE: &str = "SELECT state FROM settlements";

/// A payment whose transaction a block has refused so many blocks ago, and the relayer has seen that.
fn refused(relaying: &mut Relaying, blocks: usize) -> (usize, Answers) {
    let liar = relaying.payer(50, Some(Lie::ToSimulations));
    let index = relaying.signs(&liar, CENT, PAY_TO);
    let answers = relaying.shows(index, HOST);
    while relaying.node().blocks_since_refusal(liar.address).is_none_or(|since| since < blocks) {
        relaying.runs(100);
    }
    relaying.runs(700);
    // Whatever it was that its code did not like.
    relaying.node().contracts.insert(liar.address, Lie::Never);
    (index, answers)
}

fn said(answers: &Answers) -> Option<Value> {
    answers.borrow().last().map(|reply| serde_json::from_str(&reply.body).unwrap())
}

#[test]
fn a_payment_is_not_called_refused_whose_transaction_may_yet_be_in_another_block() {
    let mut relaying = Relaying::quiet(CHEAP);
    let (index, answers) = refused(&mut relaying, 2);
    assert_eq!(said(&answers), None, "it may be in another block yet");
    // The chain drops the block of the refusal, and the transaction succeeds in another one.
    relaying.node().drop_blocks(3, true);
    relaying.waits(20);
    assert!(relaying.moved(index).is_some());
    assert_eq!(said(&answers).unwrap()["success"], true);
    assert_eq!(relaying.text(STATE), "settled");
}

#[test]
fn a_payment_that_is_called_refused_never_moves_its_money_whatever_the_chain_drops() {
    let mut relaying = Relaying::quiet(CHEAP);
    let (index, answers) = refused(&mut relaying, 7);
    let said = said(&answers).unwrap();
    assert_eq!(said["errorReason"], "invalid_exact_evm_transaction_failed");
    let other = relaying.payer(51, None);
    assert_eq!(relaying.pays(&other, CENT, PAY_TO, HOST).1["success"], true);
    // All of it, and the nodes have forgotten what was in there.
    let liar = Wallet::new(50).address;
    let since = relaying.node().blocks_since_refusal(liar).unwrap();
    relaying.node().drop_blocks(since + 1, false);
    relaying.waits(300);
    assert_eq!(relaying.moved(index), None);
    assert_eq!(relaying.text("SELECT count(*) FROM transactions WHERE state = 'live'"), "0");
    assert_eq!(relaying.sent(), 2, "the gap is filled, and the other payment is where it was");
    let other = relaying.asks_again(index + 1, HOST);
    assert_eq!(other["success"], true);
}

#[test]
fn a_payment_whose_nonce_was_taken_is_refused_for_good_and_the_gap_is_filled_by_nothing_of_it() {
    let mut relaying = Relaying::quiet(CHEAP);
    let payer = relaying.payer(52, None);
    let first = relaying.pays(&payer, CENT, PAY_TO, HOST).1;
    assert_eq!(first["success"], true);
    let index = relaying.signs(&payer, CENT, PAY_TO);
    let answers = relaying.shows(index, HOST);
    // The pools lose the transaction, and another program uses the key in the meantime.
    while relaying.text("SELECT count(*) FROM settlements") == "1" {
        relaying.runs(10);
    }
    relaying.runs(250);
    relaying.loses_it_and_another_uses_the_key();
    relaying.waits(30);
    assert_eq!(said(&answers).unwrap()["errorReason"], "settlement_pending");
    relaying.waits(120);
    let state = "SELECT state FROM settlements ORDER BY created_at DESC, rowid DESC LIMIT 1";
    assert_eq!(relaying.text(state), "failed", "its nonce is used up");
    // The block with the other use is dropped.
    let all = relaying.node().blocks_since_foreign_use().unwrap();
    relaying.node().drop_blocks(all + 1, false);
    // Another payment finds the gap.
    let other = relaying.payer(53, None);
    assert_eq!(relaying.pays(&other, CENT, PAY_TO, HOST).1["success"], true);
    assert_eq!(relaying.sent(), 3, "the gap is filled");
    assert_eq!(relaying.moved(index), None, "nobody has asked again");
    let again = relaying.asks_again(index, HOST);
    assert_eq!(again["success"], true, "it was never tried: {again}");
}

#[test]
fn many_settlements_that_the_chain_drops_move_again_and_no_alarm_makes_too_many_subrequests() {
    let mut relaying = Relaying::quiet(CHEAP);
    let payments: Vec<usize> = (60..90)
        .map(|wallet| {
            let payer = relaying.payer(wallet, None);
            let index = relaying.signs(&payer, CENT, PAY_TO);
            relaying.shows(index, HOST);
            index
        })
        .collect();
    relaying.waits(15);
    let have_moved =
        |relaying: &Relaying| payments.iter().filter(|it| relaying.moved(**it).is_some()).count();
    assert_eq!(have_moved(&relaying), payments.len());
    // All of them, and the nodes have forgotten what was in there.
    let since = relaying.node().blocks_since_first().unwrap();
    relaying.node().drop_blocks(since + 1, false);
    assert_eq!(have_moved(&relaying), 0);
    // What an alarm may ask for is checked with each.
    relaying.waits(900);
    assert_eq!(have_moved(&relaying), payments.len());
    assert_eq!(relaying.text("SELECT count(*) FROM transactions WHERE state = 'live'"), "0");
}

#[test]
fn rows_that_are_damaged_keep_no_other_waiting_and_the_alarm_does_not_run_hot() {
    let mut relaying = Relaying::quiet(CHEAP);
    let payer = relaying.payer(54, None);
    let (damaged, _) = relaying.pays(&payer, CENT, PAY_TO, HOST);
    relaying.damages("UPDATE settlements SET authorization = '{}', confirm_at = 1");
    relaying.damages(
        "INSERT INTO transactions (hash, nonce, settlement, raw, state, signed_at, sent_at) \
         VALUES ('no hash', 0, NULL, '', 'live', 1, 1)",
    );
    let well = relaying.signs(&payer, CENT, PAY_TO);
    relaying.shows(well, HOST);
    relaying.runs(600);
    relaying.dies();
    relaying.waits(60);
    let state = "SELECT state FROM settlements ORDER BY rowid DESC LIMIT 1";
    assert_eq!(relaying.text(state), "settled", "nobody but the alarm has looked");
    let confirm_at = "SELECT confirm_at FROM settlements ORDER BY rowid DESC LIMIT 1";
    assert_eq!(relaying.text(confirm_at), "", "it is confirmed too");
    assert!(relaying.moved(damaged).is_some());
    let before = relaying.wakes();
    relaying.waits(3_600);
    let wakes = relaying.wakes() - before;
    assert!((10..=20).contains(&wakes), "{wakes} alarms in an hour");
    assert!(relaying.alarm().is_some(), "they are still there");
}

#[test]
fn a_storage_that_takes_no_writes_does_not_have_the_alarm_run_hot_and_what_waits_is_done_in_the_end()
 {
    let mut relaying = Relaying::quiet(CHEAP);
    let payer = relaying.payer(56, None);
    assert_eq!(relaying.pays(&payer, CENT, PAY_TO, HOST).1["success"], true);
    relaying.damages(
        "CREATE TRIGGER no_writes BEFORE UPDATE ON settlements \
         BEGIN SELECT RAISE (ABORT, 'broken'); END",
    );
    relaying.waits(3_600);
    let wakes = relaying.wakes();
    assert!((10..=1_300).contains(&wakes), "{wakes} alarms in an hour");
    relaying.damages("DROP TRIGGER no_writes");
    relaying.waits(60);
    assert_eq!(relaying.text("SELECT count(*) FROM settlements WHERE confirm_at IS NULL"), "1");
}

#[test]
fn an_endpoint_that_is_out_of_service_is_asked_ever_less_often_and_what_waits_is_settled_in_the_end()
 {
    let mut relaying = Relaying::quiet(CHEAP);
    let payer = relaying.payer(55, None);
    let index = relaying.signs(&payer, CENT, PAY_TO);
    let answers = relaying.shows(index, HOST);
    while relaying.text("SELECT count(*) FROM settlements") == "0" {
        relaying.runs(10);
    }
    relaying.is_down_for(86_400);
    relaying.waits(60);
    assert_eq!(said(&answers).unwrap()["errorReason"], "settlement_pending");
    let before = relaying.wakes();
    relaying.waits(3_600);
    let wakes = relaying.wakes() - before;
    assert!((15..=80).contains(&wakes), "{wakes} alarms in the first hour");
    relaying.waits(20 * 3_600);
    let before = relaying.wakes();
    relaying.waits(3_600);
    let wakes = relaying.wakes() - before;
    assert!((10..=13).contains(&wakes), "{wakes} alarms in an hour: every five minutes");
    relaying.waits(2 * 3_600);
    assert_eq!(relaying.text(STATE), "settled");
    assert!(relaying.moved(index).is_some());
}

#[test]
fn a_relayer_that_is_swept_over_and_over_does_its_work_all_the_same() {
    let mut relaying = Relaying::quiet(CHEAP);
    let payer = relaying.payer(57, None);
    assert!(!relaying.sweep(), "nothing is open");
    assert_eq!(relaying.pays(&payer, CENT, PAY_TO, HOST).1["success"], true);
    relaying.loses_its_alarm();
    relaying.waits(60);
    let open = "SELECT count(*) FROM settlements WHERE confirm_at IS NOT NULL";
    assert_eq!(relaying.text(open), "1", "nobody looks after it");
    let mut swept = 0;
    while swept < 100 && relaying.sweep() {
        relaying.waits(1);
        swept += 1;
    }
    assert!((1..=10).contains(&swept), "{swept}");
    assert_eq!(relaying.text(open), "0");
}
