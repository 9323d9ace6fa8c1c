//! Refusals of paid calls, and the receipt of a settled one.

use crate::base::code::Code;
use crate::chain::networks::Network;
use crate::chain::solana::networks::Chain;
use crate::facilitator::client::Trouble;
use crate::ledger::payments::Settled;
use crate::rails::challenge::Challenge;
use crate::rails::outcome::{Abort, Failure, Money};
use crate::rails::quote::Quote;
use crate::rails::x402::wire::SettleResponse;
use crate::sale::flow::GivenUp;

/// The receipt of a settlement, in the payment's x402 version.
pub fn receipt(settled: &Settled) -> SettleResponse {
    let payment = settled.payment();
    SettleResponse {
        success: true,
        error_reason: None,
        transaction: settled.transaction().to_owned(),
        network: network_name(&payment.network, payment.x402_version),
        payer: Some(payment.payer.clone()),
        amount: Some(payment.amount.atomic().to_string()),
    }
}

fn network_name(caip2: &str, x402_version: u8) -> String {
    let v1_name = Chain::by_caip2(caip2).map(Chain::v1_name);
    v1_name.filter(|_| x402_version == 1).unwrap_or(caip2).to_owned()
}

/// Requires payment, with a reason.
pub fn unpaid(quote: Quote, error: &str) -> Failure {
    Failure::Unpaid(Box::new(Challenge::new(quote, error.to_owned(), None)))
}

/// The outcome of the payment is unknown.
pub fn pending(transaction: Option<String>, network: &str, x402_version: u8) -> Abort {
    let detail = "the outcome of the payment is not known yet; repeat in a few seconds";
    let mut abort = Abort::new(Code::SettlementPending, detail).with_money(Money::MayHaveMoved);
    abort.receipt = Some(SettleResponse {
        success: false,
        error_reason: Some("settlement_pending".to_owned()),
        transaction: transaction.unwrap_or_default(),
        network: network_name(network, x402_version),
        payer: None,
        amount: None,
    });
    abort
}

/// The payment was used on chain, and no log says how. A caller that knows the transaction can name it.
pub fn without_log(network: &str, x402_version: u8) -> Abort {
    let detail = "the chain shows that this payment was used, and no log that can be read says how; if your wallet shows the transaction, repeat this call with a PAYMENT-TRANSACTION header that names it (0x…), or tell the host, who can decide. Do not pay again";
    Abort { detail: detail.into(), ..pending(None, network, x402_version) }
}

/// The facilitator cannot be used. It was not asked, or did not accept the request.
pub fn unavailable(seconds: i64) -> Failure {
    let detail = format!("payment is unavailable at the moment; try again in {seconds} seconds");
    let abort = Abort::new(Code::PaymentUnavailable, detail).with_money(Money::NotMoved);
    Abort { retry_after: Some(seconds), ..abort }.into()
}

/// The facilitator says that it settles on none of the configured networks.
pub fn no_network(networks: &[&'static Network]) -> Abort {
    let named: Vec<&str> = networks.iter().map(|network| network.caip2).collect();
    let named = named.join(", ");
    let detail = format!(
        "nothing can be paid here: the facilitator of this deployment (FACILITATOR_URL) does not settle on {named} (NETWORKS); nothing was paid, tell whoever runs it"
    );
    Abort::new(Code::NetworkNotSupported, detail).with_money(Money::NotMoved)
}

/// The facilitator cannot settle this payment now. Our own says why, and when to retry.
pub fn unavailable_for(trouble: Trouble) -> Failure {
    let seconds = trouble.retry_after.unwrap_or(10);
    let Some(detail) = trouble.detail else { return unavailable(seconds) };
    let detail =
        format!("payment is unavailable at the moment: {detail}; try again in {seconds} seconds");
    let abort = Abort::new(Code::PaymentUnavailable, detail).with_money(Money::NotMoved);
    Abort { retry_after: Some(seconds), ..abort }.into()
}

/// Another paid call of the wallet is in flight.
pub fn busy() -> Abort {
    let detail = "a paid call of this wallet is being carried out here; wait for its answer, or repeat the same call with the same payment in a few seconds. Do not sign another payment for it";
    Abort::new(Code::PaymentInProgress, detail).with_money(Money::MayHaveMoved)
}

/// The payment was used for another call.
pub fn other_call() -> Abort {
    let detail = "this payment was used for another call; sign a new one for this call";
    Abort::new(Code::PaymentUsed, detail).with_money(Money::NotMoved)
}

/// The payment was used before this call.
pub fn used_before() -> Abort {
    let detail = "this payment was used before it came here, and buys nothing here; sign a new one for this call";
    Abort::new(Code::PaymentUsed, detail).with_money(Money::NotMoved)
}

/// The payment was used on chain, and it is unknown whether for this call.
pub fn in_doubt() -> Abort {
    let detail = "the chain shows this payment, and nobody can say whether it was made for this call; repeat the call with a SIGN-IN-WITH-X header of the wallet that paid (`extensions` says what to sign), within a day";
    Abort::new(Code::ProofNeeded, detail).with_money(Money::Moved)
}

/// The caller used its payment id for another payment (x402, `payment-identifier`).
pub fn identifier_conflict() -> Abort {
    let detail = "payment_identifier_conflict: this payment id was used with another payment; repeat exactly that payment, or choose a new id";
    Abort::new(Code::PaymentIdentifierConflict, detail).with_money(Money::NotMoved)
}

impl From<GivenUp> for Failure {
    fn from(_: GivenUp) -> Self {
        busy().into()
    }
}

/// The code of [`proof_needed`].
pub const PROOF_NEEDED: &str = "proof_needed";

/// The answer exists, but the caller has not proven that it paid. The refusal reveals nothing of the answer.
pub fn proof_needed() -> Abort {
    let detail = "a settled payment is public on the chain with its signature, so this copy of it does not show who you are (`extensions` says what the wallet signs)";
    Abort::new(Code::ProofNeeded, detail).with_money(Money::Moved)
}

/// The same failure; no money moved.
pub fn no_money(failure: Failure) -> Failure {
    with_money(failure, Money::NotMoved)
}

/// The same failure with `money`.
pub fn with_money(failure: Failure, money: Money) -> Failure {
    match failure {
        Failure::Abort(abort) => abort.with_money(money).into(),
        other @ (Failure::Unpaid(_) | Failure::Fatal(_)) => other,
    }
}

/// The facilitator refused to settle on this network (CAIP-2). Requires payment again.
pub fn settlement_refused(quote: Quote, reason: String, network: &str) -> Failure {
    let failed = SettleResponse {
        success: false,
        error_reason: Some(reason.clone()),
        transaction: String::new(),
        network: network.to_owned(),
        payer: None,
        amount: None,
    };
    Failure::Unpaid(Box::new(Challenge::new(quote, reason, Some(failed))))
}
