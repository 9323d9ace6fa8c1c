//! Carries out what the machine decides: reads the row, takes a step, writes the row, then works off the effects.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::base::id::WithdrawalId;
use crate::base::time::UnixSeconds;
use crate::chain::transfers::Window;
use crate::chain::usage::{Usage, Wanted};
use crate::facilitator::client::{Facilitator, Question};
use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::messages::Out;
use crate::guest::views::WithdrawalView;
use crate::guest::withdrawal::machine::{self, Effect, Event};
use crate::guest::withdrawal::model::Withdrawal;
use crate::guest::withdrawal::store;
use crate::guest::{budget, history, wallets};
use crate::identity::UserId;
use crate::ports::metered::Metered;
use crate::ports::{Level, SqlError};
use crate::rails::x402::dialects::requirements_for;
use crate::rails::x402::signed::authorization_json;
use crate::wallets::budget::Ask;
use crate::wallets::withdrawal::VALID_SECONDS;

/// Requests to the chain that a look may make.
const LOOK_REQUESTS: u32 = 30;
/// When a row that cannot be read is tried again, seconds.
const DAMAGED_SECONDS: i64 = 3_600;

/// Looks after the withdrawal that is due and has waited longest. Whether there was one: the alarm does nothing else
/// then, because its requests are limited.
pub(crate) async fn look_after<W: GuestWorld>(cx: &Cx<W>) -> Result<bool, SqlError> {
    let now = cx.world.now();
    let Some(id) = store::due(&cx.world, now)? else { return Ok(false) };
    let done = match WithdrawalId::parse(&id) {
        Ok(id) => Box::pin(feed(cx, &id, Event::Due)).await,
        Err(error) => Err(SqlError(error.to_string())),
    };
    if let Err(error) = done {
        let fields = [("why", &*error.to_string()), ("withdrawal", &*id)];
        cx.world.line(Level::Error, "a withdrawal cannot be looked after", &fields);
        store::put_off(&cx.world, &id, now.plus(DAMAGED_SECONDS))?;
    }
    Ok(true)
}

/// Has a new withdrawal signed and sent.
pub(super) async fn begin<W: GuestWorld>(cx: &Cx<W>, new: Withdrawal) -> Result<(), SqlError> {
    carry_out(cx, new, vec![Effect::Tell, Effect::Sign]).await
}

async fn feed<W: GuestWorld>(cx: &Cx<W>, id: &WithdrawalId, event: Event) -> Result<(), SqlError> {
    match take_step(cx, id, event)? {
        Some((withdrawal, effects)) => carry_out(cx, withdrawal, effects).await,
        None => Ok(()),
    }
}

/// One step: nothing else runs between the reading and the writing of the row.
fn take_step<W: GuestWorld>(
    cx: &Cx<W>,
    id: &WithdrawalId,
    event: Event,
) -> Result<Option<(Withdrawal, Vec<Effect>)>, SqlError> {
    let now = cx.world.now();
    cx.world.atomically(|| {
        let Some(before) = store::find(&cx.world, id)? else { return Ok(None) };
        let (after, effects) = machine::step(&before, event, now);
        if after != before {
            before_writing(cx, &after);
            store::save(&cx.world, &after)?;
        }
        Ok(Some((after, effects)))
    })
}

/// The alarm is set, and the directory knows of the session, before a row needs them.
pub(super) fn before_writing<W: GuestWorld>(cx: &Cx<W>, withdrawal: &Withdrawal) {
    if let Some(next) = withdrawal.next_check_at {
        cx.world.wake_at(next);
        cx.world.note_open();
    }
}

async fn carry_out<W: GuestWorld>(
    cx: &Cx<W>,
    mut withdrawal: Withdrawal,
    effects: Vec<Effect>,
) -> Result<(), SqlError> {
    let mut effects = VecDeque::from(effects);
    while let Some(effect) = effects.pop_front() {
        let Some(event) = perform(cx, &withdrawal, effect).await? else { continue };
        if let Some((after, more)) = take_step(cx, &withdrawal.id, event)? {
            withdrawal = after;
            effects.extend(more);
        }
    }
    Ok(())
}

