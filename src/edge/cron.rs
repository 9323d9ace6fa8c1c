//! The cron: every two minutes it asks the objects in the directories whether something is open, and the relayers of
//! all networks. Whatever goes wrong is logged, and is tried again in the next run.

use futures_util::future::join_all;
use worker::{Env, Result, Stub};

use crate::chain::networks::Network;
use crate::directory::sweep::{ANSWER_MILLIS, SweepError, Sweeps, sweep, swept_max};
use crate::directory::{Ask, Kind, Listed};
use crate::edge::convert;
use crate::edge::directory_object::ask_directory;
use crate::edge::object::sweep_request;
use crate::edge::relayer_object::relayer_of;
use crate::edge::world::{log, now, sleep};
use crate::ports::{Clock, Level, Log, Timer, within};
use crate::time::UnixSeconds;

/// One run.
pub(super) async fn run(env: Env) {
    let cron = Cron { env };
    cron.wake_relayers().await;
    for kind in Kind::ALL {
        sweep(&cron, kind, swept_max(kind)).await;
    }
}

struct Cron {
    env: Env,
}

impl Cron {
    /// The relayers of the settings, also those that no directory knows.
    async fn wake_relayers(&self) {
        let config = match convert::config(&self.env) {
            Ok(config) => config,
            Err(why) => return log(Level::Error, "the cron has no settings", &[("why", &why)]),
        };
        let asks = config.networks.iter().map(|network| self.wake_relayer(network));
        join_all(asks).await;
    }

    async fn wake_relayer(&self, network: &'static Network) {
        let ask = async {
            match relayer_of(&self.env, network)? {
                Some(relayer) => ask_object(&relayer, Kind::Relayer).await.map(drop),
                None => Ok(()),
            }
        };
        let why = match within(self, ANSWER_MILLIS, ask).await {
            Some(Ok(())) => return,
            Some(Err(error)) => error.to_string(),
            None => "no answer in time".to_owned(),
        };
        let fields = [("network", network.caip2), ("why", why.as_str())];
        log(Level::Error, "a relayer cannot be swept", &fields);
    }

    async fn ask_object(&self, kind: Kind, id: &str) -> Result<bool> {
        let class = match kind {
            Kind::Host => "Host",
            Kind::Guest => "Guest",
            Kind::Relayer => "Relayer",
        };
        let objects = self.env.durable_object(class)?;
        ask_object(&objects.id_from_string(id)?.get_stub()?, kind).await
    }
}

/// Tells an object to set its alarm; whether it has anything open.
async fn ask_object(object: &Stub, kind: Kind) -> Result<bool> {
    let mut response = object.fetch_with_request(sweep_request(kind)?).await?;
    match response.status_code() {
        200 => response.json().await,
        status => Err(format!("the object answers {status}").into()),
    }
}

impl Sweeps for Cron {
    async fn ask_directory(
        &self,
        kind: Kind,
        ask: &Ask,
    ) -> std::result::Result<Vec<Listed>, SweepError> {
        ask_directory(&self.env, kind, ask).await.map_err(|error| SweepError(error.to_string()))
    }

    async fn sweep_object(&self, kind: Kind, id: &str) -> std::result::Result<bool, SweepError> {
        self.ask_object(kind, id).await.map_err(|error| SweepError(error.to_string()))
    }
}

impl Clock for Cron {
    fn now(&self) -> UnixSeconds {
        now()
    }
}

impl Timer for Cron {
    async fn sleep(&self, millis: u32) {
        sleep(millis).await;
    }
}

impl Log for Cron {
    fn line(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        log(level, message, fields);
    }
}
