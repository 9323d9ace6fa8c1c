//! Proofs of wallets that have paid before (`SIGN-IN-WITH-X`): offered with every refusal, and checked once for each
//! call.

use serde_json::Value;

use crate::base::code::Code;
use crate::base::time::UnixSeconds;
use crate::chain::rpc::Rpc;
use crate::identity::siwe::{self, Expected, ProvenWallet, Purpose, SignIn, SiweError};
use crate::identity::siwx::{self, Proof};
use crate::identity::used_nonces;
use crate::ledger::payments::{self, Payment, State};
use crate::ports::{Sql, SqlError, World};
use crate::rails::mpp::offer::{Issuer, RANDOM_BYTES};
use crate::rails::outcome::{Abort, Failure, Money};
use crate::rails::x402::wire::PaymentPayload;
use crate::sale::answers::with_money;
use crate::sale::key::{key_of, network_of};
use crate::sale::repeat::{ProvenPayer, is_exact};
use crate::shop::Shop;
use crate::shop::registry::Tool;

/// The wallet that signs in with a call, if the call holds a proof (header `SIGN-IN-WITH-X`). `payment` is the
/// payment of the same call; a refusal reports its money.
///
/// # Errors
///
/// `proof_refused` if the proof is invalid here, `nonce_used` if it was used before, `chain_unavailable` if a
/// contract wallet cannot be asked now.
pub async fn proven_payer(
    shop: &Shop<'_, impl World>,
    header: Option<&str>,
    payment: Option<&PaymentPayload>,
) -> Result<Option<ProvenPayer>, Failure> {
    let Some(header) = header else { return Ok(None) };
    let money = money_of(shop, payment)?;
    let refused =
        |error: String| Failure::from(Abort::new(Code::ProofRefused, error).with_money(money));
    let proof = siwx::read(header).map_err(|error| refused(error.to_string()))?;
    let (wallet, contract_on) = match prove(shop, &proof).await {
        Err(SiweError::Chain) => {
            let detail = SiweError::Chain.to_string();
            return Err(Abort::new(Code::ChainUnavailable, detail).with_money(money).into());
        }
        proven => proven.map_err(|error| refused(error.to_string()))?,
    };
    let (nonce, end, now) = (wallet.nonce(), wallet.nonce_expires_at(), shop.cx.now());
    let used = use_nonce(shop.cx.world, nonce, end, now);
    used.map_err(|failure| with_money(failure, money))?;
    Ok(Some(ProvenPayer::new(wallet.address().to_checksum(None), contract_on)))
}

/// Checks the copy of a payment that was refused before. It may be on the chain in a reverted transaction, and its
/// next caller would get the first answer. So it must be the same copy, or the payer must have signed in.
///
/// # Errors
///
/// `payment_used` for every other copy.
pub fn check_copy(
    shop: &Shop<'_, impl World>,
    payment: &PaymentPayload,
    proven: Option<&ProvenPayer>,
) -> Result<(), Failure> {
    let Some(network) = network_of(payment) else { return Ok(()) };
    let ended = payments::find_ended(shop.cx.world, &key_of(network, payment))?;
    let is_other = |ended: &Payment| {
        !is_exact(ended, payment) && !proven.is_some_and(|wallet| wallet.paid(ended))
    };
    if !ended.as_ref().is_some_and(is_other) {
        return Ok(());
    }
    let detail = "this payment was refused before and may be public since; repeat it exactly as it was sent first, or sign a new one";
    Err(Abort::new(Code::PaymentUsed, detail).with_money(Money::NotMoved).into())
}

/// Adds to a refusal how a wallet that has paid before reads its answer, and to a challenge a secret that only the
/// payer knows. If nothing can be bought any more (the event is full or over), only the refusal can tell the caller.
pub fn offer_proof(shop: &Shop<'_, impl World>, tool: Tool, failure: &mut Failure) {
    let sign_in = || Some(sign_in_offer(shop, tool));
    match failure {
        Failure::Unpaid(challenge) => {
            challenge.sign_in = sign_in();
            let key = alloy_primitives::hex::encode(shop.cx.world.bytes::<16>());
            challenge.receipt_key = Some(key);
            let random = shop.cx.world.bytes::<RANDOM_BYTES>();
            challenge.mpp = issuer(shop).offers(&challenge.quote, &random, shop.cx.now());
        }
        Failure::Abort(abort)
            if matches!(abort.status, 401 | 404 | 409) && abort.money != Money::MayHaveMoved =>
        {
            abort.sign_in = sign_in();
        }
        Failure::Abort(_) | Failure::Fatal(_) => {}
    }
}

