//! All settings, read once. Every fault is reported by its name, all together.

use std::collections::BTreeMap;
use std::fmt;

use alloy_primitives::Address;
use url::Url;

use crate::chain::networks::Network;
use crate::chain::signature::Factories;
use crate::chain::transaction::RelayerKey;
use crate::identity::keys::{Keys, MasterKey};
use crate::wallet::crossmint::{self, Crossmint};
use crate::x402::facilitator::{Facilitator, Own};

/// The names of all variables and secrets. `build.rs` compares the variables with `wrangler.toml`.
pub const VARIABLES: &[&str] = &[
    "NETWORKS",
    "FACILITATOR_URL",
    "FACILITATOR_API",
    "WALLET_FACTORIES",
    "SMART_WALLET_FACTORY",
    "CROSSMINT_URL",
    "RPC_URLS",
    "PUBLIC_URL",
    "ALLOWED_ORIGINS",
];
/// Settings that are kept as secrets.
pub const SECRETS: &[&str] =
    &["MASTER_KEY", "RELAYER_PRIVATE_KEY", "FACILITATOR_TOKENS", "CROSSMINT_API_KEY"];

/// The shortest access token.
const TOKEN_CHARS_MIN: usize = 16;

/// Everything that is set from outside.
pub struct Config {
    /// Networks on which may be paid, the preferred one first. Never empty.
    pub networks: Vec<&'static Network>,
    /// Who verifies and settles.
    pub facilitator: Facilitator,
    /// The key that sends our own facilitator's transactions.
    pub relayer: Option<RelayerKey>,
    /// Who may use our own facilitator.
    pub facilitator_api: FacilitatorApi,
    /// Who may make contract wallets (ERC-6492), for payments and for signing in.
    pub factories: Factories,
    /// Who makes smart wallets of our own, for sessions and hosts that have none.
    pub smart_wallet_factory: Option<Address>,
    /// Who keeps wallets for sessions and hosts that have none.
    pub crossmint: Option<Crossmint>,
    /// A JSON-RPC endpoint for each network, by CAIP-2 id.
    pub rpc_urls: BTreeMap<String, String>,
    /// Where this deployment is, without a slash at the end.
    pub public_url: String,
    /// Origins of web pages that may call us, our own among them.
    pub allowed_origins: Vec<String>,
    /// Keys derived from `MASTER_KEY`.
    pub keys: Keys,
}

/// Who may use our own facilitator over HTTP. Hosts of this deployment need none of this.
#[derive(Clone, PartialEq, Eq)]
pub enum FacilitatorApi {
    /// Nobody.
    Off,
    /// Anybody.
    Open,
    /// Whoever has one of these tokens.
    Tokens(Vec<String>),
}

