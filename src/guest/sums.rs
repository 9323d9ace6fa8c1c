//! Money in words: what is left, what was spent, what may be spent, and what became of the newest payment.

use serde_json::{Value, json};

use crate::base::money::Usdc;
use crate::base::text;
use crate::chat::intents::Per;
use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::purchase::model::{Purchase, State};
use crate::guest::purchase::store;
use crate::guest::{budget, party, session, wallets};
use crate::ports::SqlError;
use crate::wallets::Kind;

const NO_WALLET: &str = "No wallet is chosen yet; choose the one that pays.";

/// What the wallet holds, as the chain has it.
pub(super) async fn balance<W: GuestWorld>(cx: &Cx<W>) -> Result<String, Trouble> {
    if session::wallet(&cx.world)?.is_none() {
        return Ok(NO_WALLET.to_owned());
    }
    let seen = wallets::seen_wallet(cx).await?;
    let Some(balance) = seen.and_then(|info| info.balance) else {
        return Ok(
            "The chain does not say now what the wallet holds; ask again in a minute.".to_owned()
        );
    };
    let left = left_in_session(cx)?;
    Ok(format!(
        "You have ${balance} in this wallet, and I may still spend ${left} of it in this session."
    ))
}

pub(super) fn wallet<W: GuestWorld>(cx: &Cx<W>) -> Result<String, SqlError> {
    let Some(wallet) = session::wallet(&cx.world)? else { return Ok(NO_WALLET.to_owned()) };
    let address = wallet.address.to_checksum(None);
    let short =
        address.get(..6).zip(address.get(38..)).map(|(start, end)| format!("{start}…{end}"));
    let kind = match wallet.kind {
        Kind::Browser => "your own wallet",
        Kind::Smart => "the wallet that this service keeps for you",
        Kind::Crossmint => "the wallet that Crossmint keeps for you",
    };
    Ok(format!("You pay with {kind}, {}.", short.unwrap_or(address)))
}

pub(super) fn spent<W: GuestWorld>(cx: &Cx<W>) -> Result<String, SqlError> {
    let wallet = session::wallet(&cx.world)?.map(|wallet| wallet.address);
    let spent = budget::spent(cx, wallet)?;
    Ok(format!("${} spent in this session, ${} in 24 hours.", spent.session, spent.day))
}

/// What may be spent.
pub(super) fn limits<W: GuestWorld>(cx: &Cx<W>) -> Result<String, SqlError> {
    let policy = session::policy(&cx.world)?;
    let (call, session, day) = (policy.per_call, policy.per_session, policy.per_day);
    let asks = match policy.ask_above.is_zero() {
        true => "and I ask before every payment".to_owned(),
        false => format!("and I ask before I pay more than ${}", policy.ask_above),
    };
    Ok(format!(
        "I spend at most ${call} at once, ${session} in this session and ${day} in a day, {asks}."
    ))
}

/// Changes what may be spent.
pub(super) async fn set_limit<W: GuestWorld>(
    cx: &Cx<W>,
    per: Per,
    amount: Usdc,
) -> Result<String, Trouble> {
    let (field, words) = match per {
        Per::Call => ("perCall", "on one purchase"),
        Per::Session => ("perSession", "in this session"),
        Per::Day => ("perDay", "in a day"),
    };
    budget::set_policy(cx, &json!({field: amount.to_string()})).await?;
    Ok(format!("From now on I spend at most ${amount} {words}."))
}

/// What became of the newest payment.
pub(super) fn newest_payment<W: GuestWorld>(cx: &Cx<W>) -> Result<String, SqlError> {
    let newest = store::newest(&cx.world, 1)?.pop();
    let Some(newest) = newest else {
        return Ok("You have paid nothing in this session.".to_owned());
    };
    let (amount, thing) = (newest.amount, thing(cx, &newest)?);
    let reason = text::line(&newest.reason, 300);
    Ok(match newest.state {
        State::Asked => format!("Not yet: ${amount} for {thing} waits for your yes."),
        State::Declined => {
            format!("No: you declined to pay ${amount} for {thing}. Nothing was charged.")
        }
        State::Refused | State::Failed => format!("No: {reason}. Nothing was charged."),
        State::Signing => {
            format!("Not yet: your wallet has to sign ${amount} for {thing}. Nothing was charged.")
        }
        State::Paying | State::Unknown => {
            format!(
                "${amount} for {thing} is on its way; I keep looking, and you cannot be charged twice."
            )
        }
        State::Paid if newest.shown => format!("Yes, ${amount} for {thing} went through."),
        State::Paid => {
            format!("Yes, ${amount} went through, and I keep asking the host for {thing}.")
        }
    })
}

/// What a purchase is for.
pub(super) fn thing<W: GuestWorld>(cx: &Cx<W>, purchase: &Purchase) -> Result<String, SqlError> {
    let Some(event) = purchase.arguments.get("eventId").and_then(Value::as_str) else {
        return Ok(match purchase.tool.as_str() {
            "retrieveSecret" => "a secret".to_owned(),
            "createTicket" => "a ticket at the helpdesk".to_owned(),
            _ => "a paid answer of the host".to_owned(),
        });
    };
    let listed = session::listed(&cx.world, &purchase.server, event)?;
    let title = listed.map(|listed| listed.title);
    let what = match (purchase.tool.as_str(), party::count(&purchase.tool, &purchase.arguments)) {
        ("rsvpToEvent", 1) => "a seat at".to_owned(),
        ("rsvpToEvent", seats) => format!("{seats} seats at"),
        (_, _) => "an answer about".to_owned(),
    };
    Ok(title.map_or_else(
        || format!("{what} an event"),
        |title| format!("{what} “{}”", text::line(&title, 120)),
    ))
}

fn left_in_session<W: GuestWorld>(cx: &Cx<W>) -> Result<Usdc, SqlError> {
    let policy = session::policy(&cx.world)?;
    let wallet = session::wallet(&cx.world)?.map(|wallet| wallet.address);
    let spent = budget::spent(cx, wallet)?;
    let session = policy.per_session.checked_sub(spent.session).unwrap_or(Usdc::ZERO);
    let day = policy.per_day.checked_sub(spent.day).unwrap_or(Usdc::ZERO);
    Ok(session.min(day))
}