/// Who makes this host's challenges of MPP.
pub fn issuer<'a>(shop: &'a Shop<'_, impl World>) -> Issuer<'a> {
    let config = shop.cx.config;
    Issuer { keys: &config.keys, scope: shop.cx.scope, realm: config.public_host() }
}

fn sign_in_offer(shop: &Shop<'_, impl World>, tool: Tool) -> Value {
    let now = shop.cx.world.now();
    let purpose = Purpose::AtServer(shop.cx.scope);
    let (nonce, expires_at) = siwe::new_nonce(&shop.cx.config.keys, purpose, shop.cx.world, now);
    let offer = siwx::Offer {
        domain: shop.cx.config.public_authority(),
        uri: &shop.cx.resource_url(tool.name()),
        nonce: &nonce,
        issued_at: now,
        expires_at,
        networks: &shop.cx.config.networks,
    };
    offer.to_json()
}

/// The wallet, and the chain whose contract accepted the signature if it has no key of its own.
async fn prove(
    shop: &Shop<'_, impl World>,
    proof: &Proof,
) -> Result<(ProvenWallet, Option<&'static str>), SiweError> {
    let config = shop.cx.config;
    let chain_ids: Vec<u64> = config.networks.iter().map(|network| network.chain_id).collect();
    let expected = Expected {
        domain: config.public_authority(),
        uri_origin: &config.public_url,
        chain_ids: &chain_ids,
    };
    let purpose = Purpose::AtServer(shop.cx.scope);
    let (message, signature) = (&proof.message, &proof.signature);
    let now = shop.cx.world.now();
    match siwe::read(message, signature, &expected, &config.keys, purpose, now)? {
        SignIn::Proven(proven) => Ok((proven, None)),
        SignIn::Unproven(unproven) => {
            let mut networks = config.networks.iter();
            let network = networks.find(|one| one.chain_id == unproven.chain_id());
            let network = network.ok_or(SiweError::OtherChain)?;
            let url = config.rpc_urls.get(network.caip2).cloned();
            let rpc = Rpc { url: url.ok_or(SiweError::Chain)? };
            let proven = unproven.ask(shop.cx.world, &rpc, &config.factories).await?;
            Ok((proven, Some(network.caip2)))
        }
    }
}

/// The stored payment that this one repeats, if that is open or paid.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn known_payment(
    shop: &Shop<'_, impl World>,
    payment: &PaymentPayload,
) -> Result<Option<Payment>, SqlError> {
    let Some(network) = network_of(payment) else { return Ok(None) };
    payments::find_open_or_paid(shop.cx.world, &key_of(network, payment))
}

/// The state of the money of a call's payment, as far as we know.
fn money_of(
    shop: &Shop<'_, impl World>,
    payment: Option<&PaymentPayload>,
) -> Result<Money, SqlError> {
    let known = payment.map(|payment| known_payment(shop, payment)).transpose()?.flatten();
    Ok(known.map_or(Money::NotMoved, |known| match known.state {
        State::Settled | State::Delivered => Money::Moved,
        State::Claimed | State::Verified | State::Settling | State::Unknown => Money::MayHaveMoved,
        State::Refused | State::Failed => Money::NotMoved,
    }))
}

/// Uses up the nonce of a sign-in or a proof.
///
/// # Errors
///
/// `nonce_used` if it was used before.
pub fn use_nonce(
    sql: &impl Sql,
    nonce: &str,
    expires_at: UnixSeconds,
    now: UnixSeconds,
) -> Result<(), Failure> {
    if used_nonces::use_up(sql, nonce, expires_at, now)? {
        return Ok(());
    }
    let detail = "this sign-in message was used already; ask for a new nonce and sign again";
    Err(Abort::new(Code::NonceUsed, detail).into())
}
