//! Checks between settings: a deployment with real money must not use settings of a test. Each check uses the
//! settings that could be read, so that all faults are reported at once.

use alloy_primitives::{Address, hex};

use crate::base::web_address::Url;
use crate::chain::networks::Network;
use crate::chain::transaction::RelayerKey;
use crate::config::known_keys::is_known;
use crate::config::network_set::COINBASE;
use crate::config::place::{Place, is_at_loopback, is_on_this_machine};
use crate::facilitator::credentials::Credentials;
use crate::identity::master_key::MasterKey;
use crate::identity::randomness::looks_random;

/// Facilitators that settle on test networks only.
const FOR_TESTS_ONLY: &[&str] = &["x402.org", "www.x402.org"];

impl Place<'_> {
    /// What a remote facilitator cannot do, or requires and is not given. `None`: our own facilitator.
    pub(super) fn facilitator_faults(
        &self,
        url: Option<String>,
        credentials: Option<&Credentials>,
    ) -> Vec<String> {
        let mut faults = Vec::new();
        let Some(url) = url else { return faults };
        let host = Url::parse(&url).map_or_else(String::new, |url| url.host_str().to_owned());
        if let Some(main) = self.main_network()
            && FOR_TESTS_ONLY.contains(&host.as_str())
        {
            faults.push(format!(
                "FACILITATOR_URL is {host}, which settles on test networks only, while NETWORKS has {} (real money); set it to {COINBASE} or self, or set NETWORK_SET to test",
                main.caip2
            ));
        }
        let is_coinbase = Url::parse(COINBASE).is_some_and(|it| it.host_str() == host);
        if is_coinbase && !matches!(credentials, Some(Credentials::Cdp(_))) {
            faults.push(format!(
                "CDP_API_KEY_ID and CDP_API_KEY_SECRET are missing; the facilitator of Coinbase (FACILITATOR_URL is {host}) wants them as secrets; with FACILITATOR_URL = \"self\" it goes without"
            ));
        }
        if credentials.is_some() && !url.starts_with("https:") && !is_on_this_machine(&url) {
            faults.push(
                "FACILITATOR_URL must begin with https://, for it is sent a secret".to_owned(),
            );
        }
        faults
    }

    /// Networks that must not be combined, and URLs that are not allowed with real money.
    pub(super) fn faults(&self, addresses: &[(&str, Option<String>)]) -> Vec<String> {
        let mut faults = Vec::new();
        let main = self.main_network();
        let test = self.networks.iter().find(|network| network.is_testnet);
        if let (Some(main), Some(test)) = (main, test) {
            faults.push(format!(
                "NETWORKS mixes {}, whose money is real, with {}, whose money is not; keep one kind in a deployment",
                main.caip2, test.caip2
            ));
        }
        faults.extend(self.public_url.and_then(|url| public_url_fault(url, main)));
        let Some(main) = main else { return faults };
        let rpc_urls = self.rpc_urls.into_iter().flatten();
        let named = rpc_urls.filter(|(id, _)| self.networks.iter().any(|it| it.caip2 == *id));
        let unsafe_rpc = named.filter(|(_, url)| !is_for_real_money(url));
        faults.extend(unsafe_rpc.map(|(id, _)| must_be_https(&format!("RPC_URLS for {id}"), main)));
        let given = addresses.iter().filter_map(|(name, url)| Some((name, url.as_deref()?)));
        let given = given.filter(|(_, url)| !is_for_real_money(url));
        faults.extend(given.map(|(name, _)| must_be_https(name, main)));
        faults
    }
}

fn public_url_fault(url: &str, main: Option<&Network>) -> Option<String> {
    match main {
        Some(main) if !is_for_real_money(url) => Some(must_be_https("PUBLIC_URL", main)),
        Some(_) => None,
        None if url.starts_with("https:") || is_at_loopback(url) => None,
        None => {
            let example = "http is for your own machine only, as http://localhost:8787";
            Some(format!("PUBLIC_URL must begin with https://; {example}"))
        }
    }
}

/// The URL is not repeated, because it may hold an access key.
fn must_be_https(name: &str, main: &Network) -> String {
    let main = main.caip2;
    format!("{name} must be an https address that is not on this machine: {main} is real money")
}

fn is_for_real_money(url: &str) -> bool {
    url.trim().to_ascii_lowercase().starts_with("https:") && !is_on_this_machine(url)
}

/// The fault of `MASTER_KEY` in a deployment that others can reach.
pub(super) fn master_key_fault(text: &str) -> Option<String> {
    let key = MasterKey::parse(text.trim()).ok()?;
    let is_known = RelayerKey::parse(text).is_some_and(|key| is_known(&key.address()));
    (is_known || !key.looks_random()).then(|| {
        "MASTER_KEY can be guessed: it repeats, counts, is text, or a key that everybody knows; set 32 random bytes (openssl rand -hex 32)".to_owned()
    })
}

/// The fault of `RELAYER_PRIVATE_KEY` on a chain that others can reach.
pub(super) fn relayer_key_fault(text: &str) -> Option<String> {
    let address: Address = RelayerKey::parse(text)?.address();
    let bytes: [u8; 32] = hex::decode_to_array(text.trim()).ok()?;
    (is_known(&address) || !looks_random(&bytes)).then(|| {
        "RELAYER_PRIVATE_KEY is known to everybody, or can be guessed; on a chain that is not on your own machine use a random one (openssl rand -hex 32)".to_owned()
    })
}
