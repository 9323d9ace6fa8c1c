//! The networks on which a facilitator settles, by its own statement (`GET /supported`; x402 specification, section
//! 7.3).
//!
//! It is asked when a payment is about to be requested, and its answer is kept for an hour. Only a list without a
//! network counts as a no. A facilitator that gives no list may still settle there, and says so when it is asked
//! about a payment.

use std::cell::RefCell;

use serde::Deserialize;

use crate::base::time::UnixSeconds;
use crate::chain::networks::Network;
use crate::facilitator::client::{Facilitator, Remote};
use crate::ports::{Clock, Http, HttpError, HttpRequest, Level, Log, Random, Signer};

/// How long its answer is kept, seconds.
const KEPT_SECONDS: i64 = 60 * 60;
/// When it is asked again after a failure, seconds.
const RETRY_SECONDS: i64 = 60;
/// Timeout, milliseconds. A caller waits for it.
const TIMEOUT_MILLIS: u32 = 3_000;
const RESPONSE_BYTES_MAX: usize = 64 * 1024;
/// The entry for every EVM network.
const ALL: &str = "eip155:*";

/// The facilitator's answer, kept while this isolate lives.
#[derive(Debug, Default)]
pub struct Supported(RefCell<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The networks of its list, by CAIP-2 id or version 1 name.
    said: Option<Vec<String>>,
    /// No request before this time.
    ask_at: UnixSeconds,
}

#[derive(Deserialize)]
struct Answer {
    kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    scheme: String,
    network: String,
}

impl Supported {
    /// Those of `networks` on which `facilitator` settles, in their order.
    pub async fn among(
        &self,
        world: &(impl Http + Clock + Log + Random + Signer),
        facilitator: &Facilitator,
        networks: &[&'static Network],
    ) -> Vec<&'static Network> {
        let remote = match facilitator {
            Facilitator::At(remote) => remote,
            // Our own settles on every network of this deployment.
            Facilitator::Own(_) => return networks.to_vec(),
        };
        if self.is_due(world.now()) {
            match ask(world, remote).await {
                Ok(Some(said)) => self.keep(said, world.now()),
                Ok(None) => {}
                Err(why) => {
                    let (why, what) = (why.to_string(), "the facilitator cannot be asked");
                    world.line(
                        Level::Error,
                        what,
                        &[("why", &why), ("setting", "FACILITATOR_URL")],
                    );
                }
            }
            let missing = networks.iter().filter(|network| !self.has(network));
            for network in missing {
                let fields = [("network", network.caip2), ("setting", "FACILITATOR_URL")];
                world.line(Level::Error, "the facilitator does not settle on a network", &fields);
            }
        }
        networks.iter().copied().filter(|network| self.has(network)).collect()
    }

    /// Whether to ask now. The caller that gets `true` asks, and no other for a while.
    fn is_due(&self, now: UnixSeconds) -> bool {
        let mut known = self.0.borrow_mut();
        if now < known.ask_at {
            return false;
        }
        known.ask_at = now.plus(RETRY_SECONDS);
        true
    }

    fn keep(&self, said: Vec<String>, now: UnixSeconds) {
        *self.0.borrow_mut() = Known { said: Some(said), ask_at: now.plus(KEPT_SECONDS) };
    }

    fn has(&self, network: &Network) -> bool {
        let is_it = |said: &String| [network.caip2, network.v1_name, ALL].contains(&said.as_str());
        self.0.borrow().said.as_ref().is_none_or(|said| said.iter().any(is_it))
    }
}

/// The networks of its list; `None` if it gives none.
async fn ask(
    world: &(impl Http + Clock + Log + Random + Signer),
    remote: &Remote,
) -> Result<Option<Vec<String>>, HttpError> {
    let url = format!("{}/supported", remote.base_url);
    let headers = remote.headers(world, "GET", &url).await;
    let headers = headers.map_err(|error| HttpError::Connection(error.to_string()))?;
    let request = HttpRequest {
        url,
        body: None,
        headers,
        timeout_millis: TIMEOUT_MILLIS,
        response_bytes_max: RESPONSE_BYTES_MAX,
    };
    let answer = world.send(request).await?;
    if matches!(answer.status, 401 | 403) {
        let (what, status) = ("the facilitator refuses our credentials", answer.status.to_string());
        let setting = "FACILITATOR_AUTHORIZATION, CDP_API_KEY_ID, CDP_API_KEY_SECRET";
        world.line(Level::Error, what, &[("status", &status), ("setting", setting)]);
    }
    let read = || serde_json::from_str::<Answer>(&answer.body).ok();
    let Some(Answer { kinds }) = (answer.status == 200).then(read).flatten() else {
        return Ok(None);
    };
    let exact = kinds.into_iter().filter(|kind| kind.scheme == "exact");
    Ok(Some(exact.map(|kind| kind.network).collect()))
}
