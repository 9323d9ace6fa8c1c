//! Deterministic simulation: the whole service of several hosts over a simulated world in which time,
//! order, lost answers, crashes (at every `await` and between any two writes), a chain that drops
//! blocks and a facilitator that talks nonsense all follow from one seed.
//!
//! `SEEDS=100000 cargo test --release --test it simulation` runs more of them, `SEED=7 …` only that
//! one, with its story.

#![expect(clippy::print_stdout, reason = "who runs many seeds wants to see how far it is")]

mod chain;
mod engine;
mod scenario;
mod world;

use std::env::var;
use std::panic::{AssertUnwindSafe, catch_unwind};

use scenario::Scenario;

const SEEDS: u64 = 1_000;
const THREADS: u64 = 2;

fn number(name: &str) -> Option<u64> {
    var(name).ok().and_then(|text| text.parse().ok())
}

/// Runs one seed; its story if anything is wrong in the end.
fn run(seed: u64) -> Result<scenario::Outcome, String> {
    let scenario = Scenario::new(seed);
    let sim = scenario.sim();
    catch_unwind(AssertUnwindSafe(|| scenario.play())).map_err(|thrown| {
        let what = thrown.downcast_ref::<String>().cloned();
        let what = what.or_else(|| thrown.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let story = sim.story.borrow().join("\n");
        format!("{story}\nseed {seed}: {}", what.unwrap_or_default())
    })
}

#[test]
fn no_payment_is_lost_doubled_or_given_away_whatever_happens() {
    if let Some(seed) = number("SEED") {
        let outcome = run(seed).unwrap_or_else(|story| panic!("{story}"));
        println!("seed {seed}: {outcome:?}");
        return;
    }
    let seeds = number("SEEDS").unwrap_or(SEEDS);
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            std::thread::spawn(move || {
                let mut sum = scenario::Outcome::default();
                for seed in (thread..seeds).step_by(usize::try_from(THREADS).unwrap()) {
                    sum.add(&run(seed)?);
                    if thread == 0 && seeds > SEEDS && seed % 10_000 == 0 {
                        println!("{seed} of {seeds}");
                    }
                }
                Ok::<_, String>(sum)
            })
        })
        .collect();
    let mut sum = scenario::Outcome::default();
    for thread in threads {
        match thread.join().unwrap() {
            Ok(outcome) => sum.add(&outcome),
            Err(story) => panic!("{story}\n\nSEED=… with the number above shows this one again"),
        }
    }
    println!("{seeds} seeds: {sum:?}");
    // A simulation in which nothing happens would prove nothing.
    assert!(sum.paid > seeds && sum.unpaid > seeds / 2, "{sum:?}");
    assert!(sum.crashes > seeds && sum.reversed > 0 && sum.found_out > seeds / 2, "{sum:?}");
}
