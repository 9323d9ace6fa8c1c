//! Paid tools: price, limits, payment. What is handed over for it is in `deliver.rs`.
//!
//! A tool that settles *first* (`rsvpToEvent`) holds what it sells, moves the money, and then does
//! its work. One that settles *last* (`getEventAnalytics`) does its work before the money moves and
//! stages what comes of it; that counts only together with the settlement.

use alloy_primitives::B256;

use crate::base::fields;
use crate::chain::networks::Network;
use crate::facilitator::client::{Cause, Trouble};
use crate::host::Host;
use crate::host::answers::{
    PROOF_NEEDED, busy, identifier_conflict, in_doubt, other_call, pending, receipt,
    settlement_refused, unavailable, unavailable_for, unpaid, used_before, without_log,
};
use crate::host::find_out::{NO_LOG, Shows, USED_BEFORE};
use crate::host::limits::{CALL_COST, Charged};
use crate::host::profile::Profile;
use crate::host::repeat::{Kept, MayRead, ProvenPayer, Shown, is_exact};
use crate::host::slice::Look;
use crate::host::tools::ToolCall;
use crate::host::verdict::read_transaction;
use crate::host::wanted::{Wanted, check_wallet, read_wanted};
use crate::ledger::payments::{self, Payment, Settled, State};
use crate::ledger::{revenue, wallets};
use crate::mcp::catalog::Tool;
use crate::ports::{Level, SqlError, World};
use crate::rails::outcome::{Abort, Done, Failure, Fatal, Money};
use crate::rails::quote::{PaidCall, Quote};
use crate::rails::x402::verify::Payer;
use crate::rails::x402::wire::{PaymentPayload, Version};
use crate::sale::flow::{Call, InTheWay, Stop, key_of};

impl<W: World> Host<W> {
    /// Calls a paid tool.
    pub(super) async fn paid_tool(
        &self,
        profile: &Profile,
        tool: Tool,
        call: ToolCall,
    ) -> Result<Done, Failure> {
        let wanted = read_wanted(tool, call.arguments.clone())?;
        let mut outcome = self.paid_call(profile, &wanted, tool, call).await;
        if let Err(failure) = &mut outcome {
            self.offer_proof(profile, tool, failure);
        }
        if let Err(Failure::Unpaid(_)) = &outcome {
            revenue::count_unpaid(&self.world, tool.name(), wanted.event(), self.world.now())?;
        }
        outcome
    }

    async fn paid_call(
        &self,
        profile: &Profile,
        wanted: &Wanted,
        tool: Tool,
        call: ToolCall,
    ) -> Result<Done, Failure> {
        let call_of = PaidCall::new(tool.name(), call.arguments);
        let payment = match call.payment {
            Ok(Some(received)) => {
                Some(PaymentPayload::read(received.payment).map_err(|e| e.to_string()))
            }
            Ok(None) => None,
            Err(unreadable) => Some(Err(unreadable.to_string())),
        };
        let shown = payment.as_ref().and_then(|payment| payment.as_ref().ok());
        let proof = call.proof.as_deref();
        let transaction = named_transaction(call.transaction.as_deref())?;
        // A proof costs a look at the chain, and a row.
        if proof.is_some() {
            self.admit_unpaid(&call.source, CALL_COST)?;
        }
        let proven = self.proven_payer(profile, proof, shown).await?;
        let proven = proven.as_ref();
        if let Some(payment) = shown
            && let Some(known) = self.known_payment(payment)?
        {
            // What was paid for is handed over even if the event is full or over by now.
            if payment.identifier.is_some() && !is_exact(&known, payment) {
                return Err(identifier_conflict().into());
            }
            if known.digest != call_of.digest {
                return Err(other_call().into());
            }
            // What a transaction is named for costs a look at the chain, too.
            if transaction.is_some() && proof.is_none() {
                self.admit_unpaid(&call.source, CALL_COST)?;
            }
            let shown = Shown { copy: Some(payment), proven, transaction };
            let outcome = self.again(profile, known, shown).await;
            if proof.is_none() && transaction.is_none() && is_proof_needed(&outcome) {
                self.admit_unpaid(&call.source, CALL_COST)?;
            }
            return outcome;
        }
        let charged = match proof {
            None => self.admit_payer(&call.source, shown)?,
            Some(_) => Charged::Source,
        };
        if let Some(payer) = proven
            && let Some(known) = self.paid_before(wanted, &call_of, payer)?
            && (payment.is_none() || self.is_had(wanted, &known)?)
        {
            return self.again(profile, known, Shown { copy: None, proven, transaction }).await;
        }
        if !profile.products.has(tool.product()) {
            return Err(closed(tool));
        }
        let networks = self.payable_networks().await?;
        let quote = self.quote(profile, tool, wanted, call_of, payment.is_some())?;
        let quote = Quote { networks, ..quote };
        if proven.is_some() && payment.is_none() {
            return Err(unpaid(quote, "this wallet has not paid for this call"));
        }
        self.breaker.borrow().check(self.world.now()).map_err(unavailable)?;
        let payment = match payment {
            None => return Err(unpaid(quote, "payment required")),
            Some(Err(reason)) => return Err(unpaid(quote, &reason)),
            Some(Ok(payment)) => payment,
        };
        let outcome = self.pay(profile, wanted, quote, payment, proven).await;
        if outcome.is_ok() {
            self.give_back(&call.source, &charged);
        }
        outcome
    }

