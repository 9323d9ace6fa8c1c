//! How payments on Solana are settled: `SOLANA_FACILITATOR_URL`, or a remote `FACILITATOR_URL`.

use crate::base::web_address::Url;
use crate::chain::solana::networks::{SolanaNetwork, is_solana};
use crate::config::network_set::COINBASE;
use crate::config::place::{Place, is_on_this_machine};
use crate::config::readers::{read_url, take};
use crate::facilitator::client::{Facilitator, Remote};
use crate::facilitator::credentials::{Credentials, Header};
use crate::facilitator::supported::SolanaSupported;

const SECRET_OVER_HTTP: &str =
    "SOLANA_FACILITATOR_URL must begin with https://, for it is sent a secret";

/// How payments on Solana are settled: always by a remote facilitator. New ones are taken only if
/// [`Config::solana_on_offer`](crate::config::Config::solana_on_offer) says so.
#[derive(Debug)]
pub struct SolanaPayments {
    /// The network of the same kind as the EVM networks: real money, or test money.
    pub network: &'static SolanaNetwork,
    pub facilitator: Facilitator,
    /// What the facilitator says of itself.
    pub supported: SolanaSupported,
}

/// Reads the settings of Solana. `url` and `credentials`: those of the facilitator of the EVM networks, if
/// it is a remote one. `None` without a
/// remote facilitator, and after a fault.
pub(super) fn read_solana(
    faults: &mut Vec<String>,
    set: &impl Fn(&str) -> Option<String>,
    place: Place<'_>,
    (url, credentials): (Option<&Option<String>>, Option<&Credentials>),
) -> Option<SolanaPayments> {
    let url = url.and_then(|url| url.as_deref());
    let header = set("SOLANA_FACILITATOR_AUTHORIZATION").map(|text| {
        Header::parse(text.trim())
            .ok_or_else(|| "is not the value of a header, such as `Bearer …`".to_owned())
    });
    let header = take(faults, "SOLANA_FACILITATOR_AUTHORIZATION", header.transpose())?;
    let remote = match (set("SOLANA_FACILITATOR_URL"), url) {
        (Some(text), _) => {
            let base_url = take(faults, "SOLANA_FACILITATOR_URL", read_url(Some(text)))?;
            let credentials = own_credentials(&base_url, header, (url, credentials));
            let is_safe = base_url.starts_with("https:") || is_on_this_machine(&base_url);
            if credentials.is_some() && !is_safe {
                faults.push(SECRET_OVER_HTTP.to_owned());
            }
            Remote { base_url, credentials }
        }
        (None, _) if header.is_some() => {
            faults.push("SOLANA_FACILITATOR_AUTHORIZATION is set, and SOLANA_FACILITATOR_URL is not; set both or none".to_owned());
            return None;
        }
        (None, url) => Remote { base_url: url?.to_owned(), credentials: credentials.cloned() },
    };
    let network = SolanaNetwork::of_kind(place.main_network().is_none())?;
    if set("SOLANA_FACILITATOR_URL").is_some() {
        faults.extend(without_endpoint(network, place));
    }
    let rpc_urls = place.rpc_urls.into_iter().flatten();
    if let Some(main) = place.main_network() {
        let unsafe_rpc = |(id, url): &(&String, &String)| {
            is_solana(id) && (!url.starts_with("https:") || is_on_this_machine(url))
        };
        faults.extend(rpc_urls.filter(unsafe_rpc).map(|(id, _)| {
            let main = main.caip2;
            format!("RPC_URLS for {id} must be an https address that is not on this machine: {main} is real money")
        }));
    }
    Some(SolanaPayments {
        network,
        facilitator: Facilitator::At(remote),
        supported: SolanaSupported::default(),
    })
}

/// Whoever names a facilitator for Solana wants to be paid there, which takes an endpoint.
fn without_endpoint(network: &SolanaNetwork, place: Place<'_>) -> Option<String> {
    let is_known = !place.networks.is_empty() && place.rpc_urls.is_some();
    let has_one = place.rpc_urls.is_some_and(|urls| urls.contains_key(network.caip2));
    (is_known && !has_one).then(|| {
        format!(
            "RPC_URLS has no endpoint for {}, without which nothing is sold there; set one, or remove SOLANA_FACILITATOR_URL",
            network.caip2
        )
    })
}

/// What the facilitator of Solana knows us by. What another one knows us by is sent to no other address.
fn own_credentials(
    base_url: &str,
    header: Option<Header>,
    (url, credentials): (Option<&str>, Option<&Credentials>),
) -> Option<Credentials> {
    let host = |url: &str| Url::parse(url).map(|url| url.host_str().to_owned());
    if let Some(header) = header {
        return Some(Credentials::Header(header));
    }
    let is_for_it = match credentials? {
        Credentials::Cdp(_) => host(base_url) == host(COINBASE),
        Credentials::Header(_) => url == Some(base_url),
    };
    credentials.filter(|_| is_for_it).cloned()
}
