//! Carries out what the [`machine`] decides: reads the row, takes a step, writes the row, and then works off the
//! effects in their order. An effect that has an outcome feeds it back as the next event before the effects after it.

use std::collections::VecDeque;

use serde_json::Value;

use crate::base::id::PurchaseId;
use crate::base::money::Usdc;
use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::messages::Out;
use crate::guest::purchase::machine::{self, Context, Effect, Event, Facts, Reply, Round};
use crate::guest::purchase::model::{Origin, Purchase, State};
use crate::guest::purchase::offer::{question, sign_request};
use crate::guest::purchase::send::{self, caller_of, result_text};
use crate::guest::purchase::{look, store};
use crate::guest::report::{self, Caller, Failed};
use crate::guest::views::explorer_url;
use crate::guest::{budget, held, history, outbox, seats, session, sums, wallets};
use crate::mcp::client::Connection;
use crate::ports::{Level, SqlError};
use crate::rails::x402::payer::{self, Challenge};

/// Purchases of a session that may be open, or wait to be heard, at a time; and what the results of the latter may
/// have together, bytes.
const OPEN_MAX: u64 = 100;
const KEPT_BYTES_MAX: u64 = 10_000_000;

/// A call that a server asks to be paid for.
pub(crate) struct Asked<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) caller: Caller<'a>,
    pub(crate) arguments: Value,
    /// The price that was shown before.
    pub(crate) listed: Option<Usdc>,
    /// The challenge as it came.
    pub(crate) raw: Value,
}

/// The effects that are left, and the purchase that they are about.
struct Work {
    purchase: Purchase,
    effects: VecDeque<Effect>,
}

/// A server asks for payment.
pub(crate) async fn challenged<W: GuestWorld>(
    cx: &Cx<W>,
    asked: Asked<'_>,
    challenge: &Challenge,
) -> Result<(), Trouble> {
    let Asked { connection, caller, arguments, listed, raw } = asked;
    let fails = |code: &'static str, text: &str| {
        report::failed(cx, caller, &Failed { code, text, money_moved: "no" });
        Ok(())
    };
    let offer = match payer::choose(challenge, &cx.config.networks) {
        Ok(offer) => offer,
        Err(why) => {
            let text = format!("nothing that this server asks for can be paid: {why}");
            return fails("no_offer", &text);
        }
    };
    let Some(wallet) = session::wallet(&cx.world)? else {
        return fails("no_wallet", "choose a wallet first");
    };
    let purchase = Purchase {
        id: PurchaseId::random(&cx.world),
        server: connection.url.clone(),
        connection: Some(connection.for_tool(caller.tool)),
        tool: caller.tool.to_owned(),
        arguments,
        call_id: caller.call_id.clone(),
        origin: caller.origin.clone(),
        challenge: raw,
        amount: offer.amount,
        pay_to: offer.pay_to.to_checksum(None),
        network: offer.network.caip2.to_owned(),
        payer: wallet.address.to_checksum(None),
        state: State::Asked,
        reason: String::new(),
        authorization: None,
        signature: None,
        transaction: None,
        ticket: None,
        shown: false,
        warned: false,
        attempts: 0,
        refusals: 0,
        next_check_at: None,
        created_at: cx.world.now(),
    };
    budget::look_at_budget(cx).await?;
    let work = begin(cx, purchase, listed)?;
    carry_out(cx, work).await
}

/// Feeds an event to a purchase, and carries out what follows.
pub(crate) async fn feed<W: GuestWorld>(
    cx: &Cx<W>,
    id: &PurchaseId,
    event: Event,
) -> Result<(), Trouble> {
    match take_step(cx, id, event)? {
        Some(work) => carry_out(cx, work).await,
        None => Ok(()),
    }
}

/// The same for a message: it is answered if there is no such purchase.
pub(crate) async fn feed_message<W: GuestWorld>(
    cx: &Cx<W>,
    id: &PurchaseId,
    event: Event,
) -> Result<(), Trouble> {
    match (take_step(cx, id, event)?, Effect::nothing_waits()) {
        (Some(work), _) => carry_out(cx, work).await,
        (None, Effect::Reject(text)) => Err(Trouble::Said(text)),
        (None, _) => Ok(()),
    }
}

/// Decides about a new purchase, and writes its row.
fn begin<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: Purchase,
    listed: Option<Usdc>,
) -> Result<Work, SqlError> {
    let facts = facts(cx, &purchase, listed)?;
    let ((purchase, effects), is_kept) = machine::begin(purchase, facts, context(cx)?);
    if is_kept {
        before_writing(cx, &purchase);
        store::add(&cx.world, &purchase)?;
    }
    Ok(Work { purchase, effects: effects.into() })
}

