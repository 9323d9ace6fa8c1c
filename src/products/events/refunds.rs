//! The host pays guests back: which refunds are owed, what its wallet signs for them, and what it has signed or paid.
//!
//! Nothing here moves money. What was signed is stored, and the alarm (`shop::refunds`) has it carried out.

use alloy_primitives::{Address, U256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::fields::{self, InvalidField};
use crate::base::id::PaymentId;
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::{Authorization, Via};
use crate::chain::networks::Network;
use crate::chain::solana::networks::is_solana;
use crate::ledger::payments::Step;
use crate::ledger::refunds::{self, Line, Refund};
use crate::ports::paging::Page;
use crate::ports::{SqlError, World};
use crate::rails::outcome::{Abort, Failure};
use crate::rails::x402::payer::typed_data;
use crate::rails::x402::signed::SIGNATURE_BYTES_MAX;
use crate::sale::cx::Cx;

mod report;

use self::report::take_report;

/// How long a wallet may take to sign, and our facilitator to carry it out, seconds.
const VALID_SECONDS: i64 = 3_600;
/// The shortest validity of a signature that is taken, seconds.
const VALID_SECONDS_MIN: i64 = 30;
/// Refunds that are offered, signed or reported in one call.
const AT_ONCE: usize = 20;

/// The arguments of the tool `listRefunds`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ListRefunds {
    /// nextCursor of the page before.
    pub cursor: Option<String>,
    /// How many refunds at the most, 1 to 100. Default 50.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
}

/// The arguments of the tool `payRefunds`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PayRefunds {
    /// The refunds to sign, by refundId, at most 20. Default: the oldest that can be paid.
    pub refund_ids: Option<Vec<String>>,
    /// What the payout wallet has signed of `toSign`, at most 20.
    pub signatures: Vec<SignedRefund>,
    /// Refunds that were paid in another way, at most 20.
    pub paid: Vec<ReportedRefund>,
}

/// What the payout wallet signed for a refund.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedRefund {
    pub refund_id: String,
    /// `validBefore` of the signed message.
    pub valid_before: String,
    /// Hex, of a key or of a contract wallet (ERC-1271, ERC-6492).
    pub signature: String,
}

/// A refund that was paid without a signature of `toSign`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportedRefund {
    pub refund_id: String,
    /// The hash of the transaction in which the payout wallet has sent the amount; on Solana its signature.
    pub transaction: String,
}

/// A refund for the payout wallet to sign.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ToSign {
    refund_id: String,
    /// Dollars that go to `to`.
    amount: String,
    to: String,
    network: String,
    valid_before: String,
    /// What it signs (EIP-712), for `eth_signTypedData_v4`.
    #[cfg_attr(test, ts(type = "Record<string, unknown>"))]
    typed_data: Value,
}

/// What became of one refund of a call.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    refund_id: String,
    success: bool,
    message: String,
}

/// The answer of `payRefunds`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Paying {
    /// The wallet that signs.
    from: String,
    to_sign: Vec<ToSign>,
    /// One for each signature and each report.
    taken: Vec<Taken>,
    /// What is owed and not paid back yet, dollars.
    owed: String,
    owed_count: u32,
    message: String,
}

/// A page of the refunds of a host.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Refunds {
    /// The newest come first.
    pub refunds: Vec<Line>,
    /// What is owed and not paid back yet, dollars.
    pub owed: String,
    pub owed_count: u32,
    /// How many of these the host sends by hand, because their guests have paid on Solana.
    pub by_hand_count: u32,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// A page of the host's refunds.
pub fn page(
    cx: &Cx<'_, impl World>,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Result<Refunds, Failure> {
    let page = Page::read(&refunds::NEWEST_FIRST, limit, cursor, cx.now())?;
    let found = refunds::list(cx.world, &page)?;
    let owed = refunds::owed(cx.world)?;
    Ok(Refunds {
        refunds: found.entries,
        owed: owed.amount.to_string(),
        owed_count: owed.refunds,
        by_hand_count: owed.by_hand,
        next_cursor: found.next_cursor,
    })
}

/// The answer of `listRefunds`.
pub fn list_refunds(cx: &Cx<'_, impl World>, asked: &ListRefunds) -> Result<Value, Failure> {
    Ok(json!(page(cx, asked.limit, asked.cursor.as_deref())?))
}

