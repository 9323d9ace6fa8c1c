//! What objects have in common whose alarm finishes something: settings that are at fault, and the cron's question.

use worker::{Request, Response, Result};

use crate::edge::platform::{log, now};
use crate::edge::rpc::SWEEP;
use crate::edge::world::EdgeWorld;
use crate::ports::{Alarm, Level, SqlError};

/// When an object looks again whether its settings are good, seconds.
const SETTINGS_AGAIN_SECONDS: i64 = 300;
/// When it tries again what its storage has refused, seconds.
const STORAGE_AGAIN_SECONDS: i64 = 60;

/// An object whose settings are at fault. It answers nothing, and its alarm goes on until they are good: what is open
/// in it is finished then.
pub(super) struct Broken {
    pub(super) why: String,
    pub(super) world: EdgeWorld,
    /// When its alarm looks again, seconds.
    pub(super) again_seconds: i64,
}

impl Broken {
    /// Settings that cannot be read.
    pub(super) const fn new(why: String, world: EdgeWorld) -> Self {
        Self { why, world, again_seconds: SETTINGS_AGAIN_SECONDS }
    }

    /// What every request is answered.
    pub(super) fn error(&self) -> worker::Error {
        self.why.as_str().into()
    }

    /// In the place of what the alarm does.
    pub(super) fn alarm(&self) {
        log(Level::Error, "the settings stop an alarm", &[("why", &self.why)]);
        self.world.alarm_is_over();
        self.world.wake_at(now().plus(self.again_seconds));
    }

    /// The answer to the cron: nobody knows what is open. The alarm is set, because it may be lost.
    pub(super) fn sweep(&self) -> Result<Response> {
        self.alarm();
        Response::error(self.why.as_str(), 503)
    }
}

/// Whether the cron asks.
pub(super) fn is_sweep(request: &Request) -> Result<bool> {
    request.headers().has(SWEEP)
}

/// Answers the cron with what `sweep` says, which sets the alarm anew: the one that this instance knows of may be lost.
pub(super) fn sweep(
    world: &EdgeWorld,
    sweep: impl FnOnce() -> std::result::Result<bool, SqlError>,
) -> Result<Response> {
    world.alarm_is_over();
    match sweep() {
        Ok(is_open) => {
            if !is_open {
                world.is_closed();
            }
            Response::from_json(&is_open)
        }
        Err(error) => {
            again(world, "an object cannot be opened", &error);
            Response::error(error.to_string(), 503)
        }
    }
}

/// The storage has refused something; the alarm tries again.
pub(super) fn again(world: &EdgeWorld, what: &str, error: &impl std::fmt::Display) {
    log(Level::Error, what, &[("why", &error.to_string())]);
    world.wake_at(now().plus(STORAGE_AGAIN_SECONDS));
}

/// Removes all storage of an object that is over; if that fails, its alarm tries again.
pub(super) async fn erase(world: &EdgeWorld) {
    if let Err(error) = world.erase().await {
        again(world, "an object cannot be erased", &error);
    }
}