fn facts<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
    listed: Option<Usdc>,
) -> Result<Facts, SqlError> {
    let Purchase { server, tool, arguments, payer, .. } = purchase;
    let same_call = (server.as_str(), tool.as_str(), arguments);
    let now = cx.world.now();
    let (results, bytes) = outbox::results(&cx.world)?;
    let open = store::count_open(&cx.world)?.saturating_add(results);
    Ok(Facts {
        // The same call may have been made twice, and the other one have come here first.
        is_under_way: store::is_under_way(&cx.world, same_call, Some(payer), now)?,
        is_full: open >= OPEN_MAX || bytes >= KEPT_BYTES_MAX,
        verdict: budget::judge(cx, purchase, listed)?,
        had: seats::seat_in_words(cx, purchase)?,
    })
}

/// One step: nothing else runs between the reading and the writing of the row. `None`: there is no such purchase.
fn take_step<W: GuestWorld>(
    cx: &Cx<W>,
    id: &PurchaseId,
    event: Event,
) -> Result<Option<Work>, SqlError> {
    let context = context(cx)?;
    cx.world.atomically(|| {
        let Some(before) = store::find(&cx.world, id)? else { return Ok(None) };
        let (purchase, effects) = machine::step(&before, event, context);
        let is_result = |effect: &&Effect| matches!(effect, Effect::Keep(_));
        if purchase != before {
            before_writing(cx, &purchase);
            store::save(&cx.world, &purchase, context.now)?;
        }
        if let Some(Effect::Keep(result)) = effects.iter().find(is_result) {
            outbox::keep_result(&cx.world, id, &result_text(&purchase, result))?;
            if let Some(about) = held::summary(result) {
                store::set_bought(&cx.world, id, &about)?;
            }
            cx.held.borrow_mut().insert(id.to_string());
        }
        Ok(Some(Work { purchase, effects: effects.into() }))
    })
}

/// The alarm is set, and the directory knows of the session, before a row needs them.
fn before_writing<W: GuestWorld>(cx: &Cx<W>, purchase: &Purchase) {
    if let Some(next) = purchase.next_check_at {
        cx.world.wake_at(next);
    }
    if purchase.is_open() {
        cx.world.note_open();
    }
}

fn context<W: GuestWorld>(cx: &Cx<W>) -> Result<Context, SqlError> {
    Ok(Context { now: cx.world.now(), is_owned: session::owner(&cx.world)?.is_some() })
}

/// Works off effects. After a failure of our storage a kept result is still told, and nothing else is done.
async fn carry_out<W: GuestWorld>(cx: &Cx<W>, mut work: Work) -> Result<(), Trouble> {
    let mut outcome = Ok(());
    while let Some(effect) = work.effects.pop_front() {
        if outcome.is_err() && effect != Effect::HandOver {
            continue;
        }
        let event = match perform(cx, &work.purchase, effect).await {
            Ok(event) => event,
            Err(trouble) => {
                outcome = Err(trouble);
                continue;
            }
        };
        let Some(event) = event else { continue };
        match take_step(cx, &work.purchase.id, event) {
            Ok(Some(Work { purchase, mut effects })) => {
                effects.append(&mut work.effects);
                work = Work { purchase, effects };
            }
            Ok(None) => {}
            Err(error) => outcome = Err(error.into()),
        }
    }
    outcome
}

/// Carries out one effect; the event that comes of it.
async fn perform<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
    effect: Effect,
) -> Result<Option<Event>, Trouble> {
    let event = match effect {
        Effect::Judge => {
            budget::look_at_budget(cx).await?;
            Event::Judged(budget::judge(cx, purchase, None)?)
        }
        Effect::FindWallet => Event::WalletFound(look::find_wallet(cx, purchase)?),
        Effect::ReadBalance(signer) => {
            Event::BalanceRead(signer, look::balance(cx, purchase).await)
        }
        Effect::CheckSignIn(signer) => Event::SignInChecked(signer, look::sign_in(cx).await?),
        Effect::AskBudget(grant) => Event::BudgetAsked(grant, budget::reserve(cx, purchase).await?),
        Effect::Fix(signer) => match look::authorize(cx, purchase) {
            Some(authorization) => Event::Fixed(signer, authorization),
            None => return Ok(None),
        },
        Effect::Sign => Event::SignatureMade(look::sign(cx, purchase).await?),
        Effect::CheckSignature(hex) => {
            Event::SignatureChecked(wallets::check_signature(cx, purchase, &hex).await)
        }
        Effect::Send(round) => match send_in_turn(cx, purchase, round).await? {
            Some(reply) => Event::Answered(reply, round),
            None => return Ok(None),
        },
        Effect::ShowNow(delivery) => {
            let was_told = cx.world.tell_all(&result_text(purchase, &delivery.result));
            Event::ShownNow(delivery, was_told)
        }
        Effect::ReadReceipt(transaction) => {
            let is_confirmed = look::receipt(cx, purchase, &transaction).await;
            Event::ReceiptRead(transaction, is_confirmed)
        }
        Effect::ReadChain => Event::ChainRead(look::chain(cx, purchase).await),
        Effect::ReleaseBudget => {
            return budget::release(cx, purchase).await.map(|()| None).map_err(Into::into);
        }
        Effect::ShowWallet => return wallets::look_at_wallet(cx).await.map(|()| None),
        Effect::Log(..)
        | Effect::Reject(_)
        | Effect::Fail { .. }
        | Effect::Warn(_)
        | Effect::AskPerson(..)
        | Effect::ShowPolicy
        | Effect::ShowReceipt(_)
        | Effect::ShowHistory
        | Effect::RequestSignature
        | Effect::Keep(_)
        | Effect::HandOver
        | Effect::Report(_) => return tell(cx, purchase, effect).map(|()| None),
    };
    Ok(Some(event))
}

