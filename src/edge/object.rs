//! Shared by objects with an alarm: invalid settings, and the cron's question.

use worker::{Request, Response, Result};

use crate::edge::platform::{log, now};
use crate::edge::rpc::SWEEP;
use crate::edge::world::EdgeWorld;
use crate::ports::{Alarm, Level, SqlError};

/// How often an object with invalid settings reads them again, seconds.
const SETTINGS_AGAIN_SECONDS: i64 = 300;
/// Retry delay after storage has failed, seconds.
const STORAGE_AGAIN_SECONDS: i64 = 60;

/// An object with invalid settings. It answers no request; its alarm repeats until the settings are valid, then
/// finishes open work.
pub(super) struct Broken {
    pub(super) why: String,
    pub(super) world: EdgeWorld,
    /// When its alarm reads the settings again, seconds.
    pub(super) again_seconds: i64,
}

impl Broken {
    /// Built from the error of reading the settings.
    pub(super) const fn new(why: String, world: EdgeWorld) -> Self {
        Self { why, world, again_seconds: SETTINGS_AGAIN_SECONDS }
    }

    /// The answer to every request.
    pub(super) fn error(&self) -> worker::Error {
        self.why.as_str().into()
    }

    /// Stands in for the alarm: logs the fault, and sets the alarm again.
    pub(super) fn alarm(&self) {
        log(Level::Error, "the settings stop an alarm", &[("why", &self.why)]);
        self.world.alarm_is_over();
        self.world.wake_at(now().plus(self.again_seconds));
    }

    /// The answer to the cron: there may be open work. Sets the alarm, because it may be lost.
    pub(super) fn sweep(&self) -> Result<Response> {
        self.alarm();
        Response::error(self.why.as_str(), 503)
    }
}

/// Whether the request is the cron's question.
pub(super) fn is_sweep(request: &Request) -> Result<bool> {
    request.headers().has(SWEEP)
}

/// Answers the cron with the result of `sweep`, which sets the alarm again, because the known one may be lost.
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

/// Logs a failure of the storage, and sets the alarm to retry.
pub(super) fn again(world: &EdgeWorld, what: &str, error: &impl std::fmt::Display) {
    log(Level::Error, what, &[("why", &error.to_string())]);
    world.wake_at(now().plus(STORAGE_AGAIN_SECONDS));
}

/// Deletes all storage of an object that is over. If that fails, the alarm retries.
pub(super) async fn erase(world: &EdgeWorld) {
    if let Err(error) = world.erase().await {
        again(world, "an object cannot be erased", &error);
    }
}
