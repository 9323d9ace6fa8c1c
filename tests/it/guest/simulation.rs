//! Deterministic simulation of a guest session: several tabs, servers that lie, change their prices and lose answers, a
//! chain that drops blocks, and an object that is evicted at every `await`, all from one seed.
//!
//! `SEEDS=5000 cargo test --test it guest::simulation` runs more of them, `FIRST=1000 …` begins there, and `SEED=7 …`
//! runs only that one, with its story. `npm run simulate` runs it together with that of the host.

mod object;
mod scenario;
mod server;
mod tabs;
mod watch;
mod world;

use scenario::{Outcome, Scenario};

use crate::simulation::unkind::IS_TOLD;
use crate::simulation::{number, run_all, told};

const SEEDS: u64 = 1_000;

/// One seed; only what goes wrong is worth a story, and that costs time.
fn play(seed: u64, is_told: bool) -> Result<Outcome, String> {
    IS_TOLD.set(is_told);
    let scenario = Scenario::new(seed);
    let sim = scenario.sim();
    let outcome = told(seed, &sim, || scenario.play());
    IS_TOLD.set(true);
    outcome
}

#[test]
fn a_guest_signs_once_for_a_call_and_shows_what_it_paid_for_whatever_happens() {
    let run = |seed| {
        let once = play(seed, number("SEED").is_some());
        once.map_err(|found| play(seed, true).err().unwrap_or(found))
    };
    let Some((seeds, sum)) = run_all(SEEDS, run, Outcome::add) else { return };
    // A simulation in which nothing happens would prove nothing.
    assert!(sum.moved > seeds / 2 && sum.shown > seeds / 2, "{sum:?}");
    assert!(sum.failed > seeds / 4 && sum.refused > seeds / 4, "{sum:?}");
    assert!(sum.crashes > seeds / 2 && sum.lies > seeds / 4 && sum.dropped > 0, "{sum:?}");
}