/// Every setting that is missing or cannot be used.
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
    /// [`ConfigErrors`] with every fault.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut faults = Vec::new();
        let set = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let networks = take(&mut faults, "NETWORKS", read_networks(set("NETWORKS")));
        let rpc_urls = take(&mut faults, "RPC_URLS", read_rpc_urls(set("RPC_URLS")));
        let facilitator =
            take(&mut faults, "FACILITATOR_URL", read_facilitator(set("FACILITATOR_URL")));
        let api = read_api(set("FACILITATOR_API"), set("FACILITATOR_TOKENS"));
        let api = take(&mut faults, "FACILITATOR_API", api);
        let relayer =
            take(&mut faults, "RELAYER_PRIVATE_KEY", read_relayer(set("RELAYER_PRIVATE_KEY")));
        let factories =
            take(&mut faults, "WALLET_FACTORIES", read_factories(set("WALLET_FACTORIES")));
        let wallets = read_wallets(&mut faults, set);
        let public_url = take(&mut faults, "PUBLIC_URL", read_url(set("PUBLIC_URL")));
        let origins = read_origins(get("ALLOWED_ORIGINS").as_deref());
        let origins = take(&mut faults, "ALLOWED_ORIGINS", origins);
        let keys = take(&mut faults, "MASTER_KEY", read_key(set("MASTER_KEY")));
        let (
            Some(networks),
            Some(rpc_urls),
            Some(facilitator),
            Some(facilitator_api),
            Some(relayer),
            Some(factories),
            Some((smart_wallet_factory, crossmint)),
            Some(public_url),
            Some(mut allowed_origins),
            Some(keys),
        ) = (
            networks,
            rpc_urls,
            facilitator,
            api,
            relayer,
            factories,
            wallets,
            public_url,
            origins,
            keys,
        )
        else {
            return Err(ConfigErrors(faults));
        };
        let is_own = facilitator.is_none() || facilitator_api != FacilitatorApi::Off;
        faults.extend(missing(&networks, &rpc_urls, is_own && relayer.is_none()));
        if !faults.is_empty() {
            return Err(ConfigErrors(faults));
        }
        allowed_origins.push(origin_of(&public_url));
        let facilitator = match (facilitator, &relayer) {
            (None, Some(key)) => Facilitator::Own(Own {
                relayer: key.address(),
                rpc_urls: rpc_urls.clone(),
                factories: factories.clone(),
            }),
            (address, _) => Facilitator::At(address.unwrap_or_default()),
        };
        Ok(Self {
            networks,
            facilitator,
            relayer,
            facilitator_api,
            factories,
            rpc_urls,
            public_url,
            allowed_origins,
            keys,
            smart_wallet_factory,
            crossmint,
        })
    }

    /// Host and port of [`Config::public_url`], as an `Origin` or `Host` header has it.
    #[must_use]
    pub fn public_authority(&self) -> &str {
        self.public_url
            .split_once("://")
            .map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""))
    }

    /// Whether this deployment runs on the developer's own machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_loopback(self.public_authority())
    }
}

/// Whether `authority` (host with or without port) names the machine itself.
#[must_use]
pub fn is_loopback(authority: &str) -> bool {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

fn take<T>(faults: &mut Vec<String>, name: &str, result: Result<T, String>) -> Option<T> {
    result.map_err(|fault| faults.push(format!("{name} {fault}"))).ok()
}

fn read_networks(text: Option<String>) -> Result<Vec<&'static Network>, String> {
    let text = text.ok_or("is missing; set CAIP-2 ids such as eip155:84532")?;
    text.split(',')
        .map(|id| {
            Network::by_caip2(id.trim())
                .ok_or_else(|| format!("names {:?}, which is unknown", id.trim()))
        })
        .collect()
}

fn read_rpc_urls(text: Option<String>) -> Result<BTreeMap<String, String>, String> {
    let text = text.ok_or("is missing; set JSON such as {\"eip155:84532\": \"https://…\"}")?;
    serde_json::from_str(&text)
        .map_err(|_| "is not a JSON object of endpoints by network".to_owned())
}

fn read_url(text: Option<String>) -> Result<String, String> {
    let text = text.ok_or("is missing; set an http(s) address")?;
    match Url::parse(text.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(text.trim().trim_end_matches('/').to_owned())
        }
        Ok(_) | Err(_) => Err("is not an http(s) address".to_owned()),
    }
}

/// `None`: our own.
fn read_facilitator(text: Option<String>) -> Result<Option<String>, String> {
    if text.as_deref().map(str::trim) == Some("self") {
        return Ok(None);
    }
    let is_missing = text.is_none();
    read_url(text).map(Some).map_err(|fault| {
        if is_missing { "is missing; set an http(s) address, or self".to_owned() } else { fault }
    })
}

fn read_api(text: Option<String>, tokens: Option<String>) -> Result<FacilitatorApi, String> {
    match text.as_deref().map(str::trim) {
        None | Some("off") => Ok(FacilitatorApi::Off),
        Some("open") => Ok(FacilitatorApi::Open),
        Some("token") => {
            let tokens = tokens.unwrap_or_default();
            let tokens: Vec<String> =
                tokens.split(',').map(|token| token.trim().to_owned()).collect();
            if tokens.iter().any(|token| token.len() < TOKEN_CHARS_MIN) {
                return Err(format!(
                    "is token; set the secret FACILITATOR_TOKENS, separated by commas, each of at least {TOKEN_CHARS_MIN} characters"
                ));
            }
            Ok(FacilitatorApi::Tokens(tokens))
        }
        Some(_) => Err("must be off, open or token".to_owned()),
    }
}

