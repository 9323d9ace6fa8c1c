//! In which ways a world may be unkind. Each seed draws some of them, so that its story stays readable.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::env::var;

use super::engine::Rng;

/// One way of being unkind, beyond lost answers, crashes and dropped blocks, which every world has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unkind {
    /// Facilitators answer minutes late or never, and carry requests out minutes after they came.
    LateAnswers,
    /// Some hosts have our own facilitator, whose port knows no limit.
    OwnFacilitators,
    /// The runtime gives an alarm up after its sixth retry, and objects die at nearly every write for minutes.
    DroppedAlarms,
    /// Endpoints know logs of the last blocks only, and refuse long ranges.
    ShortLogs,
    /// Endpoints are out of service for days.
    LongOutages,
    /// Blocks come seldom or fast, stop and catch up with times in the past; the chain's clock is not ours.
    OddBlocks,
    /// Writes to KV hang for minutes, or for ever.
    HangingKv,
    /// Networks are removed, facilitators changed, settings cannot be read for minutes.
    ChangingSettings,
    /// Hosts cancel, withdraw, replace and close whatever they sell, and it runs out.
    FickleHosts,
    /// Payments are shown in vain, spent at another shop, and shown again.
    SpentBetween,
    /// The facilitator is down for minutes, while a stranger calls again and again with payments that are no good.
    Strangers,
}

/// What worlds may draw.
pub(crate) const UNKIND: &[Unkind] = &[
    Unkind::LateAnswers,
    Unkind::OwnFacilitators,
    Unkind::DroppedAlarms,
    Unkind::ShortLogs,
    Unkind::LongOutages,
    Unkind::OddBlocks,
    Unkind::HangingKv,
    Unkind::ChangingSettings,
    Unkind::FickleHosts,
    Unkind::SpentBetween,
    Unkind::Strangers,
];

/// Rules that are checked only where the service is known to keep them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A row that needs an alarm has one from the moment at which it is written, and the directory is told.
    AlarmsAreSet,
    /// No money is asked for, for what is not on sale any more.
    OnlyWhatIsSold,
    /// A buyer of a secret gets the sold value, even after it was changed or withdrawn.
    FirstHandOver,
    /// What was moved once more because the chain had dropped it is looked at again: it may be dropped twice.
    DroppedTwice,
}

/// The rules that hold.
const RULES: &[Rule] =
    &[Rule::AlarmsAreSet, Rule::OnlyWhatIsSold, Rule::FirstHandOver, Rule::DroppedTwice];

/// The rules that are held against the service in one world. `RULES=FirstHandOver` adds to them.
pub(crate) fn rules() -> Vec<Rule> {
    let asked = var("RULES").unwrap_or_default();
    let is_asked = |rule: &Rule| asked.split(',').any(|name| name == format!("{rule:?}"));
    let all = [Rule::AlarmsAreSet, Rule::OnlyWhatIsSold, Rule::FirstHandOver, Rule::DroppedTwice];
    all.into_iter().filter(|rule| RULES.contains(rule) || is_asked(rule)).collect()
}

/// How many of a thousand worlds have each of them.
const SHARE: usize = 250;

thread_local! {
    /// Whether what happens is written down.
    pub(crate) static IS_TOLD: Cell<bool> = const { Cell::new(true) };
}

/// What a world draws. `UNKIND=LateAnswers,ShortLogs` gives every world just these.
pub(crate) fn draw(rng: &Rng) -> BTreeSet<Unkind> {
    let asked = var("UNKIND").ok();
    let is_drawn = |unkind: &&Unkind| {
        let by_chance = rng.chance(SHARE);
        asked
            .as_ref()
            .map_or(by_chance, |asked| asked.split(',').any(|name| name == format!("{unkind:?}")))
    };
    UNKIND.iter().filter(is_drawn).copied().collect()
}
