//! The cron asks the objects in the directories, a few in each run.

use futures_util::future::join_all;

use crate::directory::{Answered, Ask, Kind, Listed};
use crate::ports::{Clock, Level, Log, Timer, within};

/// Objects of a kind that are asked in one run. Each takes a subrequest, as does each request to a directory; a run has
/// 50. The sum is 33, plus one for each network (at most four), plus [`crate::directory::walk::SUBREQUESTS`] during a key
/// rotation.
#[must_use]
pub const fn swept_max(kind: Kind) -> u32 {
    match kind {
        Kind::Relayer => 4,
        Kind::Host => 12,
        Kind::Guest => 8,
    }
}

/// Objects that are asked concurrently. A Worker has six concurrent connections.
pub const AT_ONCE: u32 = 4;

/// Time limit of an answer, milliseconds.
pub const ANSWER_MILLIS: u32 = 10_000;

/// Time limit of one kind in one run, seconds. A cron may run for 15 minutes.
pub const RUN_SECONDS: i64 = 240;

/// A request to an object failed. The message is for our logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SweepError(pub String);

/// The port of the cron.
pub trait Sweeps {
    /// Sends a request to the directory of a kind.
    fn ask_directory(
        &self,
        kind: Kind,
        ask: &Ask,
    ) -> impl Future<Output = Result<Vec<Listed>, SweepError>>;

    /// Tells an object to set its alarm for its open work; whether it has any.
    fn sweep_object(&self, kind: Kind, id: &str) -> impl Future<Output = Result<bool, SweepError>>;
}

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Objects with open work.
    pub open: u32,
    /// Objects without open work, which are removed.
    pub closed: u32,
    /// Objects that did not answer. They stay.
    pub failed: u32,
}

/// Asks the `max` longest waiting objects of a kind, see [`swept_max`]. It never fails: an object that does not answer is
/// asked later.
pub async fn sweep(
    world: &(impl Sweeps + Clock + Timer + Log),
    kind: Kind,
    objects_max: u32,
) -> Swept {
    let end = world.now().plus(RUN_SECONDS);
    let mut swept = Swept::default();
    let mut asked = 0;
    let mut answered = Vec::new();
    loop {
        let is_over = world.now() >= end;
        let max = if is_over { 0 } else { AT_ONCE.min(objects_max.saturating_sub(asked)) };
        if max == 0 && answered.is_empty() {
            break;
        }
        let ask = Ask::Next { answered: std::mem::take(&mut answered), max };
        let listed = within(world, ANSWER_MILLIS, world.ask_directory(kind, &ask)).await;
        let listed = match listed {
            Some(Ok(listed)) => listed,
            Some(Err(SweepError(why))) => {
                log(world, "the directory cannot be asked", kind, &why);
                break;
            }
            None => {
                log(world, "the directory cannot be asked", kind, "no answer in time");
                break;
            }
        };
        if listed.is_empty() {
            break;
        }
        asked = asked.saturating_add(u32::try_from(listed.len()).unwrap_or(u32::MAX));
        let asks = listed.iter().map(|one| ask_one(world, kind, one));
        for (listed, is_open) in listed.iter().zip(join_all(asks).await) {
            match is_open {
                Some(is_open) => {
                    let count = if is_open { &mut swept.open } else { &mut swept.closed };
                    *count = count.saturating_add(1);
                    answered.push(Answered { listed: listed.clone(), is_open });
                }
                None => swept.failed = swept.failed.saturating_add(1),
            }
        }
    }
    report(world, kind, swept);
    swept
}

/// The answer of an object; `None` if it does not answer in time.
async fn ask_one(world: &(impl Sweeps + Timer + Log), kind: Kind, listed: &Listed) -> Option<bool> {
    match within(world, ANSWER_MILLIS, world.sweep_object(kind, &listed.id)).await {
        Some(Ok(is_open)) => Some(is_open),
        Some(Err(SweepError(why))) => {
            log(world, "an object cannot be swept", kind, &why);
            None
        }
        None => {
            log(world, "an object cannot be swept", kind, "no answer in time");
            None
        }
    }
}

fn report(world: &impl Log, kind: Kind, Swept { open, closed, failed }: Swept) {
    if open.saturating_add(closed).saturating_add(failed) > 0 {
        let counts = [open, closed, failed].map(|count| count.to_string());
        let [open, closed, failed] = counts.each_ref().map(String::as_str);
        let fields =
            [("kind", kind.name()), ("open", open), ("closed", closed), ("failed", failed)];
        world.line(Level::Info, "objects were swept", &fields);
    }
}

fn log(world: &impl Log, what: &str, kind: Kind, why: &str) {
    world.line(Level::Error, what, &[("kind", kind.name()), ("why", why)]);
}
