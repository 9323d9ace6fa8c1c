//! Who asks for the list, and the wallets whose purchases they may see.

use serde_json::Value;

use crate::base::code::Code;
use crate::base::time::UnixSeconds;
use crate::chain::rpc::Rpc;
use crate::config::Config;
use crate::identity::siwe::{self, Expected, ProvenWallet, Purpose, SignIn, SiweError, Unproven};
use crate::identity::{Session, UserId, epoch, siwx};
use crate::ports::{Clock, Http, Random, Web, within};
use crate::rails::outcome::{Abort, Failure, Fatal, Money};
use crate::tickets::ask::{Gate, Holder};
use crate::wallets::smart::SmartWallet;
use crate::wallets::{self, Kind};

/// Time limit of one look-up, milliseconds.
const LOOK_MILLIS: u32 = 5_000;

/// What came with the request.
#[derive(Clone, Debug, Default)]
pub struct Caller<'a> {
    /// The header `SIGN-IN-WITH-X`. It counts before the session.
    pub proof: Option<&'a str>,
    /// A session with a valid token. It may have been ended by signing out.
    pub session: Option<Session>,
}

/// A caller who has proven who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// A wallet that signed for this request.
    Wallet(Holder),
    User(UserId),
}

/// The wallets of a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wallets {
    pub(super) known: Vec<(Kind, Holder)>,
    /// Kinds that could not be looked up now.
    pub(super) unknown: Vec<Kind>,
}

/// Finds the caller. A proof is used up.
///
/// # Errors
/// As [`super::answer`].
pub(super) async fn caller(
    gate: &impl Gate,
    config: &Config,
    asked: Caller<'_>,
    is_admitted: &dyn Fn() -> Result<(), i64>,
) -> Result<Who, Failure> {
    let refused = |code, detail: &str| {
        let sign_in = Some(offer(gate, config));
        Failure::from(Abort { sign_in, ..Abort::new(code, detail) })
    };
    if let Some(header) = asked.proof {
        let proof = siwx::read(header);
        let proof = proof.map_err(|error| refused(Code::ProofRefused, &error.to_string()))?;
        let proven = match read(config, &proof, gate.now()) {
            Ok(SignIn::Proven(proven)) => Ok(proven),
            Ok(SignIn::Unproven(unproven)) => {
                is_admitted().map_err(too_many)?;
                ask_chain(gate, config, unproven).await
            }
            Err(error) => Err(error),
        };
        let proven = proven.map_err(|error| {
            let is_ours = error == SiweError::Chain;
            let code = if is_ours { Code::ChainUnavailable } else { Code::ProofRefused };
            refused(code, &error.to_string())
        })?;
        return match use_up(gate, config, &proven).await? {
            true => Ok(Who::Wallet(holder_of(&proven.user(), &proven))),
            false => Err(refused(
                Code::NonceUsed,
                "this proof was used before: each request takes a new one; sign the message in `extensions`",
            )),
        };
    }
    let Some(session) = asked.session else {
        return Err(refused(
            Code::NotSignedIn,
            "sign in (POST /api/auth/nonce, then /api/auth/siwe; or /api/auth/otp, then /api/auth/otp/verify) and send the token as `Authorization: Bearer …`; or prove the wallet that has paid with the header SIGN-IN-WITH-X (`extensions` says what to sign)",
        ));
    };
    let asked = within(gate, LOOK_MILLIS, gate.signed_out_at(&session.scope)).await;
    let signed_out_at = asked
        .ok_or_else(|| "no answer in time".to_owned())
        .and_then(|answer| answer.map_err(|error| error.to_string()))
        .map_err(|what| fatal(format!("the object of a user: {what}")))?;
    if epoch::counts(session.signed_in_at, signed_out_at) {
        return Ok(Who::User(session.user));
    }
    Err(refused(Code::NotSignedIn, "this session was ended by signing out; sign in again"))
}

