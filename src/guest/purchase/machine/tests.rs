//! Every state with every event: what follows, and the rules that hold whatever happens.

use std::fmt::Write as _;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::json;

use super::*;
use crate::base::id::PurchaseId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::{Authorization, Via};
use crate::guest::purchase::model::Origin;
use crate::rails::x402::payer::Settlement;
use crate::wallets::policy::Refused;

const NOW: i64 = 1_000_000;
/// When the authorization ends.
const END: i64 = NOW + 110;
const HASH: &str = "0x11";

fn context(is_owned: bool) -> Context {
    Context { now: UnixSeconds::new(NOW), is_owned }
}

fn authorization(nonce: u8) -> Authorization {
    Authorization {
        from: Address::repeat_byte(1),
        to: Address::repeat_byte(2),
        value: U256::from(50_000),
        valid_after: U256::ZERO,
        valid_before: U256::from(END.unsigned_abs()),
        nonce: B256::repeat_byte(nonce),
        via: Via::Token,
    }
}

fn asked() -> Purchase {
    Purchase {
        id: PurchaseId::parse("pur_0123456789abcdef01234567").unwrap(),
        server: "https://server.test/mcp".to_owned(),
        connection: None,
        tool: "rsvpToEvent".to_owned(),
        arguments: json!({"eventId": "one"}),
        call_id: None,
        origin: Origin::Call,
        challenge: json!({}),
        amount: Usdc::from_cents(5),
        pay_to: Address::repeat_byte(2).to_checksum(None),
        network: "eip155:84532".to_owned(),
        payer: Address::repeat_byte(1).to_checksum(None),
        state: State::Asked,
        reason: "why".to_owned(),
        authorization: None,
        signature: None,
        transaction: None,
        ticket: None,
        shown: false,
        warned: false,
        attempts: 0,
        refusals: 0,
        next_check_at: None,
        created_at: UnixSeconds::new(NOW - 10),
    }
}

/// A purchase in a state, with what it must have there.
fn in_state(state: State) -> Purchase {
    let mut purchase = Purchase { state, ..asked() };
    if matches!(state, State::Paying | State::Unknown | State::Paid | State::Failed) {
        purchase.authorization = Some(authorization(7));
        purchase.signature = Some(Bytes::from_static(&[7; 65]));
    }
    purchase.transaction = (state == State::Paid).then(|| HASH.to_owned());
    purchase.next_check_at = purchase.is_open().then(|| UnixSeconds::new(NOW + 5));
    purchase
}

fn fixed() -> Purchase {
    Purchase { authorization: Some(authorization(7)), ..in_state(State::Signing) }
}

fn shown(state: State) -> Purchase {
    let mut purchase = Purchase { shown: true, ..in_state(state) };
    if state == State::Paid {
        purchase.next_check_at = None;
    }
    purchase
}

/// Every state, and those that differ by what is known already.
fn purchases() -> Vec<(&'static str, Purchase)> {
    vec![
        ("asked", in_state(State::Asked)),
        ("signing", in_state(State::Signing)),
        ("fixed", fixed()),
        ("paying", in_state(State::Paying)),
        ("unknown", in_state(State::Unknown)),
        ("unknown+shown", shown(State::Unknown)),
        ("paid", in_state(State::Paid)),
        ("paid+shown", shown(State::Paid)),
        ("declined", in_state(State::Declined)),
        ("refused", in_state(State::Refused)),
        ("failed", in_state(State::Failed)),
    ]
}

fn refused() -> Refused {
    let (amount, limit) = (Usdc::from_cents(5), Usdc::from_cents(1));
    Refused::PerCall { amount, limit }
}

fn delivery(settlement: Option<Settlement>, fits: bool) -> Delivery {
    Delivery { settlement, result: json!({"ok": true}), ticket: None, fits }
}

fn settlement(transaction: Option<&str>) -> Option<Settlement> {
    let transaction = transaction.map(str::to_owned);
    Some(Settlement { success: true, transaction, ..Settlement::default() })
}

