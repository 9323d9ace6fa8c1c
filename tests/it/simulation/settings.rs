//! What the deployment is set to, and how that changes while payments are under way.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use events_concierge::config::Config;

use crate::support::config_with;

/// Two networks. The second one may be removed for a while.
pub(crate) const NETWORKS: [&str; 2] = ["eip155:84532", "eip155:80002"];
pub(crate) const USDC: [&str; 2] =
    ["0x036CbD53842c5426634e7929541eC2318f3dCF7e", "0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582"];
pub(crate) const RPC_URLS: [&str; 2] = ["http://127.0.0.1:8545", "http://127.0.0.1:8546"];
const FACILITATOR: &str = "http://facilitator.test";
const RELAYER_KEY: &str = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";

/// The second network in the settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Second {
    #[default]
    Offered,
    /// Not in `NETWORKS`; its endpoint is still known.
    NotOffered,
    /// Neither in `NETWORKS` nor in `RPC_URLS`.
    Unknown,
}

/// What is set for all hosts, by facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Settings {
    /// Whether the hosts have our own facilitator.
    pub(crate) is_own: [bool; 3],
    pub(crate) second: Second,
    /// Whether nothing of it can be read.
    pub(crate) is_faulty: bool,
}

thread_local! {
    static CONFIGS: RefCell<BTreeMap<(bool, Second), Rc<Config>>> = RefCell::default();
}

impl Settings {
    /// What the object of a host is built with; `None` if it cannot be built.
    pub(crate) fn of(self, host: usize) -> Option<Rc<Config>> {
        let key = (self.is_own[host], self.second);
        let made = || {
            CONFIGS.with_borrow_mut(|made| Rc::clone(made.entry(key).or_insert_with(|| make(key))))
        };
        (!self.is_faulty).then(made)
    }
}

fn make((is_own, second): (bool, Second)) -> Rc<Config> {
    let networks = match second {
        Second::Offered => NETWORKS.join(","),
        Second::NotOffered | Second::Unknown => NETWORKS[0].to_owned(),
    };
    let urls = match second {
        Second::Offered | Second::NotOffered => 0..2,
        Second::Unknown => 0..1,
    };
    let urls: BTreeMap<&str, &str> = urls.map(|net| (NETWORKS[net], RPC_URLS[net])).collect();
    let urls = serde_json::to_string(&urls).unwrap();
    config_with(&[
        ("NETWORKS", &networks),
        ("RPC_URLS", &urls),
        ("FACILITATOR_URL", if is_own { "self" } else { FACILITATOR }),
        ("RELAYER_PRIVATE_KEY", RELAYER_KEY),
    ])
}
