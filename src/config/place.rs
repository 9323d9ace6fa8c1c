//! Where a deployment runs, and whether its money is real.

use std::collections::BTreeMap;

use crate::base::web_address::{Host, Url};
use crate::chain::networks::Network;

/// The location of a deployment and its networks, as far as the settings could be read.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) networks: &'a [&'static Network],
    pub(super) rpc_urls: Option<&'a BTreeMap<String, String>>,
    pub(super) public_url: Option<&'a str>,
}

impl Place<'_> {
    /// A network with real money, if there is one.
    pub(super) fn main_network(&self) -> Option<&'static Network> {
        self.networks.iter().copied().find(|network| !network.is_testnet)
    }

    /// Whether test networks and networks with real money are mixed.
    pub(super) fn is_mixed(&self) -> bool {
        self.main_network().is_some() && self.networks.iter().any(|network| network.is_testnet)
    }

    /// Whether the chain is certainly not a local one, where keys are worth nothing.
    pub(super) fn is_chain_elsewhere(&self) -> bool {
        let url_of = |network: &&Network| self.rpc_urls.and_then(|urls| urls.get(network.caip2));
        self.main_network().is_some()
            || self.networks.iter().filter_map(url_of).any(|url| !is_on_this_machine(url))
    }

    /// Whether this is certainly not a local machine with a local chain.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.is_chain_elsewhere() || self.public_url.is_some_and(|url| !is_at_loopback(url))
    }
}

/// Host and port of a URL.
pub(super) fn authority_of(url: &str) -> &str {
    url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""))
}

/// Whether `authority` (host with or without port) names the local machine.
#[must_use]
pub fn is_loopback(authority: &str) -> bool {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

/// Whether the deployment's URL is on the local machine.
pub(super) fn is_at_loopback(public_url: &str) -> bool {
    is_loopback(authority_of(public_url))
}

/// Whether a URL that we call is on the machine that we run on. [`Url`] normalizes every spelling of an IP address.
pub(super) fn is_on_this_machine(url: &str) -> bool {
    let Some(url) = Url::parse(url.trim()) else { return false };
    match url.host() {
        None => false,
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.is_loopback() || mapped.is_unspecified(),
            None => address.is_loopback() || address.is_unspecified(),
        },
    }
}