fn of_somebody_else() -> Option<Settlement> {
    let payer = Some(Address::repeat_byte(9));
    settlement(Some(HASH)).map(|settlement| Settlement { payer, ..settlement })
}

fn first(retries: u32) -> Round {
    Round::First { pause: 0, retries }
}

fn chain(head: i64, fate: Fate) -> Event {
    Event::ChainRead(ChainView { head: UnixSeconds::new(head), fate })
}

/// Every event, with every kind of content that makes a difference.
fn events() -> Vec<(&'static str, Event)> {
    let signature = || Bytes::from_static(&[9; 65]);
    let no = || ("no_budget", "no".to_owned());
    let none = || Reply::None("lost".to_owned());
    let refuses = || Reply::Refused("tool_error", "sold out".to_owned());
    let moved = || Fate::Moved("0x22".to_owned());
    let late = END + 61;
    vec![
        ("confirmed", Event::Confirmed),
        ("judged: pay", Event::Judged(Verdict::Pay)),
        ("judged: ask", Event::Judged(Verdict::Ask("dear"))),
        ("judged: refuse", Event::Judged(Verdict::Refuse(refused()))),
        ("declined", Event::Declined),
        ("wallet: browser", Event::WalletFound(Ok(Signer::Browser))),
        ("wallet: none", Event::WalletFound(Err(("wallet_changed", "changed".to_owned())))),
        ("balance: unknown, browser", Event::BalanceRead(Signer::Browser, None)),
        ("balance: enough, ours", Event::BalanceRead(Signer::Ours, Some(Usdc::from_cents(5)))),
        ("balance: too little", Event::BalanceRead(Signer::Ours, Some(Usdc::from_cents(4)))),
        ("signed in", Event::SignInChecked(Signer::Ours, Ok(()))),
        ("not signed in", Event::SignInChecked(Signer::Ours, Err("sign in".to_owned()))),
        ("budget: fix", Event::BudgetAsked(Grant::Fix(Signer::Ours), Ok(()))),
        ("budget: do not fix", Event::BudgetAsked(Grant::Fix(Signer::Ours), Err(no()))),
        ("budget: send", Event::BudgetAsked(Grant::Send(signature()), Ok(()))),
        ("budget: do not send", Event::BudgetAsked(Grant::Send(signature()), Err(no()))),
        ("fixed, browser", Event::Fixed(Signer::Browser, authorization(8))),
        ("fixed, ours", Event::Fixed(Signer::Ours, authorization(8))),
        ("signature made", Event::SignatureMade(Ok(signature()))),
        ("signature not made", Event::SignatureMade(Err("away".to_owned()))),
        ("signature received", Event::SignatureReceived("0x00".to_owned())),
        ("signature good", Event::SignatureChecked(Ok(signature()))),
        ("signature bad", Event::SignatureChecked(Err("bad".to_owned()))),
        ("no answer, retries", Event::Answered(none(), first(2))),
        ("no answer, last", Event::Answered(none(), first(0))),
        ("no answer, later", Event::Answered(none(), Round::Later)),
        ("server refuses", Event::Answered(refuses(), first(2))),
        (
            "result with receipt",
            Event::Answered(Reply::Result(delivery(settlement(Some(HASH)), true)), first(2)),
        ),
        (
            "result without receipt",
            Event::Answered(Reply::Result(delivery(None, true)), Round::Later),
        ),
        (
            "result, receipt of others",
            Event::Answered(Reply::Result(delivery(of_somebody_else(), true)), Round::Later),
        ),
        ("result too long", Event::Answered(Reply::Result(delivery(None, false)), Round::Later)),
        ("long result told", Event::ShownNow(delivery(None, false), true)),
        ("long result not told", Event::ShownNow(delivery(None, false), false)),
        ("receipt confirmed", Event::ReceiptRead(HASH.to_owned(), true)),
        ("receipt not confirmed", Event::ReceiptRead(HASH.to_owned(), false)),
        ("due", Event::Due),
        ("chain: moved", chain(NOW, moved())),
        ("chain: unused, early", chain(END + 60, Fate::Unused)),
        ("chain: unused, late", chain(late, Fate::Unused)),
        ("chain: elsewhere, early", chain(END + 60, Fate::Elsewhere)),
        ("chain: elsewhere, late", chain(late, Fate::Elsewhere)),
        ("chain: unclear, late", chain(late, Fate::Unclear)),
    ]
}

