use alloy_primitives::{Address, B256, U256};

use super::*;
use crate::base::id::WithdrawalId;
use crate::base::money::Usdc;
use crate::chain::eip3009::{Authorization, Via};
use crate::chain::networks::Network;
use crate::facilitator::client::Trouble;
use crate::wallets::Kind;

const NOW: i64 = 1_000_000;
const ENDS: i64 = NOW + 180;
const HASH: B256 = B256::repeat_byte(0xab);

fn new() -> Withdrawal {
    let network = Network::by_v1_name("base-sepolia").unwrap();
    let amount = Usdc::from_cents(250);
    Withdrawal {
        id: WithdrawalId::parse(&format!("wdr_{}", "0".repeat(24))).unwrap(),
        request_id: "a-request-of-mine".to_owned(),
        kind: Kind::Smart,
        locator: None,
        network,
        amount,
        state: State::Signing,
        reason: String::new(),
        authorization: Authorization {
            from: Address::repeat_byte(1),
            to: Address::repeat_byte(2),
            value: amount.to_u256(),
            valid_after: U256::ZERO,
            valid_before: U256::from(ENDS.unsigned_abs()),
            nonce: B256::repeat_byte(3),
            via: Via::Token,
        },
        signature: None,
        transaction: None,
        requests: 0,
        refused: false,
        attempts: 0,
        next_check_at: Some(UnixSeconds::new(NOW + SIGNING_SECONDS)),
        created_at: UnixSeconds::new(NOW),
    }
}

/// A clock that moves on by hand, and what was asked for.
struct Run {
    withdrawal: Withdrawal,
    now: i64,
    effects: Vec<Effect>,
}

impl Run {
    fn new() -> Self {
        Self { withdrawal: new(), now: NOW, effects: Vec::new() }
    }

    fn signed() -> Self {
        let mut run = Self::new();
        run.hear(Event::Signed(Ok(Bytes::from_static(&[7]))));
        assert_eq!(run.effects, [Effect::Tell, Effect::Settle]);
        run
    }

    fn hear(&mut self, event: Event) -> &mut Self {
        let (next, effects) = step(&self.withdrawal, event, UnixSeconds::new(self.now));
        self.withdrawal = next;
        self.effects = effects;
        self
    }

    fn answered(&mut self, outcome: SettleOutcome, is_own: bool) -> &mut Self {
        self.hear(Event::Answered { outcome, is_own })
    }
}

fn refused() -> SettleOutcome {
    SettleOutcome::Refused("insufficient_funds".to_owned())
}

fn unavailable(why: &str) -> SettleOutcome {
    SettleOutcome::Unavailable(Trouble::answered(why))
}

#[test]
fn it_is_sent_when_the_chain_says_so_and_not_before() {
    let mut run = Run::signed();
    run.answered(SettleOutcome::Settled(HASH.to_string()), true);
    assert_eq!(run.effects, [Effect::ReadChain(Round::AfterAnswer)]);
    assert_eq!(run.withdrawal.state, State::Sending, "a facilitator's word is not the chain's");
    run.hear(Event::ChainRead(Usage::Unused(9), Round::AfterAnswer));
    assert_eq!((run.withdrawal.state, &*run.effects), (State::Sending, &[Effect::Tell][..]));
    run.hear(Event::Due).hear(Event::ChainRead(Usage::Moved(HASH, 10), Round::Later));
    assert_eq!(run.withdrawal.state, State::Sent);
    assert_eq!((run.withdrawal.next_check_at, run.withdrawal.transaction), (None, Some(HASH)));
}

#[test]
fn an_unknown_outcome_is_no_failure_and_is_asked_for_with_the_same_signature() {
    let mut run = Run::signed();
    run.answered(SettleOutcome::Unknown(Trouble::transport("timeout"), None), true);
    let before = run.withdrawal.clone();
    assert_eq!(before.state, State::Sending);
    run.now = NOW + 3;
    run.hear(Event::Due);
    assert_eq!(run.effects, [Effect::ReadChain(Round::Later)]);
    run.hear(Event::ChainRead(Usage::Unused(9), Round::Later));
    assert_eq!((&*run.effects, run.withdrawal.requests), (&[Effect::Settle][..], 2));
    let same = |one: &Withdrawal| (one.authorization.clone(), one.signature.clone());
    assert_eq!(same(&run.withdrawal), same(&before));
    for unclear in [Usage::NotFound, Usage::Unclear("down".to_owned())] {
        run.hear(Event::ChainRead(unclear, Round::Later));
        assert_eq!((run.withdrawal.state, run.effects.len()), (State::Sending, 0));
    }
}

