//! The budget of the session's owner ([`crate::wallets::budget`]): asked before anything is signed, or, for a
//! session without an owner, after its wallet has signed and before the signature leaves.

use alloy_primitives::Address;

use crate::base::money::Usdc;
use crate::guest::cx::{Cx, GuestWorld, HOP_MILLIS, Trouble};
use crate::guest::messages::Out;
use crate::guest::purchase::machine::NotPaid;
use crate::guest::purchase::model::Purchase;
use crate::guest::purchase::store;
use crate::guest::{owner, session};
use crate::ports::{Level, SqlError, within};
use crate::wallets::budget::{Ask, Told, Wanted};
use crate::wallets::policy::{self, Spent, Verdict};

/// Learns what the owner has set and spent in other sessions. Without an answer what was known before
/// counts; the budget is asked again before anything is signed.
pub(super) async fn look_at_budget<W: GuestWorld>(cx: &Cx<W>) -> Result<(), SqlError> {
    let Some(budget) = own_budget(cx)? else { return Ok(()) };
    let wallet = session::wallet(&cx.world)?.map(|wallet| wallet.address);
    let told = ask_budget(cx, &budget, &Ask::Look { wallet }).await;
    learn(cx, wallet, told)
}

/// Counts a purchase that is about to be signed, or was signed by the wallet of a session without an owner; or why it must
/// not be paid.
pub(super) async fn reserve<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
) -> Result<Result<(), NotPaid>, SqlError> {
    let own = own_budget(cx)?;
    let policy = match own {
        Some(_) => None,
        None => Some(session::policy(&cx.world)?),
    };
    let wallet: Address = purchase.payer.parse().unwrap_or_default();
    let ask = Ask::Reserve(Box::new(Wanted {
        id: purchase.id.clone(),
        wallet,
        amount: purchase.amount,
        server: purchase.server.clone(),
        tool: purchase.tool.clone(),
        pay_to: purchase.pay_to.parse().unwrap_or_default(),
        spent_in_session: spent_without(cx, purchase)?,
        policy,
    }));
    let budget = own.clone().unwrap_or_else(|| purchase.payer.clone());
    match ask_budget(cx, &budget, &ask).await {
        Some(Told::Granted(spent_day)) => {
            if own.is_some() {
                cx.spent_day.replace(Some((wallet, spent_day)));
            }
            Ok(Ok(()))
        }
        Some(Told::Refused(refused)) => Ok(Err((refused.code(), refused.to_string()))),
        Some(Told::TooMany) => {
            let text =
                "this wallet has made too many payments in the last 24 hours; wait until tomorrow";
            Ok(Err(("too_many_payments", text.to_owned())))
        }
        Some(
            Told::View { .. }
            | Told::Invalid(_)
            | Told::Released
            | Told::WithdrawalsLeft(_)
            | Told::WithdrawalCounted
            | Told::OverPerDay(_),
        )
        | None => {
            let text = "the budget of this wallet cannot be asked now, so nothing was paid; call the tool again in a moment";
            Ok(Err(("budget_unavailable", text.to_owned())))
        }
    }
}

/// One hop to a budget; `None` if it gives no answer in time.
pub(super) async fn ask_budget<W: GuestWorld>(cx: &Cx<W>, owner: &str, ask: &Ask) -> Option<Told> {
    within(&cx.world, HOP_MILLIS, cx.world.ask_budget(owner, ask)).await?.ok()
}

/// Nothing was signed for this purchase, or it has run out unused: it does not count any more. If that cannot be told,
/// it counts for a day.
pub(super) async fn release<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
) -> Result<(), SqlError> {
    let budget = own_budget(cx)?.unwrap_or_else(|| purchase.payer.clone());
    let told = ask_budget(cx, &budget, &Ask::Release(purchase.id.clone())).await;
    if told.is_none() {
        cx.world.line(Level::Warn, "a purchase counts although nothing moved", &[]);
    }
    Ok(())
}