    async fn pay(
        &self,
        profile: &Profile,
        wanted: &Wanted,
        quote: Quote,
        payment: PaymentPayload,
        proven: Option<&ProvenPayer>,
    ) -> Result<Done, Failure> {
        self.check_copy(&payment, proven)?;
        let copy = payment.clone();
        let shown = Shown { copy: Some(&copy), proven, transaction: None };
        let payer = self.payer_of(&payment)?;
        let call = Call::new(quote.clone())
            .verify(payment, payer, self.world.now())
            .map_err(|refused| unpaid(refused.0, &refused.1.to_string()))?;
        check_wallet(wanted, call.checked().payer())?;
        let (facilitator, scope) = (&self.config.facilitator, &profile.scope);
        let stopped = |stop| self.stopped(stop, &quote);
        let locked = match call.lock(&self.world, &self.judging) {
            Ok(locked) => locked,
            Err(bar) => return self.barred(profile, bar, shown).await,
        };
        let looked = locked.look(&self.world, &self.config.rpc_urls).await.map_err(stopped)?;
        let vouched = looked.vouch(&self.world, facilitator, scope).await.map_err(stopped)?;
        let claimed = match vouched.claim(&self.world) {
            Ok(claimed) => claimed,
            Err(bar) => return self.barred(profile, bar, shown).await,
        };
        let exclusive = claimed.claim_payee(&self.world, scope).await.map_err(stopped)?;
        let amount = quote.amount;
        self.wait_for_seat(wanted, &copy.authorization.from.to_checksum(None)).await?;
        let reserved = exclusive.reserve(&self.world, |payer, payment| {
            self.check_available(wanted, payer, payment)?;
            self.admit_wallet(payer, amount)?;
            let staged = self.stage(wanted, amount)?;
            // The last check: whoever is let through as the probe asks the facilitator, and so cannot
            // keep the others waiting with a payment that comes to nothing before.
            self.breaker.borrow_mut().admit(self.world.now()).map_err(unavailable)?;
            Ok::<_, Failure>(staged)
        })?;
        let settled = reserved.settle(&self.world, facilitator, &profile.scope).await;
        self.count(&settled);
        if let Err(Stop::AlreadyUsed(id)) = &settled
            && let Some(known) = payments::find(&self.world, id)?
        {
            // Perhaps somebody else has put it on the chain: the rule is that of a payment seen before.
            return self.again(profile, known, shown).await;
        }
        let settled = settled.map_err(stopped)?;
        let kept = self.deliver(profile, &settled)?;
        self.finished(profile, kept, &MayRead::first(settled))
    }

