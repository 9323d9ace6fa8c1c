//! Deterministic simulation: the whole service of several hosts over a simulated world in which time,
//! order, lost answers, crashes (at every `await` and between any two writes), a chain that drops
//! blocks and a facilitator that talks nonsense all follow from one seed.
//!
//! `SEEDS=5000 cargo test --test it simulation` runs more of them, `FIRST=1000 …` begins there, and
//! `SEED=7 …` runs only that one, with its story. `npm run simulate` runs a hundred thousand.

#![expect(clippy::print_stdout, reason = "who runs many seeds wants to see how far it is")]

pub(crate) mod blocks;
pub(crate) mod chain;
pub(crate) mod endpoint;
pub(crate) mod engine;
mod facilitator;
mod gas;
mod node;
mod object;
mod refused;
mod relayer;
mod relaying;
mod scenario;
mod settings;
pub(crate) mod storage;
pub(crate) mod unkind;
mod world;

use std::env::var;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use engine::Sim;
use relaying::Relaying;
use scenario::Scenario;
use unkind::IS_TOLD;

const SEEDS: u64 = 1_000;
/// Every one of them checks a hundred signatures.
const RELAYER_SEEDS: u64 = 400;
/// `npm run simulate` has processes of one thread each instead: the threads of one wait for each
/// other's memory and SQLite.
const THREADS: u64 = 2;
/// After how many wrong ones a thread stops.
const WRONG_MAX: usize = 10;

pub(crate) fn number(name: &str) -> Option<u64> {
    var(name).ok().and_then(|text| text.parse().ok())
}

/// Runs as many seeds as are asked for, or one with its story; gives the sum of what happened.
pub(crate) fn run_all<T: Default + Debug + Send + 'static>(
    seeds: u64,
    run: fn(u64) -> Result<T, String>,
    add: fn(&mut T, &T),
) -> Option<(u64, T)> {
    if let Some(seed) = number("SEED") {
        let outcome = run(seed).unwrap_or_else(|story| panic!("{story}"));
        println!("seed {seed}: {outcome:?}");
        return None;
    }
    let seeds = number("SEEDS").unwrap_or(seeds);
    let (first, threads) = (number("FIRST").unwrap_or(0), number("THREADS").unwrap_or(THREADS));
    let threads: Vec<_> = (0..threads)
        .map(|thread| {
            std::thread::spawn(move || {
                let (mut sum, mut wrong) = (T::default(), Vec::new());
                for done in (thread..seeds).step_by(usize::try_from(threads).unwrap()) {
                    match run(first + done) {
                        Ok(outcome) => add(&mut sum, &outcome),
                        Err(story) => wrong.push(story),
                    }
                    if wrong.len() >= WRONG_MAX {
                        break;
                    }
                    if thread == 0 && done > 0 && done % 5_000 == 0 {
                        println!("{done} of {seeds} seeds from {first}");
                    }
                }
                (sum, wrong)
            })
        })
        .collect();
    let (mut sum, mut wrong) = (T::default(), Vec::new());
    for thread in threads {
        let (outcome, more) = thread.join().unwrap();
        add(&mut sum, &outcome);
        wrong.extend(more);
    }
    if let Some(story) = wrong.first() {
        let verdict = |story: &String| {
            let found = story.lines().rfind(|line| line.starts_with("seed "));
            found.unwrap_or_default().to_owned()
        };
        let all: Vec<String> = wrong.iter().map(verdict).collect();
        panic!("{story}\n\nwrong:\n{}\nSEED=… with a number shows its story", all.join("\n"));
    }
    println!("{seeds} seeds from {first}: {sum:?}");
    Some((seeds, sum))
}

/// What `play` finds wrong, with the story of the seed.
pub(crate) fn told<T>(seed: u64, sim: &Sim, play: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(play)).map_err(|thrown| {
        let what = thrown.downcast_ref::<String>().cloned();
        let what = what.or_else(|| thrown.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let story = sim.story.borrow().join("\n");
        format!("{story}\nseed {seed}: {}", what.unwrap_or_default())
    })
}

/// One seed; only what goes wrong is worth a story, and that costs time.
fn play(seed: u64, is_told: bool) -> Result<scenario::Outcome, String> {
    IS_TOLD.set(is_told);
    let scenario = Scenario::new(seed);
    let sim = scenario.sim();
    let outcome = told(seed, &sim, || scenario.play());
    IS_TOLD.set(true);
    outcome
}

#[test]
fn no_payment_is_lost_doubled_or_given_away_whatever_happens() {
    let run = |seed| {
        let once = play(seed, number("SEED").is_some());
        once.map_err(|found| play(seed, true).err().unwrap_or(found))
    };
    let Some((seeds, sum)) = run_all(SEEDS, run, scenario::Outcome::add) else { return };
    // A simulation in which nothing happens would prove nothing.
    assert!(sum.paid > seeds && sum.unpaid > seeds / 2, "{sum:?}");
    assert!(sum.proven > 0 && sum.elsewhere > 0 && sum.several > 0, "{sum:?}");
    assert!(sum.typed > seeds / 4 && sum.reduced > seeds / 20, "{sum:?}");
    assert!(sum.given_back > seeds / 20 && sum.refunded > 0, "{sum:?}");
    assert!(sum.given > seeds / 20 && sum.offered > 0, "{sum:?}");
    assert!(sum.crashes > seeds && sum.reversed > 0 && sum.found_out > seeds / 2, "{sum:?}");
}

#[test]
fn a_relayer_settles_once_and_leaves_no_gap_whatever_happens() {
    let run = |seed| {
        let relaying = Relaying::new(seed);
        let sim = relaying.sim();
        told(seed, &sim, || relaying.play())
    };
    let Some((seeds, sum)) = run_all(RELAYER_SEEDS, run, relaying::Outcome::add) else { return };
    assert!(sum.settled > seeds && sum.refused > seeds / 2 && sum.crashes > seeds, "{sum:?}");
    assert!(sum.taken > seeds / 2, "{sum:?}");
    assert!(sum.replaced > 0 && sum.filled > 0 && sum.front_run > 0 && sum.revived > 0, "{sum:?}");
}
