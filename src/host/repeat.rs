//! Who may read an answer that was paid for: the one rule for every paid tool.
//!
//! A settled payment is public. The calldata of its transaction holds the authorization and the signature, and the
//! arguments of a call are often public too, so showing a payment proves nothing. An answer is handed out for a
//! [`MayRead`] only, and there are three ways to get one: this call has just settled the payment; the caller shows an
//! exact copy of a payment that holds something that the chain never shows; the wallet that paid signs in with this
//! call (x402 extension `sign-in-with-x`).

use alloy_primitives::B256;
use serde_json::Value;

use crate::chain::rpc::Rpc;
use crate::host::Host;
use crate::host::answers::{proof_needed, with_money};
use crate::host::paid::network_of;
use crate::host::profile::Profile;
use crate::host::wanted::Wanted;
use crate::identity::siwe::{self, Expected, ProvenWallet, Purpose, SignIn, SiweError};
use crate::identity::siwx::{self, Proof};
use crate::ledger::payments::{self, Payment, Settled, State};
use crate::mcp::catalog::Tool;
use crate::ports::{SqlError, World};
use crate::products::vault::store as secrets;
use crate::rails::outcome::{Abort, Failure, Money};
use crate::rails::quote::PaidCall;
use crate::rails::x402::wire::PaymentPayload;
use crate::sale::flow::{key_of, payload_digest};

/// The wallet that signed in with this very call. Its nonce is used up.
#[derive(Clone, Debug)]
pub(super) struct ProvenPayer {
    /// EIP-55.
    wallet: String,
    /// The chain (CAIP-2) whose contract accepted the signature. A contract at the same address on another chain may
    /// have other owners. `None` if the wallet's own key signed, which is the same on all chains.
    contract_on: Option<&'static str>,
}

impl ProvenPayer {
    /// Whether it is the wallet that made this payment.
    pub(super) fn paid(&self, payment: &Payment) -> bool {
        self.wallet == payment.payer
            && self.contract_on.is_none_or(|network| network == payment.network)
    }
}

/// What a caller shows of a payment that was seen before.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    /// The payment that came with the call. `None` also where it may come from anybody.
    pub(super) copy: Option<&'a PaymentPayload>,
    /// The wallet that signed in.
    pub(super) proven: Option<&'a ProvenPayer>,
    /// The transaction that is to have paid.
    pub(super) transaction: Option<B256>,
}

/// On what ground an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// It is the first answer of the call that settled the payment.
    First,
    /// The caller shows the very payment, with something in it that the chain never shows.
    Copy,
    /// The wallet that paid has signed in.
    SignedIn,
}

/// The right to read what one settled payment has bought. Only this module makes one.
#[derive(Debug)]
pub(super) struct MayRead {
    settled: Settled,
    ground: Ground,
}

impl MayRead {
    /// For the call that has just settled the payment, and for nobody else.
    pub(super) fn first(settled: Settled) -> Self {
        Self { settled, ground: Ground::First }
    }

    /// For a later call.
    ///
    /// # Errors
    /// `proof_needed` if what is shown could come from anybody who reads the chain.
    pub(super) fn again(settled: Settled, shown: Shown<'_>) -> Result<Self, Failure> {
        let payment = settled.payment();
        let ground = if shown.proven.is_some_and(|wallet| wallet.paid(payment)) {
            Ground::SignedIn
        } else if shown.copy.is_some_and(|copy| is_private_copy(payment, copy)) {
            Ground::Copy
        } else {
            return Err(proof_needed().into());
        };
        Ok(Self { settled, ground })
    }

    /// The payment.
    pub(super) fn settled(&self) -> &Settled {
        &self.settled
    }

    /// On what ground.
    pub(super) fn ground(&self) -> Ground {
        self.ground
    }
}

/// An answer as it is stored.
pub(super) struct Kept(Value);

impl Kept {
    /// Keeps what a payment has bought.
    pub(super) fn new(answer: Value) -> Self {
        Self(answer)
    }