    /// How long the authorization of this payment may be valid.
    fn payer_of(&self, payment: &PaymentPayload) -> Result<Payer, SqlError> {
        let payer = payment.authorization.from.to_checksum(None);
        let known = wallets::reputation(&self.world, &payer)?.settled > 0;
        Ok(if known { Payer::Known } else { Payer::Stranger })
    }

    /// Answers a payment that cannot be claimed for its call.
    async fn barred(
        &self,
        profile: &Profile,
        bar: InTheWay,
        shown: Shown<'_>,
    ) -> Result<Done, Failure> {
        match bar {
            InTheWay::Again(known) => self.again(profile, *known, shown).await,
            InTheWay::OtherCall => Err(other_call().into()),
            InTheWay::Busy => Err(busy().into()),
            InTheWay::UnknownBefore => Err(pending(None, "", 2).into()),
            InTheWay::IdentifierConflict => Err(identifier_conflict().into()),
            InTheWay::Crowded => Err(unavailable(2)),
            InTheWay::Storage(error) => Err(error.into()),
        }
    }

    /// Answers a payment that this server has seen before.
    async fn again(
        &self,
        profile: &Profile,
        known: Payment,
        shown: Shown<'_>,
    ) -> Result<Done, Failure> {
        let is_payer = shown.proven.is_some_and(|wallet| wallet.paid(&known));
        let is_due = known.next_check_at.is_some_and(|due| due <= self.world.now());
        let known = match known.state {
            State::Settling | State::Unknown
                if is_due
                    || (is_payer && known.doubtful_at.is_some())
                    || (shown.transaction.is_some() && known.state == State::Unknown) =>
            {
                let shows = Shows { is_payer, transaction: shown.transaction };
                self.find_out(profile, known, shows, &Look::whole(&self.world)).await?
            }
            State::Claimed
            | State::Verified
            | State::Settling
            | State::Unknown
            | State::Settled
            | State::Delivered
            | State::Refused
            | State::Failed => known,
        };
        match (known.state, known.settled(), Kept::of(&known)) {
            (State::Delivered, Some(settled), Some(kept)) => {
                self.finished(profile, kept, &MayRead::again(settled, shown)?)
            }
            (State::Settled, Some(settled), _) => {
                let kept = self.deliver(profile, &settled)?;
                self.finished(profile, kept, &MayRead::again(settled, shown)?)
            }
            (State::Claimed | State::Verified, ..) => Err(busy().into()),
            (State::Unknown, ..) if known.doubtful_at.is_some() => Err(in_doubt().into()),
            (State::Unknown, ..) if known.reason.as_deref() == Some(NO_LOG) => {
                Err(without_log(&known.network, known.x402_version).into())
            }
            (State::Failed, ..) if known.reason.as_deref() == Some(USED_BEFORE) => {
                Err(used_before().into())
            }
            (State::Refused | State::Failed, ..) => {
                let detail = "this payment was not carried out; sign a new one";
                Err(Abort::new("payment_failed", 402, detail).with_money(Money::NotMoved).into())
            }
            (State::Settling | State::Unknown | State::Settled | State::Delivered, ..) => {
                Err(pending(known.transaction.clone(), &known.network, known.x402_version).into())
            }
        }
    }

    /// The answer, with what is not kept in it.
    fn finished(&self, profile: &Profile, kept: Kept, may: &MayRead) -> Result<Done, Failure> {
        let answer = kept.open(may);
        let settled = may.settled();
        match Tool::by_name(&settled.payment().tool) {
            Some(Tool::RetrieveSecret) => self.hand_over(profile, answer, may),
            _ => Ok(Done { value: answer, receipt: Some(receipt(settled)) }),
        }
    }