fn read_relayer(text: Option<String>) -> Result<Option<RelayerKey>, String> {
    text.map(|text| {
        RelayerKey::parse(&text).ok_or_else(|| "is not a private key in hex".to_owned())
    })
    .transpose()
}

fn read_factories(text: Option<String>) -> Result<Factories, String> {
    Factories::parse(&text.unwrap_or_default()).map_err(|entry| {
        format!("names {entry:?}, which is not an address and a selector such as 0x…:0x3ffba36f")
    })
}

/// What is missing although every setting can be read.
fn missing(
    networks: &[&Network],
    rpc_urls: &BTreeMap<String, String>,
    needs_relayer: bool,
) -> Vec<String> {
    let unreachable = networks.iter().filter(|network| !rpc_urls.contains_key(network.caip2));
    let mut faults: Vec<String> = unreachable
        .map(|network| format!("RPC_URLS has no endpoint for {}", network.caip2))
        .collect();
    if needs_relayer {
        faults.push(
            "RELAYER_PRIVATE_KEY is missing; our own facilitator needs it as a secret".to_owned(),
        );
    }
    faults
}

/// Who makes smart wallets, and who keeps wallets for us.
fn read_wallets(
    faults: &mut Vec<String>,
    set: impl Fn(&str) -> Option<String>,
) -> Option<(Option<Address>, Option<Crossmint>)> {
    let factory = read_smart_wallet_factory(set("SMART_WALLET_FACTORY"));
    let factory = take(faults, "SMART_WALLET_FACTORY", factory);
    let crossmint = read_crossmint(set("CROSSMINT_API_KEY"), set("CROSSMINT_URL"));
    let crossmint = crossmint.map_err(|fault| faults.push(fault)).ok();
    Some((factory?, crossmint?))
}

fn read_smart_wallet_factory(text: Option<String>) -> Result<Option<Address>, String> {
    let read = |text: String| text.trim().parse().map_err(|_| "is not an address".to_owned());
    text.map(read).transpose()
}

/// The fault names its setting, for there are two.
fn read_crossmint(key: Option<String>, url: Option<String>) -> Result<Option<Crossmint>, String> {
    let url = url.map(|url| crossmint::read_url(&url)).transpose();
    let url = url.map_err(|fault| format!("CROSSMINT_URL {fault}"))?;
    let key = key.map(|key| Crossmint::new(&key, url)).transpose();
    key.map_err(|fault| format!("CROSSMINT_API_KEY {fault}"))
}

fn read_origins(text: Option<&str>) -> Result<Vec<String>, String> {
    let origins = text.unwrap_or_default().split(',').map(str::trim).filter(|o| !o.is_empty());
    origins
        .map(|origin| match Url::parse(origin) {
            Ok(url) if url.has_host() => Ok(origin_of(origin)),
            Ok(_) | Err(_) => Err(format!("names {origin:?}, which is not an origin")),
        })
        .collect()
}

fn read_key(text: Option<String>) -> Result<Keys, String> {
    let text = text.ok_or("is missing; set 32 random bytes in hex as a secret")?;
    let key = MasterKey::parse(text.trim()).map_err(|_| "is not 32 bytes in hex or base64")?;
    Ok(Keys::derive(&key))
}

