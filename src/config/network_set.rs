//! `NETWORK_SET`: chooses networks, endpoints and a facilitator that belong together. Each of them can be overridden;
//! a setting that does not fit is a fault.

use crate::config::place::{Place, is_at_loopback, is_on_this_machine};

pub(super) const COINBASE: &str = "https://api.cdp.coinbase.com/platform/v2/x402";

/// The kind of networks of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NetworkSet {
    /// A chain on the developer's own machine.
    Local,
    /// Public networks whose money has no value.
    Test,
    /// Networks with real money.
    Main,
}

/// The choice that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    Set(NetworkSet),
    /// None; every setting stands for itself.
    Nothing,
    /// An invalid choice. Its fault is reported once, instead of once for each default.
    Faulty,
}

/// Reads the choice. Adds a fault to `faults`.
pub(super) fn read_network_set(
    faults: &mut Vec<String>,
    set: &impl Fn(&str) -> Option<String>,
) -> Chosen {
    let fault = match set("NETWORK_SET").as_deref().map(str::trim) {
        Some("local") => return Chosen::Set(NetworkSet::Local),
        Some("test") => return Chosen::Set(NetworkSet::Test),
        Some("main") => return Chosen::Set(NetworkSet::Main),
        Some(_) => "NETWORK_SET must be test, main or local",
        None if set("NETWORKS").is_some() => return Chosen::Nothing,
        None => "NETWORK_SET is missing; set it in wrangler.toml to test, main or local",
    };
    faults.push(fault.to_owned());
    Chosen::Faulty
}

impl NetworkSet {
    const fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Test => "test",
            Self::Main => "main",
        }
    }

    /// The default of a setting.
    fn usual(self, name: &str) -> Option<&'static str> {
        match (name, self) {
            ("NETWORKS", Self::Local | Self::Test) => Some("eip155:84532"),
            ("NETWORKS", Self::Main) => Some("eip155:8453"),
            ("RPC_URLS", Self::Local) => Some(r#"{"eip155:84532":"http://127.0.0.1:8545"}"#),
            ("RPC_URLS", Self::Test) => Some(r#"{"eip155:84532":"https://sepolia.base.org"}"#),
            ("RPC_URLS", Self::Main) => Some(r#"{"eip155:8453":"https://mainnet.base.org"}"#),
            ("FACILITATOR_URL", Self::Local) => Some("self"),
            ("FACILITATOR_URL", Self::Test) => Some("https://www.x402.org/facilitator"),
            ("FACILITATOR_URL", Self::Main) => Some(COINBASE),
            ("PUBLIC_URL", Self::Local) => Some("http://localhost:8787"),
            _ => None,
        }
    }

    fn faults(self, place: Place<'_>) -> Vec<String> {
        let word = self.word();
        let mut faults = Vec::new();
        let is_test = self != Self::Main;
        // A mix of both kinds is a fault of its own, which is reported already.
        if !place.is_mixed()
            && let Some(other) = place.networks.iter().find(|it| it.is_testnet != is_test)
        {
            let kind = if other.is_testnet { "a test network" } else { "real money" };
            faults.push(format!(
                "NETWORKS names {} ({}), which is {kind}, while NETWORK_SET is {word}; change one of the two",
                other.caip2, other.name
            ));
        }
        if self == Self::Local {
            let urls = place.networks.iter().filter_map(|it| place.rpc_urls?.get(it.caip2));
            let elsewhere = [
                ("RPC_URLS", urls.into_iter().any(|url| !is_on_this_machine(url))),
                ("PUBLIC_URL", place.public_url.is_some_and(|url| !is_at_loopback(url))),
            ];
            faults.extend(elsewhere.iter().filter(|(_, is_fault)| *is_fault).map(|(name, _)| {
                format!("{name} must be on this machine while NETWORK_SET is local; set NETWORK_SET to test or main")
            }));
        }
        faults
    }
}

impl Chosen {
    /// The default of a setting.
    pub(super) fn usual(self, name: &str) -> Option<&'static str> {
        match self {
            Self::Set(set) => set.usual(name),
            Self::Nothing => None,
            Self::Faulty => NetworkSet::Test.usual(name),
        }
    }

    /// Settings that do not fit the set.
    pub(super) fn faults(self, place: Place<'_>) -> Vec<String> {
        match self {
            Self::Set(set) => set.faults(place),
            Self::Nothing | Self::Faulty => Vec::new(),
        }
    }
}
