//! The cron: every two minutes it asks the objects in the directories, and the relayers of all networks, for open
//! work. After a rotation of `MASTER_KEY` it also asks all hosts. Errors are logged and retried in the next run.

use futures_util::future::join_all;
use worker::{Env, Result};

use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::chain::networks::Network;
use crate::config::Config;
use crate::directory::rotation::{self, Resealed, Told, rotation_of};
use crate::directory::sweep::{ANSWER_MILLIS, SweepError, Sweeps, sweep, swept_max};
use crate::directory::walk::{HOSTS, Walks, walk};
use crate::directory::{Ask, Kind, Listed};
use crate::edge::convert;
use crate::edge::platform::{list, log, now, sleep};
use crate::edge::rpc::{ask_directory, ask_rotation, relayer_of, resealed, sweep_object};
use crate::ports::{Clock, Level, Log, Timer, within};

/// One run of the cron.
pub(super) async fn run(env: Env) {
    let cron = Cron { env };
    let config = convert::config(&cron.env);
    match &config {
        Ok(config) => cron.wake_relayers(config).await,
        Err(why) => log(Level::Error, "the cron has no settings", &[("why", why)]),
    }
    for kind in Kind::ALL {
        sweep(&cron, kind, swept_max(kind)).await;
    }
    if let Some(keys) = config.ok().and_then(|config| rotation_of(&config.keys)) {
        walk(&cron, &keys).await;
    }
}

struct Cron {
    env: Env,
}

impl Cron {
    /// The relayers of the configured networks, also those that no directory knows.
    async fn wake_relayers(&self, config: &Config) {
        let asks = config.networks.iter().map(|network| self.wake_relayer(network));
        join_all(asks).await;
    }

    async fn wake_relayer(&self, network: &'static Network) {
        let ask = async {
            match relayer_of(&self.env, network)? {
                Some(relayer) => sweep_object(&relayer, Kind::Relayer).await.map(drop),
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
        sweep_object(&objects.id_from_string(id)?.get_stub()?, kind).await
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

impl Walks for Cron {
    async fn ask_rotation(&self, ask: &rotation::Ask) -> std::result::Result<Told, SweepError> {
        ask_rotation(&self.env, ask).await.map_err(|error| SweepError(error.to_string()))
    }

    async fn list_hosts(
        &self,
        cursor: Option<&str>,
    ) -> std::result::Result<(Vec<String>, Option<String>), SweepError> {
        list(&self.env, HOSTS, cursor).await.map_err(|error| SweepError(error.to_string()))
    }

    async fn ask_host(&self, scope: &ScopeId) -> std::result::Result<Resealed, SweepError> {
        resealed(&self.env, scope).await.map_err(|error| SweepError(error.to_string()))
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