    /// What is stored for a payment, if it is delivered.
    pub(super) fn of(payment: &Payment) -> Option<Self> {
        payment.answer.clone().map(Self)
    }

    /// The answer, for who may read it.
    pub(super) fn open(self, _: &MayRead) -> Value {
        self.0
    }
}

/// Whether this is the payment of that row to the last member, and not only the same authorization. Rows that are
/// older than the digest count as exact.
pub(super) fn is_exact(known: &Payment, copy: &PaymentPayload) -> bool {
    known.payload_digest.as_ref().is_none_or(|digest| *digest == payload_digest(copy))
}

/// Whether only the maker of that row's payment can show this copy.
fn is_private_copy(known: &Payment, copy: &PaymentPayload) -> bool {
    known.payload_digest.is_some() && is_exact(known, copy) && copy.is_private()
}

impl<W: World> Host<W> {
    /// The wallet that signs in with a call, if the call holds a proof (header `SIGN-IN-WITH-X`). `payment` is what
    /// came along with it: a refusal says what became of that.
    ///
    /// # Errors
    /// `proof_refused` if the proof is not good here, `nonce_used` if it was used before, `chain_unavailable` if a
    /// contract wallet cannot be asked now.
    pub(super) async fn proven_payer(
        &self,
        profile: &Profile,
        header: Option<&str>,
        payment: Option<&PaymentPayload>,
    ) -> Result<Option<ProvenPayer>, Failure> {
        let Some(header) = header else { return Ok(None) };
        let money = self.money_of(payment)?;
        let refused = |error: String| {
            Failure::from(Abort::new("proof_refused", 401, error).with_money(money))
        };
        let proof = siwx::read(header).map_err(|error| refused(error.to_string()))?;
        let (wallet, contract_on) = match self.prove(profile, &proof).await {
            Err(SiweError::Chain) => {
                let detail = SiweError::Chain.to_string();
                return Err(Abort::new("chain_unavailable", 503, detail).with_money(money).into());
            }
            proven => proven.map_err(|error| refused(error.to_string()))?,
        };
        let used = self.use_nonce(wallet.nonce(), wallet.nonce_expires_at());
        used.map_err(|failure| with_money(failure, money))?;
        Ok(Some(ProvenPayer { wallet: wallet.address().to_checksum(None), contract_on }))
    }

    /// A payment that was refused before may stand on the chain already, in a transaction that reverted. Whoever brings
    /// it again would get the first answer, so it must be the same copy, or the payer must have signed in.
    ///
    /// # Errors
    /// `payment_used` for every other copy.
    pub(super) fn check_copy(
        &self,
        payment: &PaymentPayload,
        proven: Option<&ProvenPayer>,
    ) -> Result<(), Failure> {
        let Some(network) = network_of(payment) else { return Ok(()) };
        let ended = payments::find_ended(&self.world, &key_of(network, payment))?;
        let is_other = |ended: &Payment| {
            !is_exact(ended, payment) && !proven.is_some_and(|wallet| wallet.paid(ended))
        };
        if !ended.as_ref().is_some_and(is_other) {
            return Ok(());
        }
        let detail = "this payment was refused before and may be public since; repeat it exactly as it was sent first, or sign a new one";
        Err(Abort::new("payment_used", 409, detail).with_money(Money::NotMoved).into())
    }

    /// The payment whose answer a wallet asks for without showing the payment: the newest one for this call. A wallet
    /// has one seat at an event, so there the event alone counts, whatever name or address was given with it. A secret that
    /// it has not read comes before one that it has.
    pub(super) fn paid_before(
        &self,
        wanted: &Wanted,
        call: &PaidCall,
        payer: &ProvenPayer,
    ) -> Result<Option<Payment>, SqlError> {
        let ProvenPayer { wallet, contract_on } = payer;
        match wanted {
            Wanted::Seat { event_id, .. } => {
                payments::seat_of(&self.world, event_id, wallet, *contract_on)
            }
            Wanted::Secret { secret_id } => {
                let unread = secrets::unread_by(&self.world, secret_id, wallet, *contract_on)?;
                match unread.map(|id| payments::find(&self.world, &id)).transpose()?.flatten() {
                    Some(unread) => Ok(Some(unread)),
                    None => payments::newest_of(&self.world, &call.digest, wallet, *contract_on),
                }
            }
            Wanted::Analytics { .. } | Wanted::Desk(..) => {
                payments::newest_of(&self.world, &call.digest, wallet, *contract_on)
            }
        }
    }