fn origin_of(address: &str) -> String {
    Url::parse(address)
        .map_or_else(|_| address.to_owned(), |url| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(changes: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
        let mut settings: BTreeMap<&str, &str> = [
            ("NETWORKS", "eip155:84532"),
            ("FACILITATOR_URL", "http://127.0.0.1:4020/"),
            ("RPC_URLS", r#"{"eip155:84532":"http://127.0.0.1:8545"}"#),
            ("PUBLIC_URL", "http://localhost:8787"),
            ("MASTER_KEY", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
        ]
        .into();
        settings.extend(changes.iter().copied());
        Config::read(|name| settings.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn good_settings_are_read() {
        let config = read(&[("ALLOWED_ORIGINS", "https://page.example, http://localhost:5173/")]);
        let config = config.map_err(|errors| errors.to_string()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(config.facilitator, Facilitator::At("http://127.0.0.1:4020".to_owned()));
        let origins = ["https://page.example", "http://localhost:5173", "http://localhost:8787"];
        assert_eq!(config.allowed_origins, origins);
        assert_eq!(config.public_authority(), "localhost:8787");
        assert!(config.is_local());
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let Err(errors) =
            read(&[("NETWORKS", "eip155:1"), ("MASTER_KEY", "short"), ("PUBLIC_URL", "")])
        else {
            panic!("these settings are faulty");
        };
        let names: Vec<_> = errors.0.iter().filter_map(|e| e.split(' ').next()).collect();
        assert_eq!(names, ["NETWORKS", "PUBLIC_URL", "MASTER_KEY"]);
    }

    #[test]
    fn our_own_facilitator_needs_a_key_and_its_api_tokens() {
        let faults = |changes: &[(&str, &str)]| read(changes).err().map(|errors| errors.0);
        let key = (
            "RELAYER_PRIVATE_KEY",
            "00000000000000000000000000000000000000000000000000000000000000a1",
        );
        let own = ("FACILITATOR_URL", "self");
        let missing = "RELAYER_PRIVATE_KEY is missing; our own facilitator needs it as a secret";
        assert_eq!(faults(&[own]), Some(vec![missing.to_owned()]));
        assert_eq!(faults(&[("FACILITATOR_API", "open")]), Some(vec![missing.to_owned()]));
        assert_eq!(faults(&[own, key]), None);
        for (api, tokens, good) in [
            ("open", "", true),
            ("token", "0123456789abcdef", true),
            ("token", "short", false),
            ("on", "", false),
        ] {
            let settings = [own, key, ("FACILITATOR_API", api), ("FACILITATOR_TOKENS", tokens)];
            assert_eq!(faults(&settings).is_none(), good, "{api} {tokens}");
        }
        assert!(faults(&[("WALLET_FACTORIES", "0x12")]).is_some());
        assert!(faults(&[own, ("RELAYER_PRIVATE_KEY", "0x12")]).is_some());
    }

    #[test]
    fn settings_of_wallets_are_optional_and_faults_of_theirs_are_named() {
        let good = read(&[]).ok().map(|c| (c.smart_wallet_factory, c.crossmint.is_some()));
        assert_eq!(good, Some((None, false)));
        let factory = "0x00000000000000000000000000000000fac70001";
        let set = [("SMART_WALLET_FACTORY", factory), ("CROSSMINT_API_KEY", "sk_staging_a")];
        let set = read(&set).ok().map(|c| (c.smart_wallet_factory, c.crossmint.is_some()));
        assert_eq!(set, Some((factory.parse().ok(), true)));
        for (name, value) in [
            ("SMART_WALLET_FACTORY", "0x12"),
            ("CROSSMINT_API_KEY", "ck_staging_secret"),
            ("CROSSMINT_API_KEY", "sk_test_secret"),
            ("CROSSMINT_URL", "http://attacker.example"),
            ("CROSSMINT_URL", "https://staging.crossmint.com/api"),
        ] {
            let Err(errors) = read(&[(name, value)]) else { panic!("{name} {value} is taken") };
            assert_eq!(errors.0.len(), 1);
            assert!(errors.0[0].starts_with(name), "{errors}");
            assert!(!errors.0[0].contains("secret"), "{errors}");
        }
    }

    #[test]
    fn a_network_without_an_endpoint_is_a_fault() {
        let Err(errors) = read(&[("NETWORKS", "eip155:84532,eip155:8453")]) else {
            panic!("there is no endpoint for Base");
        };
        assert_eq!(errors.0, ["RPC_URLS has no endpoint for eip155:8453"]);
    }
}
