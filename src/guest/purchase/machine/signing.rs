//! From the question to the signature.

use alloy_primitives::Bytes;

use super::event::{Context, Effect, Grant, NotPaid, Round, Signer};
use crate::base::money::Usdc;
use crate::base::text;
use crate::chain::eip3009::Authorization;
use crate::guest::purchase::model::{Purchase, State};
use crate::wallets::policy::Verdict;

/// When the alarm looks after a sent payment for the first time, seconds.
const LOOK_AFTER_SECONDS: i64 = 20;
/// A signature that takes longer is given up, seconds.
const SIGNING_SECONDS: i64 = 120;
/// How often the payment is sent again at once before the alarm goes on with it, and the pause before the first of
/// these, milliseconds, doubled each time.
const RETRIES: u32 = 2;

pub(super) fn ask(purchase: &mut Purchase, why: String, had: Option<String>) -> Vec<Effect> {
    purchase.state = State::Asked;
    purchase.reason.clone_from(&why);
    let tool = text::line(&purchase.tool, 80);
    let text = format!("{tool} asks for ${}", purchase.amount);
    vec![Effect::Log("payment", text), Effect::AskPerson(why, had)]
}

/// The policy or the budget says no.
pub(super) fn refuse(purchase: &mut Purchase, (code, text): NotPaid) -> Vec<Effect> {
    purchase.end(State::Refused, &text);
    vec![Effect::Log("payment", format!("not paid: {text}")), Effect::fail(code, &text, "no")]
}

pub(super) fn confirmed(purchase: &Purchase) -> Vec<Effect> {
    if purchase.state == State::Asked { vec![Effect::Judge] } else { vec![Effect::nothing_waits()] }
}

pub(super) fn judged(purchase: &mut Purchase, verdict: Verdict, cx: Context) -> Vec<Effect> {
    if purchase.state != State::Asked {
        return vec![Effect::nothing_waits()];
    }
    match verdict {
        Verdict::Refuse(refused) => {
            let text = refused.to_string();
            purchase.end(State::Refused, &text);
            vec![Effect::fail(refused.code(), &text, "no")]
        }
        // The person has said yes.
        Verdict::Ask(_) | Verdict::Pay => {
            to_signing(purchase, "confirmed", cx);
            vec![Effect::FindWallet]
        }
    }
}

pub(super) fn declined(purchase: &mut Purchase, cx: Context) -> Vec<Effect> {
    let was_signing = purchase.state == State::Signing && purchase.signature.is_none();
    if purchase.state != State::Asked && !was_signing {
        return vec![Effect::nothing_waits()];
    }
    purchase.end(State::Declined, "declined");
    // A wallet may have signed just now; that signature is not sent.
    let what = if was_signing { "nothing was sent" } else { "nothing was signed" };
    let mut effects = vec![
        Effect::Log("payment", format!("declined; {what}")),
        Effect::fail("declined", &format!("the payment was declined; {what}"), "no"),
    ];
    if was_signing {
        effects.extend(cx.release(purchase));
    }
    effects
}

pub(super) fn to_signing(purchase: &mut Purchase, why: &str, cx: Context) {
    purchase.state = State::Signing;
    why.clone_into(&mut purchase.reason);
    purchase.next_check_at = Some(cx.now.plus(SIGNING_SECONDS));
}

/// Whether the steps before the authorization go on: not if the purchase was declined or given up meanwhile, nor a
/// second time.
fn is_to_be_fixed(purchase: &Purchase) -> bool {
    purchase.state == State::Signing && purchase.authorization.is_none()
}

pub(super) fn wallet_found(
    purchase: &mut Purchase,
    found: Result<Signer, NotPaid>,
    cx: Context,
) -> Vec<Effect> {
    if !is_to_be_fixed(purchase) {
        return Vec::new();
    }
    match found {
        Ok(signer) => {
            to_signing(purchase, "to be signed", cx);
            vec![Effect::ReadBalance(signer)]
        }
        Err((code, text)) => give_up(purchase, code, &text, cx),
    }
}

pub(super) fn balance_read(
    purchase: &mut Purchase,
    signer: Signer,
    balance: Option<Usdc>,
    cx: Context,
) -> Vec<Effect> {
    if !is_to_be_fixed(purchase) {
        return Vec::new();
    }
    let amount = purchase.amount;
    if let Some(balance) = balance.filter(|balance| *balance < amount) {
        let text = format!("the wallet holds ${balance}, and this costs ${amount}");
        return give_up(purchase, "insufficient_balance", &text, cx);
    }
    match signer {
        // The owner's browser signs by itself.
        Signer::Browser => before_fixing(signer, cx),
        Signer::Ours => vec![Effect::CheckSignIn(signer)],
    }
}

pub(super) fn sign_in_checked(
    purchase: &mut Purchase,
    signer: Signer,
    checked: Result<(), String>,
    cx: Context,
) -> Vec<Effect> {
    if !is_to_be_fixed(purchase) {
        return Vec::new();
    }
    match checked {
        Ok(()) => before_fixing(signer, cx),
        Err(text) => give_up(purchase, "sign_in_again", &text, cx),
    }
}

