//! Wallets that Crossmint keeps: contracts whose key Crossmint holds and uses on request of our API key. The requests are
//! those of `@crossmint/wallets-sdk` 1.1.0 on a server, with the API of 2025-06-09 (`tests/vectors/crossmint.json`).

use alloy_primitives::{Address, Bytes, U256};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::money::Usdc;
use crate::base::web_address::Url;
use crate::chain::networks::{NETWORKS, Network};
use crate::ports::{Timer, Web, WebMethod, WebRequest};

const STAGING_URL: &str = "https://staging.crossmint.com";
const PRODUCTION_URL: &str = "https://www.crossmint.com";
/// The prefix of all routes.
const API: &str = "/api/2025-06-09/wallets";
/// The signer that stands for our API key.
const SIGNER: &str = "api-key";
const TIMEOUT_MILLIS: u32 = 10_000;
const RESPONSE_BYTES_MAX: usize = 256 * 1024;
/// The interval of the SDK, milliseconds.
const POLL_MILLIS: u32 = 500;
/// Polls for about 20 seconds. Then the caller must continue later.
const POLLS_MAX: u32 = 40;
/// The longest message of Crossmint that is passed on, characters.
const MESSAGE_CHARS_MAX: usize = 200;
/// The longest id of a user, characters.
const OWNER_CHARS_MAX: usize = 128;

/// A client of Crossmint. There is no `Debug`, so the API key is never shown.
#[derive(Clone)]
pub struct Crossmint {
    base_url: String,
    api_key: String,
    is_production: bool,
}

/// A wallet that Crossmint keeps. It has the same address on every network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CrossmintWallet {
    /// Crossmint's name of its owner: `userId:…`.
    pub locator: String,
    /// The address, deployed or not.
    pub address: Address,
}