fn name_of(effect: &Effect) -> String {
    match effect {
        Effect::Log(kind, _) => format!("log {kind}"),
        Effect::Reject(_) => "reject".to_owned(),
        Effect::Fail { code, money_moved, .. } => format!("fail {code}/{money_moved}"),
        Effect::Warn(_) => "warn".to_owned(),
        Effect::AskPerson(..) => "ask person".to_owned(),
        Effect::ShowPolicy => "show policy".to_owned(),
        Effect::ShowReceipt(_) => "show receipt".to_owned(),
        Effect::ShowHistory => "show history".to_owned(),
        Effect::ShowWallet => "show wallet".to_owned(),
        Effect::Judge => "judge".to_owned(),
        Effect::FindWallet => "find wallet".to_owned(),
        Effect::ReadBalance(_) => "read balance".to_owned(),
        Effect::CheckSignIn(_) => "check sign-in".to_owned(),
        Effect::AskBudget(_) => "ask budget".to_owned(),
        Effect::ReleaseBudget => "release budget".to_owned(),
        Effect::Fix(_) => "fix".to_owned(),
        Effect::Sign => "sign".to_owned(),
        Effect::RequestSignature => "request signature".to_owned(),
        Effect::CheckSignature(_) => "check signature".to_owned(),
        Effect::Send(Round::First { pause, retries }) => format!("send {pause}/{retries}"),
        Effect::Send(Round::Later) => "send later".to_owned(),
        Effect::ShowNow(_) => "show now".to_owned(),
        Effect::Keep(_) => "keep".to_owned(),
        Effect::ReadReceipt(_) => "read receipt".to_owned(),
        Effect::HandOver => "hand over".to_owned(),
        Effect::Report(_) => "report".to_owned(),
        Effect::ReadChain => "read chain".to_owned(),
    }
}

