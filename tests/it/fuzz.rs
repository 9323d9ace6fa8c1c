//! Hostile input against everything that reads what others wrote. A few thousand cases with every
//! `cargo test`, always the same; `npm run fuzz` runs a million or more.
//!
//! Every case runs on a stack as small as that of the Worker, so that whatever recurses too deeply
//! there fails here.

mod answers;
mod arguments;
mod bytes;
mod client;
mod deep;
mod input;
mod kv;
mod mail;
mod mcp;
mod numbers;
mod pages;
mod paid;
mod payment;
mod picture;
mod route;
mod server;
mod sign_in;
mod signature;
mod vault;

use std::env;
use std::fmt::Debug;
use std::io::Write;
use std::process;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::Builder;
use std::time::Duration;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

/// What one case comes to.
pub(super) type Verdict = Result<(), TestCaseError>;

/// Of each thousand cases of a long run, how many a target gets; and its cases in a short run. Those
/// through the whole service cost a hundred times as much as those of a parser.
const TARGETS: &[(&str, u32, u32)] = &[
    ("mcp: the body", 65, 600),
    ("mcp: the headers", 30, 300),
    ("mcp: the whole server", 90, 150),
    ("payment: its forms", 50, 300),
    ("payment: its fields", 55, 400),
    ("payment: against the quote", 20, 40),
    ("payment: the whole server", 70, 80),
    ("arguments: as types", 50, 300),
    ("arguments: the whole server", 60, 120),
    ("numbers: money", 30, 400),
    ("numbers: moments and zones", 40, 400),
    ("numbers: ids and cursors", 20, 300),
    ("signatures: EIP-3009", 40, 40),
    ("sign-in: the message", 40, 400),
    ("sign-in: the proof", 30, 40),
    ("sign-in: the session", 5, 150),
    ("sign-in: the credential", 5, 150),
    ("sign-in: with X", 10, 200),
    ("vault: sealed values", 5, 100),
    ("desk: a search", 5, 40),
    ("mail: webhooks", 15, 300),
    ("mail: what goes into one", 10, 300),
    ("mail: what arrives", 15, 300),
    ("answers: the facilitator", 30, 300),
    ("answers: the chain", 40, 300),
    ("pictures", 10, 400),
    ("pages: HTML", 10, 60),
    ("pages: the calendar file", 20, 150),
    ("pages: CSV", 20, 300),
    ("pages: Markdown", 10, 300),
    ("routes", 15, 400),
    ("rebuilding from KV", 20, 40),
    ("client: event streams", 20, 400),
    ("client: a stranger's server", 15, 150),
    ("payer: the answer", 25, 300),
    ("deep nesting", 5, 20),
];

/// The stack of the Worker: what Rust gives a wasm module unless told otherwise.
const STACK_BYTES: usize = 1024 * 1024;
/// A case that takes this long counts as hanging. Far more than any takes on a busy machine.
const HANG: Duration = Duration::from_secs(10);
/// The seed of every run that names none.
const SEED: u64 = 20_261_121;

/// Runs `check` on the inputs of a target and fails with the smallest input that it refuses.
pub(super) fn fuzz<S, I>(
    target: &'static str,
    inputs: impl FnOnce() -> S + Send + 'static,
    check: impl Fn(I) -> Verdict + Send + 'static,
) where
    S: Strategy<Value = I>,
    I: Clone + Debug + Send + 'static,
{
    let cases = cases_of(target);
    let seed = number_from("FUZZ_SEED").unwrap_or(SEED);
    let last = Arc::new(Mutex::new(None));
    let (ticks, ticked) = channel();
    let seen = Arc::clone(&last);
    let run = move || {
        let mut runner = TestRunner::new(config(cases, seed));
        runner.run(&inputs(), |input| {
            *seen.lock().unwrap() = Some(input.clone());
            tick(&ticks);
            check(input)
        })
    };
    let thread = Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap();
    watch(target, cases, &ticked, || {
        format!("seed {seed}: no end of {:?}", last.lock().unwrap().as_ref())
    });
    match thread.join() {
        Ok(Ok(())) => {}
        Ok(Err(TestError::Fail(reason, input))) => {
            panic!("{target}: {reason}\nseed {seed}, the smallest input: {input:#?}")
        }
        Ok(Err(TestError::Abort(reason))) => panic!("{target}: given up: {reason}"),
        Err(_) => panic!("{target}: died at {:?}", last.lock().unwrap()),
    }
}

fn tick(ticks: &Sender<()>) {
    // Nobody listens any more only if the test itself has died.
    let _ = ticks.send(());
}

/// Waits for the end, says how far it is, and ends everything if a case hangs: a thread that never
/// ends cannot be stopped.
fn watch(target: &str, cases: u32, ticked: &Receiver<()>, describe: impl Fn() -> String) {
    let is_long = number_from("FUZZ_CASES").is_some();
    let step = (cases / 20).max(1);
    let mut done: u32 = 0;
    loop {
        match ticked.recv_timeout(HANG) {
            Ok(()) => done += 1,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                say(&format!("fuzz {target}: {}", describe()));
                process::abort();
            }
        }
        if is_long && done <= cases && (done.is_multiple_of(step) || done == cases) {
            say(&format!("fuzz {target}: {done}/{cases}"));
        }
    }
}

/// Past the test runner, which would keep it until the end.
fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn cases_of(target: &str) -> u32 {
    let (_, share, few) = TARGETS.iter().find(|(name, ..)| *name == target).unwrap();
    match number_from("FUZZ_CASES") {
        Some(all) => u32::try_from((all * u64::from(*share)).div_ceil(1000)).unwrap().max(1),
        None => *few,
    }
}

fn number_from(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().unwrap())
}

fn config(cases: u32, seed: u64) -> Config {
    Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 5_000,
        ..Config::default()
    }
}

#[test]
fn the_shares_of_a_long_run_are_the_whole() {
    assert_eq!(TARGETS.iter().map(|(_, share, _)| share).sum::<u32>(), 1_000);
}