/// Why a request to Crossmint failed. The messages are for the operator or the user who pays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrossmintError {
    /// No answer, or a server error.
    #[error("Crossmint cannot be reached; try again later")]
    Unavailable,
    /// Crossmint answered with HTTP status 401 or 403.
    #[error(
        "Crossmint refuses the API key; CROSSMINT_API_KEY must be a server key that may create wallets, read them and sign with them"
    )]
    Key,
    /// Crossmint answered with HTTP status 429.
    #[error("Crossmint gets too many requests from this deployment; try again in a minute")]
    Busy,
    /// Another refusal, with Crossmint's message.
    #[error("Crossmint refuses with status {status}: {message}")]
    Refused {
        status: u16,
        /// Crossmint's message, cut to 200 characters.
        message: String,
    },
    /// The answer does not have the expected form.
    #[error("Crossmint's answer cannot be read, or is about something else; try again later")]
    Malformed,
    /// The name of the owner is not a valid user id.
    #[error("a wallet's owner must be 1 to 128 letters, digits, hyphens, underscores and points")]
    Owner,
    /// The typed data is malformed, or for a chain that the key does not serve.
    #[error(
        "the typed data must have primaryType, types, message and a domain of name, version, chainId and verifyingContract, for a network that {keys} keys of Crossmint serve"
    )]
    TypedData {
        /// The key's environment: `staging` or `production`.
        keys: &'static str,
    },
    /// Crossmint reports that the signature failed.
    #[error("Crossmint could not sign; nothing was paid, ask again")]
    Failed,
    /// The wallet needs the approval of a signer other than our API key.
    #[error(
        "the wallet waits for the approval of a signer that is not the API key; create another wallet"
    )]
    AwaitsApproval,
    /// The signature is not ready in time. [`Crossmint::await_signature`] continues to wait for it.
    #[error("Crossmint has not signed yet; ask again for the same signature in a moment")]
    Pending {
        /// Crossmint's id of the signature.
        id: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WalletAnswer {
    chain_type: String,
    r#type: String,
    address: Address,
    owner: Option<String>,
    config: WalletConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WalletConfig {
    admin_signer: AdminSigner,
}

#[derive(Deserialize)]
struct AdminSigner {
    r#type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignatureAnswer {
    id: String,
    status: Status,
    output_signature: Option<Bytes>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Status {
    AwaitingApproval,
    Pending,
    Failed,
    Success,
}

impl Crossmint {
    /// A client with this API key. `base_url` replaces Crossmint's own URL in tests.
    ///
    /// # Errors
    /// What is wrong with the key. The message does not repeat it.
    pub fn new(api_key: &str, base_url: Option<String>) -> Result<Self, String> {
        let api_key = api_key.trim();
        let is_shown = api_key.bytes().all(|b| b.is_ascii_graphic());
        let own_url = match api_key.strip_prefix("sk_") {
            Some(rest) if is_shown && rest.starts_with("staging_") => STAGING_URL,
            Some(rest) if is_shown && rest.starts_with("production_") => PRODUCTION_URL,
            Some(_) | None => {
                return Err("must be a server key: sk_staging_… or sk_production_…".to_owned());
            }
        };
        let is_production = own_url == PRODUCTION_URL;
        let base_url = base_url.unwrap_or_else(|| own_url.to_owned());
        Ok(Self { base_url, api_key: api_key.to_owned(), is_production })
    }

    /// Returns the wallet of an owner, and creates it if there is none yet. Crossmint sees the name of the owner, so it
    /// should be opaque, such as a scope or a session.
    ///
    /// # Errors
    /// [`CrossmintError`] for every failure.
    pub async fn create_wallet(
        &self,
        world: &impl Web,
        owner: &str,
    ) -> Result<CrossmintWallet, CrossmintError> {
        let locator = locator_of(owner)?;
        let body = json!({
            "type": "smart",
            "chainType": "evm",
            "config": {"adminSigner": {"type": SIGNER}, "delegatedSigners": []},
            "owner": locator,
        });
        read_wallet(self.ask(world, API.to_owned(), Some(&body)).await?, locator)
    }

    /// The wallet of an owner, if it was created before (`GET /wallets/{locator}` of Crossmint's reference).
    ///
    /// # Errors
    /// [`CrossmintError`] for every failure.
    pub async fn find_wallet(
        &self,
        world: &impl Web,
        owner: &str,
    ) -> Result<Option<CrossmintWallet>, CrossmintError> {
        let locator = locator_of(owner)?;
        match self.ask(world, format!("{API}/{locator}:evm:smart"), None).await {
            Ok(answer) => read_wallet(answer, locator).map(Some),
            Err(CrossmintError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Has EIP-712 typed data signed by the wallet (ERC-1271; ERC-6492 before its deployment). The caller must check that the
    /// wallet accepts the signature ([`crate::chain::erc1271::accepts`]).
    ///
    /// # Errors
    /// [`CrossmintError`]. A signature may have been made, except after [`CrossmintError::Owner`] and
    /// [`CrossmintError::TypedData`].
    pub async fn sign_typed_data(
        &self,
        world: &(impl Web + Timer),
        wallet: &CrossmintWallet,
        typed_data: &Value,
    ) -> Result<Bytes, CrossmintError> {
        let body = self.order(typed_data).ok_or(CrossmintError::TypedData { keys: self.keys() })?;
        let route = format!("{API}/{}/signatures", wallet.address);
        let made: SignatureAnswer = self.ask(world, route, Some(&body)).await?;
        if made.status == Status::Success {
            return finished(made)?.ok_or(CrossmintError::Malformed);
        }
        self.await_signature(world, wallet, &made.id).await
    }

    /// Waits for a signature that was requested before and was [`CrossmintError::Pending`].
    ///
    /// # Errors
    /// [`CrossmintError`] for every failure.
    pub async fn await_signature(
        &self,
        world: &(impl Web + Timer),
        wallet: &CrossmintWallet,
        id: &str,
    ) -> Result<Bytes, CrossmintError> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if id.is_empty() || !id.bytes().all(is_plain) {
            return Err(CrossmintError::Malformed);
        }
        for _ in 0..POLLS_MAX {
            let route = format!("{API}/{}/signatures/{id}", wallet.address);
            match self.ask::<SignatureAnswer>(world, route, None).await {
                Ok(answer) if answer.id != id => return Err(CrossmintError::Malformed),
                Ok(answer) => {
                    if let Some(signature) = finished(answer)? {
                        return Ok(signature);
                    }
                }
                // The request stays valid; polling again requests nothing new.
                Err(CrossmintError::Unavailable | CrossmintError::Busy) => {}
                Err(error) => return Err(error),
            }
            world.sleep(POLL_MILLIS).await;
        }
        Err(CrossmintError::Pending { id: id.to_owned() })
    }

    /// The wallet's USDC on a network, as reported by Crossmint.
    ///
    /// # Errors
    /// [`CrossmintError`] for every failure.
    pub async fn balance(
        &self,
        world: &impl Web,
        wallet: &CrossmintWallet,
        network: &Network,
    ) -> Result<Usdc, CrossmintError> {
        let chain = self.chain_of(network);
        let chain = chain.ok_or(CrossmintError::TypedData { keys: self.keys() })?;
        let query = format!("tokens=eth%2Cusdc&chains={chain}");
        let route = format!("{API}/{}/balances?{query}", wallet.address);
        let tokens: Vec<Value> = self.ask(world, route, None).await?;
        let Some(usdc) = tokens.iter().find(|token| token.get("symbol") == Some(&json!("usdc")))
        else {
            return Ok(Usdc::ZERO);
        };
        let there = usdc.get("chains").and_then(|chains| chains.get(chain));
        let text = |name| there.and_then(|there| there.get(name)).and_then(Value::as_str);
        let contract: Option<Address> = text("contractAddress").and_then(|text| text.parse().ok());
        // Staging has Crossmint's own dollar token, which no server accepts.
        if contract.is_some_and(|contract| contract != network.usdc) {
            return Ok(Usdc::ZERO);
        }
        let raw: Option<U256> = text("rawAmount").and_then(|text| text.parse().ok());
        raw.map(super::capped).ok_or(CrossmintError::Malformed)
    }

    /// The body of a request for a signature; `None` if the typed data is malformed or for another chain.
    fn order(&self, typed_data: &Value) -> Option<Value> {
        let part = |name| typed_data.get(name);
        let (domain, message) = (part("domain")?, part("message")?.as_object()?);
        let types = part("types")?.as_object()?;
        let chain_id = domain.get("chainId")?;
        let chain_id = chain_id.as_u64().or_else(|| chain_id.as_str()?.parse().ok())?;
        let network = NETWORKS.iter().find(|network| network.chain_id == chain_id)?;
        let text = |name| domain.get(name)?.as_str().filter(|text: &&str| !text.is_empty());
        let typed_data = json!({
            "domain": {
                "name": text("name")?,
                "version": text("version")?,
                "chainId": chain_id,
                "verifyingContract": text("verifyingContract")?,
            },
            "message": message,
            "primaryType": part("primaryType")?.as_str()?,
            "types": types,
        });
        let chain = self.chain_of(network)?;
        let params = json!({"typedData": typed_data, "signer": SIGNER, "chain": chain});
        Some(json!({"type": "typed-data", "params": params}))
    }

    /// Crossmint's name of a network. Staging keys serve test networks, production keys the others.
    fn chain_of(&self, network: &Network) -> Option<&'static str> {
        let known = NETWORKS.iter().find(|known| known.chain_id == network.chain_id)?;
        let chain = match known.v1_name {
            "sei" => "sei-pacific-1",
            "sei-testnet" => "sei-atlantic-2-testnet",
            name => name,
        };
        (known.is_testnet != self.is_production).then_some(chain)
    }

    const fn keys(&self) -> &'static str {
        if self.is_production { "production" } else { "staging" }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        world: &impl Web,
        route: String,
        body: Option<&Value>,
    ) -> Result<T, CrossmintError> {
        let request = WebRequest {
            method: if body.is_some() { WebMethod::Post } else { WebMethod::Get },
            url: format!("{}{route}", self.base_url),
            headers: vec![
                ("x-api-key".to_owned(), self.api_key.clone()),
                ("content-type".to_owned(), "application/json".to_owned()),
            ],
            body: body.map(Value::to_string),
            timeout_millis: TIMEOUT_MILLIS,
            response_bytes_max: RESPONSE_BYTES_MAX,
            until_answer_to: None,
            inbox: None,
        };
        let answer = world.exchange(request).await.map_err(|_| CrossmintError::Unavailable)?;
        match answer.status {
            200..=299 => serde_json::from_str(&answer.body).map_err(|_| CrossmintError::Malformed),
            401 | 403 => Err(CrossmintError::Key),
            429 => Err(CrossmintError::Busy),
            500.. => Err(CrossmintError::Unavailable),
            status => Err(CrossmintError::Refused { status, message: message_of(&answer.body) }),
        }
    }
}

/// Crossmint's name of an owner.
fn locator_of(owner: &str) -> Result<String, CrossmintError> {
    let is_allowed = |b| matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    let is_good = (1..=OWNER_CHARS_MAX).contains(&owner.len()) && owner.bytes().all(is_allowed);
    is_good.then(|| format!("userId:{owner}")).ok_or(CrossmintError::Owner)
}

/// The wallet with this locator, if the answer is about it.
fn read_wallet(answer: WalletAnswer, locator: String) -> Result<CrossmintWallet, CrossmintError> {
    let is_ours = answer.config.admin_signer.r#type == SIGNER
        && answer.owner.as_ref().is_none_or(|owner| *owner == locator);
    let is_good = is_ours && answer.chain_type == "evm" && answer.r#type == "smart";
    let wallet = CrossmintWallet { locator, address: answer.address };
    if is_good { Ok(wallet) } else { Err(CrossmintError::Malformed) }
}

/// The signature, or `None` while it is pending.
fn finished(answer: SignatureAnswer) -> Result<Option<Bytes>, CrossmintError> {
    match answer.status {
        Status::Success => {
            let signature = answer.output_signature.filter(|signature| !signature.is_empty());
            signature.map(Some).ok_or(CrossmintError::Malformed)
        }
        Status::Failed => Err(CrossmintError::Failed),
        Status::AwaitingApproval => Err(CrossmintError::AwaitsApproval),
        Status::Pending => Ok(None),
    }
}

/// Reads the message of `{"error": true, "message": "…"}`.
fn message_of(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let message = body.get("message").and_then(Value::as_str).unwrap_or("no reason given");
    message.chars().filter(|c| !c.is_control()).take(MESSAGE_CHARS_MAX).collect()
}

/// Parses the URL that replaces Crossmint in tests. Plain HTTP is allowed on this machine only, because requests contain
/// the key.
///
/// # Errors
/// What is wrong with the URL.
pub fn read_url(text: &str) -> Result<String, String> {
    let fault = || "must be an https address, or http on this machine".to_owned();
    let url = Url::parse(text.trim()).ok_or_else(fault)?;
    let is_local = matches!(url.host_str(), "localhost" | "127.0.0.1" | "[::1]");
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_local);
    let is_bare = url.path() == "/" && url.query().is_none() && !url.has_fragment();
    url.origin().filter(|_| is_safe && is_bare).ok_or_else(fault)
}