/// What a step does, in words: the state if it changes, and the effects.
fn outcome(before: &Purchase, (after, effects): &Next) -> String {
    let mut words = Vec::new();
    if after.state != before.state {
        words.push(format!("→ {}", after.state.as_str()));
    }
    for (was, is, name) in [
        (before.shown, after.shown, "shown"),
        (before.warned, after.warned, "warned"),
        (before.authorization.is_some(), after.authorization.is_some(), "fixed"),
        (before.signature.is_some(), after.signature.is_some(), "signed"),
        (before.refusals > 0, after.refusals > 0, "counted"),
    ] {
        if was != is {
            words.push(format!("+{name}"));
        }
    }
    words.extend(effects.iter().map(name_of));
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

/// The whole table: for each event what it does, and in which states. What most states do stands last, as "else".
fn table(is_owned: bool) -> String {
    let mut table = String::new();
    for (name, event) in events() {
        let mut rows: Vec<(String, Vec<&str>)> = Vec::new();
        for (state, purchase) in purchases() {
            let does = outcome(&purchase, &step(&purchase, event.clone(), context(is_owned)));
            match rows.iter_mut().find(|(known, _)| *known == does) {
                Some((_, states)) => states.push(state),
                None => rows.push((does, vec![state])),
            }
        }
        rows.sort_by_key(|(_, states)| states.len());
        let last = rows.len().saturating_sub(1);
        writeln!(table, "{name}").unwrap();
        for (at, (does, states)) in rows.iter().enumerate() {
            let states = if at == last { "else".to_owned() } else { states.join(" ") };
            writeln!(table, "  {states}: {does}").unwrap();
        }
    }
    table
}

/// `WRITE_TABLE=1 cargo test --lib machine` writes the table, to be reviewed in the diff.
#[test]
fn every_event_does_in_every_state_what_the_table_says() {
    let owned = include_str!("tests/table.txt");
    if std::env::var_os("WRITE_TABLE").is_some() {
        std::fs::write("src/guest/purchase/machine/tests/table.txt", table(true)).unwrap();
        return;
    }
    for (line, (is, wanted)) in (1..).zip(table(true).lines().zip(owned.lines())) {
        assert_eq!(is, wanted, "line {line} of table.txt");
    }
    assert_eq!(table(true).lines().count(), owned.lines().count());
}

/// All events in all states, owned or not.
fn all_steps() -> Vec<(String, Purchase, Event, Context, Next)> {
    let mut all = Vec::new();
    for (state, purchase) in purchases() {
        for (name, event) in events() {
            for is_owned in [false, true] {
                let cx = context(is_owned);
                let next = step(&purchase, event.clone(), cx);
                all.push((format!("{state}, {name}"), purchase.clone(), event.clone(), cx, next));
            }
        }
    }
    all
}

#[test]
fn what_is_signed_is_never_replaced_and_signed_only_after_it_was_fixed() {
    for (name, before, _, _, (after, effects)) in all_steps() {
        if before.authorization.is_some() {
            assert_eq!(after.authorization, before.authorization, "{name}");
        }
        if before.signature.is_some() {
            assert_eq!(after.signature, before.signature, "{name}");
        }
        if after.signature.is_some() {
            assert!(before.authorization.is_some(), "{name}: the row had no authorization");
        }
        let signs = effects.iter().any(|it| matches!(it, Effect::Sign | Effect::RequestSignature));
        assert!(!signs || (after.authorization.is_some() && after.is_open()), "{name}");
        let sends = effects.iter().any(|effect| matches!(effect, Effect::Send(_)));
        assert!(!sends || after.signature.is_some(), "{name}: nothing is signed");
    }
}

#[test]
fn what_is_over_stays_so_and_what_is_open_is_looked_after() {
    for (name, before, _, _, (after, _)) in all_steps() {
        if before.state.is_over_unpaid() || before.state == State::Paid {
            assert_eq!(after.state, before.state, "{name}");
        }
        assert!(after.shown || !before.shown, "{name}");
        assert!(!after.is_open() || after.next_check_at.is_some(), "{name}");
        if after.state.is_over_unpaid() && before.state != after.state {
            assert_eq!(after.next_check_at, None, "{name}");
        }
    }
}

#[test]
fn money_that_was_signed_for_is_free_only_when_the_chain_says_that_it_ran_out_unused() {
    for (name, before, event, _, (after, effects)) in all_steps() {
        let was_sent = before.signature.is_some() && before.state.is_sent();
        if was_sent && after.state.is_over_unpaid() {
            let Event::ChainRead(ChainView { head, fate }) = &event else {
                panic!("{name}: the chain was not asked");
            };
            assert!(head.get() > END + 60, "{name}");
            assert!(matches!(fate, Fate::Unused | Fate::Elsewhere), "{name}");
        }
        let releases = effects.contains(&Effect::ReleaseBudget);
        assert!(!releases || after.state.is_over_unpaid(), "{name}");
    }
}

#[test]
fn a_server_that_gave_no_answer_has_not_refused() {
    for (name, before, event, _, (after, effects)) in all_steps() {
        let Event::Answered(Reply::None(_), round) = event else { continue };
        assert_eq!(after.refusals, before.refusals, "{name}");
        assert_eq!(after.shown, before.shown, "{name}");
        for effect in &effects {
            if let Effect::Fail { code, money_moved, .. } = effect {
                assert_eq!(*code, "unknown", "{name}");
                assert_ne!(*money_moved, "no", "{name}");
            }
        }
        let again = effects.iter().any(|effect| matches!(effect, Effect::Send(_)));
        assert_eq!(again, round == first(2) && before.is_outstanding(), "{name}");
    }
}

#[test]
fn paid_follows_from_the_chain_and_never_from_the_servers_word() {
    for (name, before, event, _, (after, _)) in all_steps() {
        if before.state != State::Paid && after.state == State::Paid {
            let is_seen = matches!(
                event,
                Event::ReceiptRead(_, true)
                    | Event::ChainRead(ChainView { fate: Fate::Moved(_), .. })
            );
            assert!(is_seen, "{name}");
            assert!(after.transaction.is_some(), "{name}");
        }
    }
}

#[test]
fn a_refusing_server_is_named_after_the_fourth_answer_and_once() {
    let mut purchase = Purchase { warned: true, ..in_state(State::Paid) };
    let mut named = Vec::new();
    for answer in 1..=6 {
        let reply = Reply::Refused("tool_error", "sold out".to_owned());
        let (next, effects) = step(&purchase, Event::Answered(reply, Round::Later), context(true));
        let is_named = |effect: &Effect| {
            matches!(effect, Effect::Fail { code: "not_delivered", money_moved: "yes", .. })
        };
        named.extend(effects.iter().any(is_named).then_some(answer));
        purchase = next;
    }
    assert_eq!((named, purchase.refusals), (vec![4], 6));
}

#[test]
fn a_call_without_an_answer_is_sent_three_times_at_once_with_longer_pauses() {
    let mut purchase = in_state(State::Paying);
    let (mut round, mut pauses) = (Round::First { pause: 0, retries: 2 }, Vec::new());
    loop {
        let event = Event::Answered(Reply::None("lost".to_owned()), round);
        let (next, effects) = step(&purchase, event, context(true));
        purchase = next;
        let is_again = |effect: &Effect| matches!(effect, Effect::Send(_));
        let Some(Effect::Send(again)) = effects.into_iter().find(is_again) else { break };
        round = again;
        if let Round::First { pause, .. } = again {
            pauses.push(pause);
        }
    }
    assert_eq!((pauses, purchase.state), (vec![1_000, 2_000], State::Unknown));
}

#[test]
fn a_new_call_gets_a_row_unless_it_is_under_way_or_the_session_is_full() {
    let facts = |is_under_way, is_full, verdict, had: Option<&str>| {
        let had = had.map(str::to_owned);
        begin(asked(), Facts { is_under_way, is_full, verdict, had }, context(true))
    };
    for (is_under_way, is_full, code) in [
        (true, false, "already_under_way"),
        (true, true, "already_under_way"),
        (false, true, "too_many_open"),
    ] {
        let ((_, effects), is_kept) = facts(is_under_way, is_full, Verdict::Pay, None);
        let names: Vec<String> = effects.iter().map(name_of).collect();
        assert_eq!((names, is_kept), (vec![format!("fail {code}/no")], false));
    }
    for (verdict, had, state, last) in [
        (Verdict::Pay, None, State::Signing, "find wallet"),
        (Verdict::Ask("dear"), None, State::Asked, "ask person"),
        (Verdict::Pay, Some("a seat"), State::Asked, "ask person"),
        (Verdict::Ask("dear"), Some("a seat"), State::Asked, "ask person"),
        (Verdict::Refuse(refused()), None, State::Refused, "fail over_per_call/no"),
        (Verdict::Refuse(refused()), Some("a seat"), State::Refused, "fail over_per_call/no"),
    ] {
        let ((purchase, effects), is_kept) = facts(false, false, verdict, had);
        assert_eq!((purchase.state, is_kept), (state, true));
        assert_eq!(effects.last().map(name_of).as_deref(), Some(last));
        assert_eq!(purchase.is_open(), purchase.next_check_at.is_some());
        assert!(purchase.authorization.is_none() && purchase.signature.is_none());
    }
}

#[test]
fn an_open_purchase_is_looked_after_less_and_less_often() {
    let pauses: Vec<i64> = (0..13).map(again_after).collect();
    assert_eq!(pauses[..4], [3, 6, 12, 24]);
    assert_eq!((pauses[12], again_after(u32::MAX)), (3_600, 3_600));
    let with = |attempts| Purchase { attempts, ..in_state(State::Unknown) };
    assert!(!needs_an_alarm(&with(6)) && needs_an_alarm(&with(7)));
    // The attempt is counted before it is made.
    assert!(!has_an_alarm(&with(7)) && has_an_alarm(&with(8)));
}