/// All wallets of the caller. Of a user these are the one that signed in, and those that the deployment keeps for them.
/// No wallet is created.
pub(super) async fn wallets_of(world: &(impl Http + Web), config: &Config, who: &Who) -> Wallets {
    let user = match who {
        Who::Wallet(holder) => {
            return Wallets { known: vec![(Kind::Browser, holder.clone())], unknown: Vec::new() };
        }
        Who::User(user) => user,
    };
    let mut found = Wallets::default();
    if let Some(address) = user.wallet() {
        let network = user.contract_chain().map(|chain_id| format!("eip155:{chain_id}"));
        let holder = Holder { wallet: address.to_checksum(None), network };
        found.known.push((Kind::Browser, holder));
    }
    let owner = wallets::owner_of_user(user);
    // The address of a wallet that the deployment keeps has the same owner on every network.
    let kept = |address: alloy_primitives::Address| Holder {
        wallet: address.to_checksum(None),
        network: None,
    };
    if let Some(factory) = config.smart_wallet_factory {
        let smart = SmartWallet::derive(&config.keys, &owner, factory);
        let network = config.networks.first();
        match network.and_then(|network| config.rpc_urls.get(network.caip2)) {
            Some(url) => match smart.address(world, &Rpc { url: url.clone() }).await {
                Ok(address) => found.known.push((Kind::Smart, kept(address))),
                Err(_) => found.unknown.push(Kind::Smart),
            },
            None => found.unknown.push(Kind::Smart),
        }
    }
    if let Some(crossmint) = &config.crossmint {
        match crossmint.find_wallet(world, &wallets::opaque(&owner)).await {
            Ok(Some(wallet)) => found.known.push((Kind::Crossmint, kept(wallet.address))),
            Ok(None) => {}
            Err(_) => found.unknown.push(Kind::Crossmint),
        }
    }
    found
}

/// The message that a wallet signs for one request.
fn offer(world: &(impl Random + Clock), config: &Config) -> Value {
    let now = world.now();
    let (nonce, expires_at) = siwe::new_nonce(&config.keys, Purpose::Tickets, world, now);
    let offer = siwx::Offer {
        domain: config.public_authority(),
        uri: &format!("{}/api/tickets", config.public_url),
        nonce: &nonce,
        issued_at: now,
        expires_at,
        networks: &config.networks,
    };
    offer.to_json()
}

fn read(config: &Config, proof: &siwx::Proof, now: UnixSeconds) -> Result<SignIn, SiweError> {
    let chain_ids: Vec<u64> = config.networks.iter().map(|network| network.chain_id).collect();
    let expected = Expected {
        domain: config.public_authority(),
        uri_origin: &config.public_url,
        chain_ids: &chain_ids,
    };
    let (message, signature) = (&proof.message, &proof.signature);
    siwe::read(message, signature, &expected, &config.keys, Purpose::Tickets, now)
}

async fn ask_chain(
    http: &impl Http,
    config: &Config,
    unproven: Unproven,
) -> Result<ProvenWallet, SiweError> {
    let mut networks = config.networks.iter();
    let network = networks.find(|network| network.chain_id == unproven.chain_id());
    let url = network.and_then(|network| config.rpc_urls.get(network.caip2));
    let rpc = Rpc { url: url.cloned().ok_or(SiweError::Chain)? };
    unproven.ask(http, &rpc, &config.factories).await
}

/// Uses up the nonce of a proof in the object of its user, as a sign-in does.
async fn use_up(gate: &impl Gate, config: &Config, proven: &ProvenWallet) -> Result<bool, Failure> {
    let scope = config.keys.scope_of(&proven.user());
    let (nonce, end) = (proven.nonce(), proven.nonce_expires_at());
    let used = within(gate, LOOK_MILLIS, gate.use_nonce(&scope, nonce, end)).await;
    let used = used.unwrap_or_else(|| Err("no answer in time".to_owned()));
    used.map_err(|what| fatal(format!("the object of a user: {what}")))
}

fn holder_of(user: &UserId, proven: &ProvenWallet) -> Holder {
    Holder {
        wallet: proven.address().to_checksum(None),
        network: user.contract_chain().map(|chain_id| format!("eip155:{chain_id}")),
    }
}

fn too_many(seconds: i64) -> Failure {
    let detail = format!(
        "too many proofs of contract wallets from your network address; wait {seconds} seconds"
    );
    let abort = Abort::new(Code::RateLimited, detail);
    Abort { retry_after: Some(seconds), ..abort }.into()
}

fn fatal(what: String) -> Failure {
    Failure::Fatal(Fatal { what, money: Money::NotAsked })
}