/// Takes signatures and reports, or says what to sign. Amounts and recipients come from the books only.
pub fn pay_refunds(cx: &Cx<'_, impl World>, asked: PayRefunds) -> Result<Value, Failure> {
    let PayRefunds { refund_ids, signatures, paid } = asked;
    for (field, length) in [
        ("refundIds", refund_ids.as_ref().map_or(0, Vec::len)),
        ("signatures", signatures.len()),
        ("paid", paid.len()),
    ] {
        if length > AT_ONCE {
            return Err(fields::bad(field, format!("must have at most {AT_ONCE} entries")).into());
        }
    }
    let from = refunds::payout_wallet(cx.world)?;
    let mut taken = Vec::new();
    for signed in &signatures {
        taken.push(taken_of(&signed.refund_id, take_signature(cx, signed))?);
    }
    for reported in &paid {
        let ReportedRefund { refund_id, transaction } = reported;
        let outcome = find(cx, refund_id).and_then(|it| take_report(cx, &it, transaction));
        taken.push(taken_of(refund_id, outcome)?);
    }
    let mut to_sign = Vec::new();
    if let Some(ids) = refund_ids {
        for id in &ids {
            match find(cx, id).and_then(|refund| offer(cx, &refund, from)) {
                Ok(offered) => to_sign.push(offered),
                Err(failure) => taken.push(taken_of(id, Err(failure))?),
            }
        }
    } else if taken.is_empty() {
        for refund in refunds::next_payable(cx.world, 20)? {
            match offer(cx, &refund, from) {
                Ok(offered) => to_sign.push(offered),
                Err(failure) => taken.push(taken_of(refund.payment.as_str(), Err(failure))?),
            }
        }
    }
    let owed = refunds::owed(cx.world)?;
    let message = message(to_sign.len(), &taken, &owed);
    Ok(json!(Paying {
        from: from.to_checksum(None),
        to_sign,
        taken,
        owed: owed.amount.to_string(),
        owed_count: owed.refunds,
        message,
    }))
}

fn message(to_sign: usize, taken: &[Taken], owed: &refunds::Owed) -> String {
    let done = taken.iter().filter(|one| one.success).count();
    match (to_sign, done, owed.refunds) {
        (0, 0, 0) => "No money is owed to guests.".to_owned(),
        (0, 0, _) if taken.is_empty() && owed.by_hand > 0 => format!(
            "{} to send by hand, because the guests have paid on Solana: listRefunds says how much and where; name each transaction in `paid`. Nothing else can be signed now.",
            owed.by_hand
        ),
        (0, 0, _) if taken.is_empty() => {
            "No refund can be signed now: each is being paid, or its payment waits for the chain; ask again in a minute.".to_owned()
        }
        (0, 0, _) => "Nothing was taken; `taken` says why.".to_owned(),
        (0, done, _) => {
            format!("{done} taken. They are carried out now; listRefunds says when each is paid.")
        }
        (many, ..) => format!(
            "{many} to sign: have the wallet `from` sign each typedData, and call payRefunds with the signatures."
        ),
    }
}

/// The refund with this id.
fn find(cx: &Cx<'_, impl World>, id: &str) -> Result<Refund, Failure> {
    let no_such = || Abort::new(Code::NoSuchPayment, "refundId: there is no such refund");
    let id = PaymentId::parse(id).map_err(|_| no_such())?;
    Ok(refunds::find(cx.world, &id)?.ok_or_else(no_such)?)
}

/// What the wallet signs for a refund. The row says so before the wallet is asked.
fn offer(cx: &Cx<'_, impl World>, refund: &Refund, from: Address) -> Result<ToSign, Failure> {
    let now = cx.now();
    let network = network_of(cx, refund)?;
    let until = now.plus(VALID_SECONDS);
    let signer = from.to_checksum(None);
    // Before the row, so that every row has an alarm.
    cx.world.wake_at(now.plus(refunds::OFFERED_SECONDS));
    cx.world.note_open();
    if refunds::prepare(cx.world, &refund.payment, &signer, until, now)? == Step::TooLate {
        return Err(not_now(refund, &signer));
    }
    let authorization = authorization(cx, refund, from, until)?;
    Ok(ToSign {
        refund_id: refund.payment.to_string(),
        amount: refund.amount.to_string(),
        to: refund.payer.clone(),
        network: refund.network.clone(),
        valid_before: until.get().to_string(),
        typed_data: typed_data(network, &authorization),
    })
}