    /// Whether a wallet that has made this payment has what it wants already, so that another payment would buy
    /// nothing new.
    fn is_had(&self, wanted: &Wanted, known: &Payment) -> Result<bool, Failure> {
        match wanted {
            Wanted::Seat { .. } => Ok(true),
            Wanted::Secret { secret_id } => self.has_secret(secret_id, &known.id),
            Wanted::Analytics { .. } | Wanted::Desk(..) => Ok(false),
        }
    }

    pub(super) fn known_payment(
        &self,
        payment: &PaymentPayload,
    ) -> Result<Option<Payment>, SqlError> {
        let Some(network) = network_of(payment) else { return Ok(None) };
        payments::find_open_or_paid(&self.world, &key_of(network, payment))
    }

    /// Tells the breaker how settling went. Only transport failures count against the facilitator: what it
    /// answers, and whether its transaction is refused by the chain, is chosen by payers, who could close
    /// the server to everybody. For the same reason `/verify` is not counted at all.
    fn count(&self, settled: &Result<Settled, Stop>) {
        let mut breaker = self.breaker.borrow_mut();
        match settled {
            Ok(_) | Err(Stop::Refused(_) | Stop::AlreadyUsed(_)) => breaker.succeeded(),
            Err(Stop::Storage(_) | Stop::Elsewhere | Stop::Mismatch(_) | Stop::UsedBefore) => {}
            Err(Stop::Unavailable(Trouble { cause, .. }) | Stop::Unknown(cause, _)) => {
                match cause {
                    Cause::Transport => breaker.failed(self.world.now()),
                    Cause::Answer => breaker.succeeded(),
                }
            }
        }
    }

    fn stopped(&self, stop: Stop, quote: &Quote) -> Failure {
        match stop {
            Stop::Refused(reason) => settlement_refused(quote.clone(), reason),
            Stop::Mismatch(mismatch) => unpaid(quote.clone(), &mismatch.to_string()),
            Stop::UsedBefore => used_before().into(),
            Stop::Elsewhere => {
                let detail = "this payment was given to another server with the same payout address; sign a new one for this call";
                Abort::new("payment_used", 409, detail).with_money(Money::NotMoved).into()
            }
            Stop::Unavailable(trouble) => {
                let fields = [("why", trouble.why.as_str())];
                self.world.line(Level::Warn, "facilitator unavailable", &fields);
                unavailable_for(trouble)
            }
            Stop::Unknown(_, transaction) => {
                let network = quote.networks.first().map_or("", |network| network.caip2);
                pending(transaction, network, 2).into()
            }
            Stop::AlreadyUsed(_) => pending(None, "", 2).into(),
            Stop::Storage(error) => {
                Failure::Fatal(Fatal { what: error.to_string(), money: Money::MayHaveMoved })
            }
        }
    }
}

/// Where the payment moves money, if it is a network that we know.
pub(super) fn network_of(payment: &PaymentPayload) -> Option<&'static Network> {
    match payment.version {
        Version::V1 => Network::by_v1_name(&payment.network),
        Version::V2 => Network::by_caip2(&payment.network),
    }
}

/// Whether a call is refused because its payment could be anybody's. Such calls count as unpaid ones.
fn is_proof_needed(outcome: &Result<Done, Failure>) -> bool {
    matches!(outcome, Err(Failure::Abort(abort)) if abort.code == PROOF_NEEDED)
}

/// The transaction that a caller names.
fn named_transaction(header: Option<&str>) -> Result<Option<B256>, Failure> {
    let Some(text) = header else { return Ok(None) };
    let read = read_transaction(text).ok_or_else(|| {
        let remedy = "must be the hash of a transaction: 0x and 64 hex digits";
        Failure::from(fields::bad("PAYMENT-TRANSACTION", remedy))
    });
    read.map(Some)
}

/// What was paid for before is still handed over at a server that was closed since; nothing new is sold there.
fn closed(tool: Tool) -> Failure {
    let detail = format!("this host has switched off what {} belongs to", tool.name());
    Abort::new("door_closed", 404, detail).with_money(Money::NotMoved).into()
}