/// Asks the server in its turn. The alarm does not wait for a turn: what is with the server is being asked for.
async fn send_in_turn<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
    round: Round,
) -> Result<Option<Reply>, SqlError> {
    let turn = cx.turn_at(&purchase.server);
    let _turn = match round {
        Round::First { pause, .. } => {
            if pause > 0 {
                cx.world.sleep(pause).await;
            }
            turn.lock().await
        }
        Round::Later => {
            let Some(turn) = turn.try_lock() else { return Ok(None) };
            turn
        }
    };
    send::send(cx, &purchase.id).await
}

/// Carries out an effect that only tells something.
fn tell<W: GuestWorld>(cx: &Cx<W>, purchase: &Purchase, effect: Effect) -> Result<(), Trouble> {
    match effect {
        Effect::Log(kind, text) => cx.log(kind, text),
        Effect::Reject(text) => return Err(Trouble::Said(text)),
        Effect::Fail { code, text, money_moved } => {
            let why = Failed { code, text: &text, money_moved };
            report::failed(cx, caller_of(purchase), &why);
        }
        Effect::Warn(code) => {
            cx.world.line(Level::Warn, "a purchase has no result yet", &[("code", code)]);
        }
        Effect::AskPerson(why, had) => ask_person(cx, purchase, &why, had.as_deref())?,
        Effect::ShowPolicy => cx.tell(&budget::policy_message(cx)?),
        Effect::ShowReceipt(transaction) => cx.tell(&receipt_message(cx, purchase, transaction)?),
        Effect::ShowHistory => cx.tell(&history::message(cx)?),
        Effect::RequestSignature => sign_request(purchase).iter().for_each(|it| cx.tell(it)),
        Effect::HandOver => {
            cx.held.borrow_mut().remove(purchase.id.as_str());
            if let Some(message) = outbox::untold_of(&cx.world, purchase.id.as_str())? {
                hand_over(cx, purchase.id.as_str(), &message)?;
            }
        }
        Effect::Report(result) => report::report(cx, caller_of(purchase), Ok(&result)),
        // Kept with the row, or carried out by `perform`.
        Effect::Keep(_)
        | Effect::ShowWallet
        | Effect::Judge
        | Effect::FindWallet
        | Effect::ReadBalance(_)
        | Effect::CheckSignIn(_)
        | Effect::AskBudget(_)
        | Effect::ReleaseBudget
        | Effect::Fix(_)
        | Effect::Sign
        | Effect::CheckSignature(_)
        | Effect::Send(_)
        | Effect::ShowNow(_)
        | Effect::ReadReceipt(_)
        | Effect::ReadChain => {}
    }
    Ok(())
}

/// Tells a kept result to the sockets, if there is one.
pub(crate) fn hand_over<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &str,
    message: &str,
) -> Result<(), SqlError> {
    if cx.world.tell_all(message) {
        outbox::set_told(&cx.world, purchase, cx.world.now())?;
    }
    Ok(())
}

fn ask_person<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
    why: &str,
    had: Option<&str>,
) -> Result<(), SqlError> {
    cx.tell(&question(purchase, why));
    if purchase.origin != Origin::Call {
        let had = had.map(|had| format!("Note: {had}. ")).unwrap_or_default();
        let thing = sums::thing(cx, purchase)?;
        let text = format!("{had}Shall I pay ${} for {thing}? (yes or no)", purchase.amount);
        let asks = Some(purchase.id.to_string());
        cx.tell(&Out::Chat { text, cards: None, suggestions: Vec::new(), asks });
    }
    Ok(())
}

fn receipt_message<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
    transaction: String,
) -> Result<Out, SqlError> {
    let explorer_url = explorer_url(&cx.config, &purchase.network, Some(&transaction));
    Ok(Out::PaymentReceipt {
        tx_hash: transaction,
        network: purchase.network.clone(),
        payer: purchase.payer.clone(),
        pay_to: purchase.pay_to.clone(),
        amount: purchase.amount.atomic().to_string(),
        amount_usd: purchase.amount.to_string(),
        explorer_url: explorer_url.unwrap_or_default(),
        confirmed: cx.rpc_of(&purchase.network).is_some(),
        tool: purchase.tool.clone(),
        title: held::title(cx, purchase)?,
        mcp_url: purchase.server.clone(),
    })
}