fn before_fixing(signer: Signer, cx: Context) -> Vec<Effect> {
    let grant = Grant::Fix(signer);
    vec![if cx.is_owned { Effect::AskBudget(grant) } else { Effect::Fix(signer) }]
}

pub(super) fn budget_asked(
    purchase: &mut Purchase,
    grant: Grant,
    answer: Result<(), NotPaid>,
    cx: Context,
) -> Vec<Effect> {
    if purchase.state != State::Signing {
        // Declined, or given up, while the budget was asked; or another tab has signed, for which the budget said yes.
        let mut effects = Vec::new();
        if answer.is_ok() && purchase.state.is_over_unpaid() {
            effects.push(Effect::ReleaseBudget);
        }
        if let (Grant::Send(_), Ok(())) = (&grant, &answer) {
            effects.push(Effect::nothing_waits());
        }
        return effects;
    }
    match (answer, grant) {
        (Err(why), _) => refuse(purchase, why),
        (Ok(()), Grant::Fix(signer)) if is_to_be_fixed(purchase) => vec![Effect::Fix(signer)],
        (Ok(()), Grant::Fix(_)) => Vec::new(),
        (Ok(()), Grant::Send(signature)) => signed(purchase, signature, cx),
    }
}

pub(super) fn fixed(
    purchase: &mut Purchase,
    signer: Signer,
    authorization: Authorization,
) -> Vec<Effect> {
    if !is_to_be_fixed(purchase) {
        return Vec::new();
    }
    purchase.authorization = Some(authorization);
    match signer {
        Signer::Browser => {
            let text = "waiting for the wallet's signature".to_owned();
            vec![Effect::Log("payment", text), Effect::RequestSignature]
        }
        Signer::Ours => vec![Effect::Sign],
    }
}

/// Whether a signature is waited for.
fn is_to_be_signed(purchase: &Purchase) -> bool {
    purchase.state == State::Signing
        && purchase.authorization.is_some()
        && purchase.signature.is_none()
}

pub(super) fn signature_made(
    purchase: &mut Purchase,
    made: Result<Bytes, String>,
    cx: Context,
) -> Vec<Effect> {
    match made {
        // Declined while the wallet was signing: the signature never leaves.
        Ok(_) if !is_to_be_signed(purchase) => Vec::new(),
        Ok(signature) => signed(purchase, signature, cx),
        Err(why) => give_up(purchase, "not_signed", &format!("the wallet did not sign: {why}"), cx),
    }
}

pub(super) fn signature_received(purchase: &Purchase, hex: String) -> Vec<Effect> {
    match (purchase.state == State::Signing, purchase.authorization.is_some()) {
        (false, _) => vec![Effect::nothing_waits()],
        (true, false) => vec![Effect::Reject("no signature is waited for".to_owned())],
        (true, true) => vec![Effect::CheckSignature(hex)],
    }
}

pub(super) fn signature_checked(
    purchase: &mut Purchase,
    checked: Result<Bytes, String>,
    cx: Context,
) -> Vec<Effect> {
    let signature = match checked {
        Ok(signature) => signature,
        Err(text) => return vec![Effect::Reject(text)],
    };
    // Another tab may have been faster, or the person may have declined.
    if !is_to_be_signed(purchase) {
        return vec![Effect::nothing_waits()];
    }
    if cx.is_owned {
        return signed(purchase, signature, cx);
    }
    vec![Effect::AskBudget(Grant::Send(signature))]
}

/// The signature leaves from here on.
fn signed(purchase: &mut Purchase, signature: Bytes, cx: Context) -> Vec<Effect> {
    if !is_to_be_signed(purchase) {
        return vec![Effect::nothing_waits()];
    }
    purchase.signature = Some(signature);
    purchase.state = State::Paying;
    "signed".clone_into(&mut purchase.reason);
    purchase.next_check_at = Some(cx.now.plus(LOOK_AFTER_SECONDS));
    vec![
        Effect::Log("payment", "signed; the payment goes to the server".to_owned()),
        Effect::ShowPolicy,
        Effect::Send(Round::First { pause: 0, retries: RETRIES }),
    ]
}

/// Nothing was signed, and nothing will be.
pub(super) fn give_up(
    purchase: &mut Purchase,
    code: &'static str,
    text: &str,
    cx: Context,
) -> Vec<Effect> {
    if purchase.state != State::Signing || purchase.signature.is_some() {
        // It ended otherwise meanwhile, and that was told.
        let is_over = purchase.state.is_over_unpaid();
        return if is_over { cx.release(purchase).into_iter().collect() } else { Vec::new() };
    }
    purchase.end(State::Failed, text);
    let mut effects = vec![Effect::Log("error", text.to_owned()), Effect::fail(code, text, "no")];
    effects.extend(cx.release(purchase));
    effects
}
