//! Where a deployment is, and what its money is worth.

use std::collections::BTreeMap;

use url::{Host, Url};

use crate::chain::networks::Network;

/// Where a deployment is and what its money is worth, as far as the settings could be read.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) networks: &'a [&'static Network],
    pub(super) rpc_urls: Option<&'a BTreeMap<String, String>>,
    pub(super) public_url: Option<&'a str>,
}

impl Place<'_> {
    /// A network whose money is worth something.
    pub(super) fn main_network(&self) -> Option<&'static Network> {
        self.networks.iter().copied().find(|network| !network.is_testnet)
    }

    /// Whether networks of both kinds stand together.
    pub(super) fn is_mixed(&self) -> bool {
        self.main_network().is_some() && self.networks.iter().any(|network| network.is_testnet)
    }

    /// Whether the chain is surely not one of this machine, where every key is worth nothing.
    pub(super) fn is_chain_elsewhere(&self) -> bool {
        let url_of = |network: &&Network| self.rpc_urls.and_then(|urls| urls.get(network.caip2));
        self.main_network().is_some()
            || self.networks.iter().filter_map(url_of).any(|url| !is_on_this_machine(url))
    }

    /// Whether this is surely not one's own machine with its own chain.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.is_chain_elsewhere() || self.public_url.is_some_and(|url| !is_at_loopback(url))
    }
}

/// Host and port of an address.
pub(super) fn authority_of(url: &str) -> &str {
    url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""))
}

/// Whether `authority` (host with or without port) names the machine itself.
#[must_use]
pub fn is_loopback(authority: &str) -> bool {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

/// Whether this deployment is called at the developer's own machine.
pub(super) fn is_at_loopback(public_url: &str) -> bool {
    is_loopback(authority_of(public_url))
}

/// Whether an address that we ask is on the machine that we run on. [`Url`] has brought every spelling of an
/// address into one form.
pub(super) fn is_on_this_machine(url: &str) -> bool {
    let Ok(url) = Url::parse(url.trim()) else { return false };
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