    /// Says to everybody who is not answered how a wallet that has paid before reads its answer, and gives a payment
    /// something that only its maker knows. Where nothing can be bought any more (an event that is full or over), the
    /// refusal is the only place that can say so.
    pub(super) fn offer_proof(&self, profile: &Profile, tool: Tool, failure: &mut Failure) {
        let sign_in = || Some(self.sign_in_offer(profile, tool));
        match failure {
            Failure::Unpaid(challenge) => {
                challenge.sign_in = sign_in();
                let key = alloy_primitives::hex::encode(self.world.bytes::<16>());
                challenge.receipt_key = Some(key);
            }
            Failure::Abort(abort)
                if matches!(abort.status, 401 | 404 | 409)
                    && abort.money != Money::MayHaveMoved =>
            {
                abort.sign_in = sign_in();
            }
            Failure::Abort(_) | Failure::Fatal(_) => {}
        }
    }

    fn sign_in_offer(&self, profile: &Profile, tool: Tool) -> Value {
        let now = self.world.now();
        let purpose = Purpose::AtServer(&profile.scope);
        let (nonce, expires_at) = siwe::new_nonce(&self.config.keys, purpose, &self.world, now);
        let offer = siwx::Offer {
            domain: self.config.public_authority(),
            uri: &self.resource_url(profile, tool),
            nonce: &nonce,
            issued_at: now,
            expires_at,
            networks: &self.config.networks,
        };
        offer.to_json()
    }

    /// The address of a tool over plain HTTP, which is what a challenge names as the thing sold.
    pub(super) fn resource_url(&self, profile: &Profile, tool: Tool) -> String {
        format!("{}/x402/users/{}/tools/{}", self.config.public_url, profile.scope, tool.name())
    }

    /// The wallet, and the chain whose contract vouches for it, if it has no key of its own.
    async fn prove(
        &self,
        profile: &Profile,
        proof: &Proof,
    ) -> Result<(ProvenWallet, Option<&'static str>), SiweError> {
        let config = &self.config;
        let chain_ids: Vec<u64> = config.networks.iter().map(|network| network.chain_id).collect();
        let expected = Expected {
            domain: config.public_authority(),
            uri_origin: &config.public_url,
            chain_ids: &chain_ids,
        };
        let purpose = Purpose::AtServer(&profile.scope);
        let (message, signature) = (&proof.message, &proof.signature);
        let now = self.world.now();
        match siwe::read(message, signature, &expected, &config.keys, purpose, now)? {
            SignIn::Proven(proven) => Ok((proven, None)),
            SignIn::Unproven(unproven) => {
                let mut networks = config.networks.iter();
                let network = networks.find(|one| one.chain_id == unproven.chain_id());
                let network = network.ok_or(SiweError::OtherChain)?;
                let url = config.rpc_urls.get(network.caip2).cloned();
                let rpc = Rpc { url: url.ok_or(SiweError::Chain)? };
                let proven = unproven.ask(&self.world, &rpc, &config.factories).await?;
                Ok((proven, Some(network.caip2)))
            }
        }
    }

    /// What became of the money of a payment that came with a call, as far as it is known here.
    fn money_of(&self, payment: Option<&PaymentPayload>) -> Result<Money, SqlError> {
        let known = payment.map(|payment| self.known_payment(payment)).transpose()?.flatten();
        Ok(known.map_or(Money::NotMoved, |known| match known.state {
            State::Settled | State::Delivered => Money::Moved,
            State::Claimed | State::Verified | State::Settling | State::Unknown => {
                Money::MayHaveMoved
            }
            State::Refused | State::Failed => Money::NotMoved,
        }))
    }
}