/// Changes the policy: of all sessions of the owner, or of this one if it has no owner.
pub(super) async fn set_policy<W: GuestWorld>(
    cx: &Cx<W>,
    changes: &serde_json::Value,
) -> Result<(), Trouble> {
    owner::is_signed_in(cx).await?;
    let Some(budget) = own_budget(cx)? else {
        let policy = session::policy(&cx.world)?.changed(changes);
        let policy = policy.map_err(|error| Trouble::Said(error.to_string()))?;
        session::set_policy(&cx.world, &policy)?;
        cx.tell(&policy_message(cx)?);
        return Ok(());
    };
    let wallet = session::wallet(&cx.world)?.map(|wallet| wallet.address);
    let ask = Ask::SetPolicy { changes: changes.clone(), wallet };
    match ask_budget(cx, &budget, &ask).await {
        Some(Told::Invalid(why)) => Err(Trouble::Said(why)),
        Some(told @ Told::View { .. }) => {
            learn(cx, wallet, Some(told))?;
            cx.tell(&policy_message(cx)?);
            Ok(())
        }
        Some(
            Told::Granted(_)
            | Told::Refused(_)
            | Told::TooMany
            | Told::Released
            | Told::WithdrawalsLeft(_)
            | Told::WithdrawalCounted
            | Told::OverPerDay(_),
        )
        | None => {
            let text = "the policy cannot be changed now; try again in a moment";
            Err(Trouble::Said(text.to_owned()))
        }
    }
}

pub(super) fn policy_message<W: GuestWorld>(cx: &Cx<W>) -> Result<Out, SqlError> {
    let wallet = session::wallet(&cx.world)?.map(|wallet| wallet.address);
    let spent = spent(cx, wallet)?;
    Ok(Out::Policy {
        policy: session::policy(&cx.world)?,
        spent_session: spent.session.to_string(),
        spent_day: spent.day.to_string(),
    })
}

/// What was spent before: in this session, and, where that is known to be more, in all of the owner's
/// with this wallet.
pub(super) fn spent<W: GuestWorld>(cx: &Cx<W>, wallet: Option<Address>) -> Result<Spent, SqlError> {
    let spent = store::spent(&cx.world, cx.world.now())?;
    let known = *cx.spent_day.borrow();
    let everywhere = known.filter(|(of, _)| Some(*of) == wallet).map(|(_, spent)| spent);
    Ok(Spent { day: everywhere.unwrap_or_default().max(spent.day), ..spent })
}

/// What the policy says of a purchase, given the price that was shown before, if one was.
pub(super) fn judge<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
    listed: Option<Usdc>,
) -> Result<Verdict, SqlError> {
    let policy = session::policy(&cx.world)?;
    let spent = spent(cx, purchase.payer.parse().ok())?;
    let wanted = policy::Purchase {
        server: &purchase.server,
        tool: &purchase.tool,
        amount: purchase.amount,
        pay_to: purchase.pay_to.parse().unwrap_or_default(),
        listed,
    };
    Ok(policy::judge(&policy, &wanted, spent))
}

/// What the session has spent, without this purchase, which is counted already.
fn spent_without<W: GuestWorld>(cx: &Cx<W>, purchase: &Purchase) -> Result<Usdc, SqlError> {
    let spent = store::spent(&cx.world, cx.world.now())?.session;
    let rest = spent.atomic().saturating_sub(purchase.amount.atomic());
    Ok(Usdc::from_atomic(rest).unwrap_or(Usdc::MAX))
}

/// The name of the owner's budget; a session without an owner has none.
pub(super) fn own_budget<W: GuestWorld>(cx: &Cx<W>) -> Result<Option<String>, SqlError> {
    let owner = session::owner(&cx.world)?;
    Ok(owner.map(|owner| cx.config.keys.scope_of(&owner.user).to_string()))
}

fn learn<W: GuestWorld>(
    cx: &Cx<W>,
    wallet: Option<Address>,
    told: Option<Told>,
) -> Result<(), SqlError> {
    if let Some(Told::View { policy, spent_day }) = told {
        cx.spent_day.replace(wallet.map(|wallet| (wallet, spent_day)));
        session::set_policy(&cx.world, &policy)?;
    }
    Ok(())
}