/// Why a refund cannot be signed now.
fn not_now(refund: &Refund, signer: &str) -> Failure {
    let detail = match refund.state {
        refunds::State::None | refunds::State::Void => "no money goes back".to_owned(),
        refunds::State::Paid => "this refund is paid already".to_owned(),
        refunds::State::Owed => {
            "the chain has not confirmed the guest's payment yet; ask again in a minute".to_owned()
        }
        refunds::State::Paying if refund.reported.is_some() => {
            "the transaction that was reported for it is being looked for".to_owned()
        }
        refunds::State::Paying if refund.from.as_deref().is_some_and(|from| from != signer) => {
            let until = refund.offered_until.map(|until| until.to_string()).unwrap_or_default();
            format!("another payout wallet may still sign it; ask again some minutes after {until}")
        }
        refunds::State::Paying => "this refund is being paid".to_owned(),
    };
    Abort::new(Code::PaymentPending, detail).into()
}

fn network_of(cx: &Cx<'_, impl World>, refund: &Refund) -> Result<&'static Network, Failure> {
    if let Some(by_hand) = by_hand_on_solana(refund) {
        return Err(by_hand.into());
    }
    let network = Network::by_caip2(&refund.network);
    let is_set = cx.config.networks.iter().any(|network| network.caip2 == refund.network);
    let detail = "this deployment does not serve the network that the guest has paid on; pay by hand, and ask its operator";
    let network = network.filter(|_| is_set);
    Ok(network.ok_or_else(|| Abort::new(Code::NetworkNotSupported, detail))?)
}

/// Nothing is signed for Solana here.
fn by_hand_on_solana(refund: &Refund) -> Option<Abort> {
    let detail = format!(
        "the guest has paid on Solana: send exactly ${} in USDC from your payout address there, which pays the fee itself, to {}, and name the transaction in `paid`",
        refund.amount, refund.payer
    );
    is_solana(&refund.network).then(|| Abort::new(Code::NetworkNotSupported, detail))
}

/// The transfer that pays a refund until `until`.
///
/// # Errors
/// [`SqlError`] if the stored payer is no address.
pub fn authorization(
    cx: &Cx<'_, impl World>,
    refund: &Refund,
    from: Address,
    until: UnixSeconds,
) -> Result<Authorization, SqlError> {
    let to = refund.payer.parse::<Address>();
    let to = to.map_err(|_| SqlError("a stored payer is no address".to_owned()))?;
    Ok(Authorization {
        from,
        to,
        value: refund.amount.to_u256(),
        valid_after: U256::ZERO,
        valid_before: U256::from(until.get().unsigned_abs()),
        nonce: refunds::nonce(cx.scope, &refund.payment, refund.attempt),
        via: Via::Token,
    })
}

/// Keeps a signature. The alarm has it carried out.
fn take_signature(cx: &Cx<'_, impl World>, signed: &SignedRefund) -> Result<String, Failure> {
    let (refund, now) = (find(cx, &signed.refund_id)?, cx.now());
    let bad = |field: &'static str, why: &str| -> Failure {
        let fault: InvalidField = fields::bad(field, why.to_owned());
        fault.into()
    };
    let until = signed.valid_before.parse::<i64>().map(UnixSeconds::new);
    let until = until.map_err(|_| bad("validBefore", "must be that of the signed message"))?;
    let signature = alloy_primitives::hex::decode(&signed.signature).ok();
    let signature = signature.filter(|bytes| (1..=SIGNATURE_BYTES_MAX).contains(&bytes.len()));
    let signature =
        signature.ok_or_else(|| bad("signature", "must be hex: 0x and at least 1 byte"))?;
    if refund.state == refunds::State::Paid {
        return Ok("it is paid already".to_owned());
    }
    if until < now.plus(VALID_SECONDS_MIN) {
        return Err(bad("validBefore", "is over; ask for what to sign again"));
    }
    // Before the row, so that every row has an alarm.
    cx.world.wake_at(now);
    cx.world.note_open();
    let signature = alloy_primitives::hex::encode_prefixed(signature);
    match refunds::sign(cx.world, &refund.payment, (&signature, until), now)? {
        Step::Taken => Ok("it is being carried out".to_owned()),
        Step::TooLate if refund.state == refunds::State::Paying && refund.signed.is_some() => {
            Ok("it is being carried out already".to_owned())
        }
        Step::TooLate => {
            let detail = "it was not offered for signing until then; ask for what to sign again";
            Err(Abort::new(Code::PaymentPending, detail).into())
        }
    }
}

/// A refusal of one refund does not concern the others.
fn taken_of(id: &str, outcome: Result<String, Failure>) -> Result<Taken, Failure> {
    let (success, message) = match outcome {
        Ok(message) => (true, message),
        Err(Failure::Abort(abort)) => (false, abort.detail),
        Err(other @ (Failure::Unpaid(_) | Failure::Fatal(_))) => return Err(other),
    };
    let refund_id = crate::base::text::line(id, 40);
    Ok(Taken { refund_id, success, message })
}