#[test]
fn a_no_ends_it_at_once_only_if_the_signature_has_not_left() {
    for outcome in [refused(), unavailable("gas_budget_used_up"), unavailable(WORTHLESS)] {
        let mut own = Run::signed();
        own.answered(outcome.clone(), true);
        assert_eq!(own.withdrawal.state, State::Failed);
        assert_eq!(own.effects, [Effect::Release, Effect::Tell]);
        assert!(own.withdrawal.reason.contains("No money moved"));
        // Somebody else's facilitator has the signature, and may have sent it.
        let mut other = Run::signed();
        other.answered(outcome.clone(), false);
        assert_eq!(other.withdrawal.state, State::Sending);
        // An earlier request may still be carried out.
        let mut again = Run::signed();
        again.answered(SettleOutcome::Unknown(Trouble::transport("timeout"), None), true);
        again.hear(Event::Due).hear(Event::ChainRead(Usage::Unused(9), Round::Later));
        again.answered(outcome, true);
        assert_eq!(again.withdrawal.state, State::Sending);
    }
    // What reverted is on the chain with its signature.
    let mut reverted = Run::signed();
    reverted.answered(SettleOutcome::Reverted("failed".to_owned()), true);
    assert_eq!((reverted.withdrawal.state, reverted.withdrawal.refused), (State::Sending, true));
    reverted.hear(Event::Due).hear(Event::ChainRead(Usage::Unused(9), Round::Later));
    assert_eq!(reverted.effects, [], "nobody is asked again");
    reverted.hear(Event::ChainRead(Usage::RanOut, Round::Later));
    assert_eq!(reverted.withdrawal.state, State::Failed);
}

#[test]
fn it_fails_by_time_only_on_the_chains_own_clock() {
    let mut run = Run::signed();
    run.answered(unavailable("HTTP 503 without a verdict"), false);
    run.now = ENDS + 10_000;
    run.hear(Event::Due).hear(Event::ChainRead(Usage::Unused(9), Round::Later));
    assert_eq!((run.withdrawal.state, run.effects.len()), (State::Sending, 0), "too late to ask");
    run.hear(Event::ChainRead(Usage::RanOut, Round::Later));
    assert_eq!(run.withdrawal.state, State::Failed);
    assert!(run.withdrawal.reason.contains("still in the wallet"));
}

#[test]
fn without_a_signature_nothing_has_left() {
    for event in [Event::Signed(Err("no".to_owned())), Event::Due] {
        let mut run = Run::new();
        run.hear(event);
        assert_eq!((run.withdrawal.state, run.withdrawal.requests), (State::Failed, 0));
        // A signature that comes later is not used.
        run.hear(Event::Signed(Ok(Bytes::from_static(&[7]))));
        assert_eq!((&run.withdrawal.signature, run.effects.len()), (&None, 0));
    }
}

/// Every event.
fn events() -> Vec<Event> {
    let outcomes = [
        SettleOutcome::Settled(HASH.to_string()),
        refused(),
        SettleOutcome::Reverted("failed".to_owned()),
        unavailable("down"),
        SettleOutcome::AlreadyUsed,
        SettleOutcome::Unknown(Trouble::transport("timeout"), Some(HASH.to_string())),
    ];
    let mut events = vec![Event::Due, Event::Signed(Err("no".to_owned()))];
    events.extend([1, 2].map(|byte| Event::Signed(Ok(Bytes::from(vec![byte])))));
    for is_own in [true, false] {
        let answered =
            |outcome: &SettleOutcome| Event::Answered { outcome: outcome.clone(), is_own };
        events.extend(outcomes.iter().map(answered));
    }
    for round in [Round::AfterAnswer, Round::Later] {
        let usages = [
            Usage::Moved(HASH, 1),
            Usage::Elsewhere,
            Usage::NotFound,
            Usage::RanOut,
            Usage::Unused(1),
            Usage::Unclear("down".to_owned()),
        ];
        events.extend(usages.map(|usage| Event::ChainRead(usage, round)));
    }
    events
}

#[test]
fn no_order_of_events_signs_twice_or_takes_an_end_back() {
    let events = events();
    let mut seen = vec![new()];
    // Every sequence of four events.
    for _ in 0..4 {
        let mut next: Vec<Withdrawal> = Vec::new();
        for before in &seen {
            for event in &events {
                let (after, effects) = step(before, event.clone(), UnixSeconds::new(NOW + 1));
                check(before, event, &after, &effects);
                if !next.contains(&after) {
                    next.push(after);
                }
            }
        }
        seen = next;
    }
    assert!(seen.iter().any(|one| one.state == State::Sent));
}

fn check(before: &Withdrawal, event: &Event, after: &Withdrawal, effects: &[Effect]) {
    assert_eq!(after.authorization, before.authorization);
    if before.signature.is_some() {
        assert_eq!(after.signature, before.signature, "{event:?}");
    }
    if !before.is_open() {
        assert_eq!((after, effects), (before, &[][..]), "{event:?}");
    }
    assert_eq!(after.is_open(), after.next_check_at.is_some(), "{event:?}: an end, or an alarm");
    if effects.contains(&Effect::Settle) {
        assert!(after.signature.is_some() && after.requests == before.requests + 1, "{event:?}");
    }
    let has_failed = before.is_open() && after.state == State::Failed;
    assert_eq!(effects.contains(&Effect::Release), has_failed, "{event:?}");
    if has_failed && before.state == State::Sending {
        let is_final = matches!(event, Event::ChainRead(Usage::RanOut | Usage::Elsewhere, _));
        let has_stayed =
            before.requests == 1 && matches!(event, Event::Answered { is_own: true, .. });
        assert!(is_final || has_stayed, "{event:?}");
    }
    if before.is_open() && after.state == State::Sent {
        assert!(matches!(event, Event::ChainRead(Usage::Moved(..), _)), "{event:?}");
    }
}