/// Carries out one effect; the event that comes of it.
async fn perform<W: GuestWorld>(
    cx: &Cx<W>,
    withdrawal: &Withdrawal,
    effect: Effect,
) -> Result<Option<Event>, SqlError> {
    Ok(match effect {
        Effect::Sign => {
            let (wallet, network) = (store::wallet_of(withdrawal), withdrawal.network);
            let authorization = &withdrawal.authorization;
            let signed = wallets::sign_ourselves(cx, &wallet, network, authorization).await;
            if let Err(why) = &signed {
                cx.world.line(Level::Warn, "a withdrawal is not signed", &[("why", why)]);
            }
            Some(Event::Signed(signed))
        }
        Effect::Settle => settle(cx, withdrawal).await,
        Effect::ReadChain(round) => Some(Event::ChainRead(usage(cx, withdrawal).await, round)),
        Effect::Release => {
            release(cx, withdrawal).await?;
            None
        }
        Effect::Tell => {
            tell(cx, withdrawal).await?;
            None
        }
    })
}

/// Asks the deployment's facilitator to move the money.
async fn settle<W: GuestWorld>(cx: &Cx<W>, withdrawal: &Withdrawal) -> Option<Event> {
    let (requirements, payment) = payment_of(withdrawal)?;
    let payer = withdrawal.from().to_checksum(None);
    // A claimant of its own: what the same person sells as a host is settled under another name.
    let scope = cx.config.keys.scope_of(&UserId::from_wallet(withdrawal.from()));
    let question = Question {
        x402_version: 2,
        payment: &payment,
        requirements: &requirements,
        payer: &payer,
        scope: &scope,
    };
    let outcome = cx.config.facilitator.settle(&cx.world, &question).await;
    let is_own = matches!(cx.config.facilitator, Facilitator::Own(_));
    Some(Event::Answered { outcome, is_own })
}

/// The withdrawal as an x402 payment to its recipient, and the requirements that it fits.
fn payment_of(withdrawal: &Withdrawal) -> Option<(Value, Value)> {
    let Withdrawal { network, authorization, .. } = withdrawal;
    let seconds = u32::try_from(VALID_SECONDS).unwrap_or_default();
    let requirements = json!(requirements_for(network, authorization, seconds));
    let payment = json!({
        "x402Version": 2,
        "accepted": requirements,
        "payload": {
            "authorization": authorization_json(authorization),
            "signature": withdrawal.signature.as_ref()?,
        },
    });
    Some((requirements, payment))
}

/// What became of it, as the chain shows it.
async fn usage<W: GuestWorld>(cx: &Cx<W>, withdrawal: &Withdrawal) -> Usage {
    let network = withdrawal.network;
    let Some(rpc) = cx.rpc_of(network.caip2) else {
        return Usage::Unclear("no endpoint for this network".to_owned());
    };
    let chain = Metered::new(&cx.world, LOOK_REQUESTS);
    let wanted = Wanted {
        network,
        authorization: &withdrawal.authorization,
        window: Window { unused_at: None, created_at: withdrawal.created_at },
        transaction: withdrawal.transaction,
    };
    let asked = async {
        match rpc.unused_at_head(&chain, &wanted, withdrawal.ends_at()).await? {
            Some(unused) => Ok(unused),
            None => rpc.use_of(&chain, &wanted).await,
        }
    };
    asked
        .await
        .unwrap_or_else(|error: crate::chain::rpc::RpcError| Usage::Unclear(error.to_string()))
}

/// It does not count towards the limit of the day any more. If that cannot be told, it counts for a day.
async fn release<W: GuestWorld>(cx: &Cx<W>, withdrawal: &Withdrawal) -> Result<(), SqlError> {
    let budget = budget_of(cx, withdrawal)?;
    let ask = Ask::ReleaseWithdrawal(withdrawal.id.clone());
    if budget::ask_budget(cx, &budget, &ask).await.is_none() {
        cx.world.line(Level::Warn, "a withdrawal counts although nothing moved", &[]);
    }
    Ok(())
}

/// The budget that counts it: of the session's owner, or of the wallet in a session without one.
pub(super) fn budget_of<W: GuestWorld>(
    cx: &Cx<W>,
    withdrawal: &Withdrawal,
) -> Result<String, SqlError> {
    Ok(budget::own_budget(cx)?.unwrap_or_else(|| withdrawal.from().to_checksum(None)))
}

async fn tell<W: GuestWorld>(cx: &Cx<W>, withdrawal: &Withdrawal) -> Result<(), SqlError> {
    cx.tell(&Out::Withdrawal(WithdrawalView::of(&cx.config, withdrawal)));
    if withdrawal.is_open() {
        return Ok(());
    }
    cx.tell(&history::message(cx)?);
    match wallets::look_at_wallet(cx).await {
        Ok(()) | Err(Trouble::Said(_)) => Ok(()),
        Err(Trouble::Storage(error)) => Err(error),
    }
}

/// When the first look is due: a signature is not waited for any longer.
pub(super) fn first_look(now: UnixSeconds) -> UnixSeconds {
    now.plus(machine::SIGNING_SECONDS)
}
