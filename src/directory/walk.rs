//! After a rotation of `MASTER_KEY` the cron asks all hosts whether they have values to reseal
//! ([`crate::directory::rotation`]). A host that is asked sets its alarm, which reseals them. KV lists the hosts
//! (`usersByHash:`).
//!
//! A run makes at most [`SUBREQUESTS`]: two requests to the directory, one page of KV's list and [`ASKED_MAX`] hosts.

use futures_util::future::join_all;

use crate::base::id::ScopeId;
use crate::directory::rotation::{Ask, Asked, Resealed, Spot, Told, Walked, What};
use crate::directory::sweep::{ANSWER_MILLIS, AT_ONCE, SweepError};
use crate::ports::{Level, Log, Timer, within};

/// Hosts that are asked in one run.
pub const ASKED_MAX: usize = 8;
/// Hosts in one run that are asked again.
const AGAIN_MAX: u32 = 4;
/// Subrequests of a run at most.
pub const SUBREQUESTS: usize = ASKED_MAX + 3;
/// The prefix of the hosts' keys in KV.
pub const HOSTS: &str = "usersByHash:";

/// The port of the walk.
pub trait Walks {
    /// Sends a request to the directory of hosts.
    fn ask_rotation(&self, ask: &Ask) -> impl Future<Output = Result<Told, SweepError>>;

    /// A page of the keys with the prefix [`HOSTS`], and the cursor of the next page.
    fn list_hosts(
        &self,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<(Vec<String>, Option<String>), SweepError>>;

    /// Asks the object of a host to reseal its values.
    fn ask_host(&self, scope: &ScopeId) -> impl Future<Output = Result<Resealed, SweepError>>;
}

/// Makes one run for the rotation with this name. It never fails: a host that does not answer is asked later.
pub async fn walk(world: &(impl Walks + Timer + Log), keys: &str) {
    let ask = |what| Ask { keys: keys.to_owned(), what };
    let Some(told) = ask_rotation(world, &ask(What::Next(AGAIN_MAX))).await else { return };
    if told.is_done {
        return;
    }
    let mut hosts = told.again;
    let walked = match &told.spot {
        Some(spot) => next_hosts(world, spot, &mut hosts).await,
        None => Walked::No,
    };
    if hosts.is_empty() && walked == Walked::No {
        return;
    }
    let mut asked = Vec::new();
    let at_once = usize::try_from(AT_ONCE).unwrap_or(1);
    for some in hosts.chunks(at_once) {
        asked.extend(join_all(some.iter().map(|scope| ask_host(world, scope))).await);
    }
    ask_rotation(world, &ask(What::Record(asked, walked))).await;
}

/// Adds hosts from the position of the walk until the run is full, and returns the new position.
async fn next_hosts(
    world: &(impl Walks + Timer + Log),
    spot: &Spot,
    hosts: &mut Vec<ScopeId>,
) -> Walked {
    let page = world.list_hosts(spot.cursor.as_deref());
    let Some(page) = said(world, "hosts cannot be listed", "", page).await else {
        return Walked::Failed;
    };
    let (keys, next) = page;
    let is_ahead = |key: &&String| spot.after.as_ref().is_none_or(|after| *key > after);
    let mut ahead = keys.iter().filter(is_ahead);
    let mut after = spot.after.clone();
    while hosts.len() < ASKED_MAX {
        let Some(key) = ahead.next() else {
            let over = next.map(|cursor| Spot { cursor: Some(cursor), after: None });
            return over.map_or(Walked::Over, Walked::To);
        };
        let scope = key.strip_prefix(HOSTS).and_then(|scope| ScopeId::parse(scope).ok());
        // A host may also be among those that are asked again.
        hosts.extend(scope.filter(|scope| !hosts.contains(scope)));
        after = Some(key.clone());
    }
    Walked::To(Spot { cursor: spot.cursor.clone(), after })
}

async fn ask_rotation(world: &(impl Walks + Timer + Log), ask: &Ask) -> Option<Told> {
    let what = "the directory cannot be asked about the rotation";
    said(world, what, "", world.ask_rotation(ask)).await
}

async fn ask_host(world: &(impl Walks + Timer + Log), scope: &ScopeId) -> Asked {
    let answer = world.ask_host(scope);
    let what = "a host cannot be asked about its secrets";
    let answer = said(world, what, scope.as_str(), answer).await;
    Asked { scope: scope.clone(), answer }
}

/// The answer if it arrives in time; failures are logged.
async fn said<T>(
    world: &(impl Timer + Log),
    what: &str,
    scope: &str,
    answer: impl Future<Output = Result<T, SweepError>>,
) -> Option<T> {
    let why = match within(world, ANSWER_MILLIS, answer).await {
        Some(Ok(said)) => return Some(said),
        Some(Err(SweepError(why))) => why,
        None => "no answer in time".to_owned(),
    };
    world.line(Level::Error, what, &[("scope", scope), ("why", &why)]);
    None
}
