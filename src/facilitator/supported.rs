//! The networks on which a facilitator settles, by its own statement (`GET /supported`; x402 specification, section
//! 7.3).
//!
//! It is asked when a payment is about to be requested, and its answer is kept for an hour. Only a list without a
//! network counts as a no. A facilitator that gives no list may still settle there, and says so when it is asked
//! about a payment.

use std::cell::{Cell, RefCell};

use serde::Deserialize;
use serde_json::Value;

use crate::base::time::UnixSeconds;
use crate::chain::networks::Network;
use crate::chain::solana::address::SolanaAddress;
use crate::chain::solana::networks::SolanaNetwork;
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
    #[serde(default)]
    extra: Value,
}

/// What the facilitator of Solana says of itself, kept while this isolate lives.
#[derive(Debug, Default)]
pub struct SolanaSupported {
    said: RefCell<Option<SolanaKind>>,
    /// No request before this time.
    ask_at: Cell<UnixSeconds>,
}

/// How a facilitator settles on a network of Solana.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SolanaKind {
    /// The account that pays the fee.
    pub fee_payer: SolanaAddress,
    /// Whether it also takes version 1 of x402.
    pub has_v1: bool,
}

impl SolanaSupported {
    /// How `facilitator` settles on `network`; `None` if it does not, or if nobody knows: nothing can be paid there without
    /// the account that pays the fee.
    pub async fn on(
        &self,
        world: &(impl Http + Clock + Log + Random + Signer),
        facilitator: &Facilitator,
        network: &SolanaNetwork,
    ) -> Option<SolanaKind> {
        let Facilitator::At(remote) = facilitator else { return None };
        let now = world.now();
        if now >= self.ask_at.get() {
            self.ask_at.set(now.plus(RETRY_SECONDS));
            match ask(world, remote).await {
                Ok(Some(kinds)) => {
                    let found = solana_kind(&kinds, network);
                    *self.said.borrow_mut() = found;
                    let kept = if found.is_some() { KEPT_SECONDS } else { RETRY_SECONDS };
                    self.ask_at.set(world.now().plus(kept));
                }
                Ok(None) => {}
                Err(why) => {
                    let (why, what) =
                        (why.to_string(), "the facilitator of Solana cannot be asked");
                    world.line(Level::Warn, what, &[("why", &why)]);
                }
            }
        }
        *self.said.borrow()
    }
}

fn solana_kind(kinds: &[Kind], network: &SolanaNetwork) -> Option<SolanaKind> {
    let exact = |named: &'static str| {
        kinds.iter().find(move |kind| kind.scheme == "exact" && kind.network == named)
    };
    let fee_payer = exact(network.caip2)?.extra.get("feePayer").and_then(Value::as_str)?;
    let has_v1 = exact(network.v1_name).is_some();
    Some(SolanaKind { fee_payer: SolanaAddress::parse(fee_payer)?, has_v1 })
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
                Ok(Some(kinds)) => self.keep(kinds, world.now()),
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

    fn keep(&self, kinds: Vec<Kind>, now: UnixSeconds) {
        let exact = kinds.into_iter().filter(|kind| kind.scheme == "exact");
        let said = exact.map(|kind| kind.network).collect();
        *self.0.borrow_mut() = Known { said: Some(said), ask_at: now.plus(KEPT_SECONDS) };
    }

    fn has(&self, network: &Network) -> bool {
        let is_it = |said: &String| [network.caip2, network.v1_name, ALL].contains(&said.as_str());
        self.0.borrow().said.as_ref().is_none_or(|said| said.iter().any(is_it))
    }
}

/// Its list; `None` if it gives none.
async fn ask(
    world: &(impl Http + Clock + Log + Random + Signer),
    remote: &Remote,
) -> Result<Option<Vec<Kind>>, HttpError> {
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
    Ok((answer.status == 200).then(read).flatten().map(|Answer { kinds }| kinds))
}
