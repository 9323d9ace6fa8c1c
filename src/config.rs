//! All settings, read once. Every fault is reported by the name of its setting, all at once.

mod checks;
mod facilitator_api;
mod gas;
mod known_keys;
pub mod names;
mod network_set;
mod place;
mod readers;
mod solana;

use std::collections::BTreeMap;
use std::fmt;

use alloy_primitives::Address;

use crate::base::money::Usdc;
use crate::chain::networks::Network;
use crate::chain::signature::Factories;
use crate::chain::solana::networks::is_solana;
use crate::chain::transaction::RelayerKey;
use crate::chat::llm::Settings;
use crate::config::checks::{master_key_fault, relayer_key_fault};
pub use crate::config::facilitator_api::FacilitatorApi;
use crate::config::gas::{read_gas, read_price_min};
use crate::config::network_set::{Chosen, read_network_set};
pub use crate::config::place::is_loopback;
use crate::config::place::{Place, authority_of, is_at_loopback, is_on_this_machine};
use crate::config::readers::{
    origin_of, read_api, read_contact, read_credentials, read_crossmint, read_facilitator,
    read_factories, read_keys, read_llm, read_mail, read_mail_webhook, read_networks, read_origins,
    read_public_url, read_relayer, read_rpc_urls, read_smart_wallet_factory, take,
};
pub use crate::config::solana::SolanaPayments;
use crate::config::solana::read_solana;
use crate::facilitator::client::{Facilitator, Own, Remote};
use crate::facilitator::own::gas::GasPolicy;
use crate::facilitator::supported::Supported;
use crate::identity::keys::Keys;
use crate::mail::settings::MailSettings;
use crate::mail::webhook::WebhookSecret;
use crate::wallets::crossmint::Crossmint;

/// The settings of a deployment.
pub struct Config {
    /// Networks that can be paid on, in order of preference. Never empty.
    pub networks: Vec<&'static Network>,
    /// The facilitator that verifies and settles.
    pub facilitator: Facilitator,
    /// The networks on which it settles, by its own statement.
    pub supported: Supported,
    /// How payments on Solana are settled, also those that were taken before. New ones:
    /// [`Config::solana_on_offer`].
    pub solana: Option<SolanaPayments>,
    /// The key that sends our own facilitator's transactions.
    pub relayer: Option<RelayerKey>,
    /// Access to our own facilitator over HTTP.
    pub facilitator_api: FacilitatorApi,
    /// Gas limits and budgets of our own facilitator.
    pub gas: GasPolicy,
    /// The smallest price that a host may set.
    pub price_min: Usdc,
    /// Factories that may deploy contract wallets (ERC-6492), for payments and for signing in.
    pub factories: Factories,
    /// The factory of our own smart wallets, for sessions and hosts without a wallet.
    pub smart_wallet_factory: Option<Address>,
    /// Crossmint's API, for sessions and hosts without a wallet.
    pub crossmint: Option<Crossmint>,
    /// A JSON-RPC endpoint for each network, by CAIP-2 id.
    pub rpc_urls: BTreeMap<String, String>,
    /// The URL of this deployment, without a slash at the end.
    pub public_url: String,
    /// Web origins that may call us, including our own.
    pub allowed_origins: Vec<String>,
    /// Keys derived from `MASTER_KEY`, and the identity keys.
    pub keys: Keys,
    /// The language model of the chat. Without one the chat uses patterns only.
    pub llm: Option<Settings>,
    /// Sender and mail API. Without it no mail is sent.
    pub mail: Option<MailSettings>,
    /// The secret that signs mail webhooks. Without it they are refused.
    pub mail_webhook: Option<WebhookSecret>,
    /// Where people who find a weakness write to (RFC 9116): an address of a page, or `mailto:`.
    pub contact: Option<String>,
}

/// All settings that are missing or invalid.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "settings need attention: {}", self.0.join("; "))
    }
}

impl std::error::Error for ConfigErrors {}

impl Config {
    /// Reads all settings through `get`.
    ///
    /// # Errors
    ///
    /// [`ConfigErrors`] with every fault.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut faults = Vec::new();
        let set = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let network_set = read_network_set(&mut faults, &set);
        let set = |name: &str| set(name).or_else(|| network_set.usual(name).map(str::to_owned));
        let config = Self::take(&mut faults, network_set, &set);
        config.filter(|_| faults.is_empty()).ok_or(ConfigErrors(faults))
    }

    /// Reads every setting before it returns, so that all faults are found.
    fn take(
        faults: &mut Vec<String>,
        network_set: Chosen,
        set: &impl Fn(&str) -> Option<String>,
    ) -> Option<Self> {
        let networks = take(faults, "NETWORKS", read_networks(set("NETWORKS")));
        let rpc_urls = take(faults, "RPC_URLS", read_rpc_urls(set("RPC_URLS")));
        let facilitator = take(faults, "FACILITATOR_URL", read_facilitator(set("FACILITATOR_URL")));
        let credentials = read_credentials(faults, set);
        let api = read_api(set("FACILITATOR_API"), set("FACILITATOR_TOKENS"));
        let api = take(faults, "FACILITATOR_API", api);
        let relayer = take(faults, "RELAYER_PRIVATE_KEY", read_relayer(set("RELAYER_PRIVATE_KEY")));
        let factories = take(faults, "WALLET_FACTORIES", read_factories(set("WALLET_FACTORIES")));
        let gas = read_gas(faults, set);
        let price_min = take(faults, "PRICE_MIN", read_price_min(set("PRICE_MIN")));
        let smart = read_smart_wallet_factory(set("SMART_WALLET_FACTORY"));
        let smart = take(faults, "SMART_WALLET_FACTORY", smart);
        let crossmint = read_crossmint(faults, set);
        let public_url = take(faults, "PUBLIC_URL", read_public_url(set("PUBLIC_URL")));
        let allowed = set("ALLOWED_ORIGINS");
        let origins = take(faults, "ALLOWED_ORIGINS", read_origins(allowed.as_deref()));
        let keys = read_keys(faults, set);
        let llm = read_llm(faults, set);
        let mail = read_mail(faults, set);
        let mail_webhook = read_mail_webhook(faults, set);
        let contact = take(faults, "CONTACT", read_contact(set("CONTACT")));
        let place = Place {
            networks: networks.as_deref().unwrap_or_default(),
            rpc_urls: rpc_urls.as_ref(),
            public_url: public_url.as_deref(),
        };
        faults.extend(Self::test_settings(place, set));
        faults.extend(network_set.faults(place));
        faults
            .extend(place.facilitator_faults(facilitator.clone().flatten(), credentials.as_ref()));
        let solana = read_solana(faults, set, place, (facilitator.as_ref(), credentials.as_ref()));
        let (networks, rpc_urls) = (networks?, rpc_urls?);
        faults.extend(without_endpoint(&networks, &rpc_urls));
        let (facilitator, api, relayer, factories) = (facilitator?, api?, relayer?, factories?);
        let needs_relayer = facilitator.is_none() || api != FacilitatorApi::Off;
        faults.extend((needs_relayer && relayer.is_none()).then(|| RELAYER_MISSING.to_owned()));
        let facilitator = match (facilitator, &relayer) {
            (Some(base_url), _) => Facilitator::At(Remote { base_url, credentials }),
            (None, Some(key)) => Facilitator::Own(Own {
                relayer: key.address(),
                rpc_urls: rpc_urls.clone(),
                factories: factories.clone(),
                policy: gas.clone()?,
            }),
            (None, None) => return None,
        };
        let (public_url, contact) = (public_url?, contact?);
        let mut allowed_origins = origins?;
        allowed_origins.push(origin_of(&public_url));
        Some(Self {
            networks,
            facilitator,
            supported: Supported::default(),
            solana,
            relayer,
            facilitator_api: api,
            gas: gas?,
            price_min: price_min?,
            factories,
            smart_wallet_factory: smart?,
            crossmint: crossmint?,
            rpc_urls,
            public_url,
            allowed_origins,
            keys: keys?,
            llm,
            mail,
            mail_webhook: mail_webhook?,
            contact,
        })
    }

    /// Faults of test settings in a deployment with real money.
    fn test_settings(place: Place<'_>, set: &impl Fn(&str) -> Option<String>) -> Vec<String> {
        let asked = [
            "FACILITATOR_URL",
            "SOLANA_FACILITATOR_URL",
            "CROSSMINT_URL",
            "OPENAI_BASE_URL",
            "MAIL_API_URL",
        ];
        let is_own = |url: &String| url.trim() == "self";
        let addresses = asked.map(|name| (name, set(name).filter(|url| !is_own(url))));
        let mut faults = place.faults(&addresses);
        if place.is_elsewhere() {
            faults.extend(set("MASTER_KEY").as_deref().and_then(master_key_fault));
        }
        if place.is_chain_elsewhere() {
            faults.extend(set("RELAYER_PRIVATE_KEY").as_deref().and_then(relayer_key_fault));
        }
        faults
    }

    /// How new payments on Solana are taken: only where an endpoint can be asked what became of them. Without one
    /// a payer that takes its money back in time holds a seat for nothing, and nobody can tell.
    #[must_use]
    pub fn solana_on_offer(&self) -> Option<&SolanaPayments> {
        let has_endpoint = |it: &&SolanaPayments| self.rpc_urls.contains_key(it.network.caip2);
        self.solana.as_ref().filter(has_endpoint)
    }

    /// The facilitator that settles on this network (CAIP-2); `None` for Solana if there is none for it.
    #[must_use]
    pub fn facilitator_on(&self, network: &str) -> Option<&Facilitator> {
        if is_solana(network) {
            self.solana.as_ref().map(|solana| &solana.facilitator)
        } else {
            Some(&self.facilitator)
        }
    }

    /// The host name of the deployment, without a port.
    #[must_use]
    pub fn public_host(&self) -> &str {
        let authority = self.public_authority();
        match authority.rsplit_once(':') {
            // The colons of an IPv6 address are in brackets.
            Some((host, port)) if !port.ends_with(']') => host,
            Some(_) | None => authority,
        }
    }

    /// Host and port of [`Config::public_url`], as in an `Origin` or `Host` header.
    #[must_use]
    pub fn public_authority(&self) -> &str {
        authority_of(&self.public_url)
    }

    /// Whether the deployment's URL is on the local machine, so that no one else reaches it.
    #[must_use]
    pub fn is_at_loopback(&self) -> bool {
        is_at_loopback(&self.public_url)
    }

    /// Whether this is a developer's machine with a local chain, whose money has no value. Everything that is meant
    /// for such a machine depends on this alone: test money, codes that are printed, our own wallets for anonymous
    /// sessions, higher limits.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let is_here = |url: &String| is_on_this_machine(url);
        self.is_at_loopback()
            && self.networks.iter().all(|network| {
                network.is_testnet && self.rpc_urls.get(network.caip2).is_some_and(is_here)
            })
    }
}

fn without_endpoint<'a>(
    networks: &'a [&'static Network],
    rpc_urls: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = String> + 'a {
    let without = networks.iter().filter(|network| !rpc_urls.contains_key(network.caip2));
    without.map(|it| format!("RPC_URLS has no endpoint for {}", it.caip2))
}

const RELAYER_MISSING: &str =
    "RELAYER_PRIVATE_KEY is missing; our own facilitator needs it as a secret";

#[cfg(test)]
mod tests;
