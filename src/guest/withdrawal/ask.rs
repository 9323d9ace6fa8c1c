//! Lets a withdrawal in: who asks, whether that may be, and the row.

use alloy_primitives::Address;

use crate::base::id::{PaymentIdentifier, WithdrawalId};
use crate::base::money::Usdc;
use crate::chain::networks::Network;
use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::handshake::SignIn;
use crate::guest::messages::Out;
use crate::guest::session::ChosenWallet;
use crate::guest::views::WithdrawalView;
use crate::guest::withdrawal::model::{State, Withdrawal};
use crate::guest::withdrawal::{run, store};
use crate::guest::{budget, owner, session};
use crate::ports::SqlError;
use crate::wallets::budget::{Ask, Told};
use crate::wallets::usdc_balance;
use crate::wallets::withdrawal::{Refusal, authorize, is_fresh, read_amount, read_to};

/// The message of a client, and the sign-in that its socket came with.
pub(crate) struct Asked {
    pub(crate) request_id: String,
    pub(crate) from: String,
    pub(crate) network: String,
    pub(crate) to: String,
    pub(crate) amount: String,
    pub(crate) token: Option<String>,
    pub(crate) sign_in: Option<SignIn>,
}

/// The request, read and checked as far as nobody else is asked.
struct Wanted {
    request_id: String,
    wallet: ChosenWallet,
    network: &'static Network,
    to: Address,
    amount: Usdc,
}

/// Why nothing is begun.
enum Stop {
    Refused(Refusal),
    /// The same request was carried out before, or is.
    Known(Box<Withdrawal>),
    Storage(SqlError),
}

/// Sends money out of a kept wallet, or says why not.
pub(crate) async fn withdraw<W: GuestWorld>(cx: &Cx<W>, asked: Asked) -> Result<(), Trouble> {
    let request_id = asked.request_id.chars().take(128).collect();
    match let_in(cx, &asked).await {
        Ok(withdrawal) => run::begin(cx, withdrawal).await.map_err(Into::into),
        Err(Stop::Known(known)) => {
            cx.tell(&Out::Withdrawal(WithdrawalView::of(&cx.config, &known)));
            Ok(())
        }
        Err(Stop::Refused(refusal)) => {
            let (code, message) = (refusal.code(), refusal.to_string());
            cx.tell(&Out::WithdrawalRefused { request_id, code, message });
            Ok(())
        }
        Err(Stop::Storage(error)) => Err(error.into()),
    }
}

async fn let_in<W: GuestWorld>(cx: &Cx<W>, asked: &Asked) -> Result<Withdrawal, Stop> {
    let wanted = read(cx, asked)?;
    known(cx, &wanted)?;
    prove(cx, asked).await?;
    check_balance(cx, &wanted).await?;
    let (from, now) = (wanted.wallet.address, cx.world.now());
    let withdrawal = Withdrawal {
        id: WithdrawalId::random(&cx.world),
        request_id: wanted.request_id.clone(),
        kind: wanted.wallet.kind,
        locator: wanted.wallet.locator.clone(),
        network: wanted.network,
        amount: wanted.amount,
        state: State::Signing,
        reason: String::new(),
        authorization: authorize(from, wanted.to, wanted.amount, now, &cx.world),
        signature: None,
        transaction: None,
        requests: 0,
        refused: false,
        attempts: 0,
        next_check_at: Some(run::first_look(now)),
        created_at: now,
    };
    count(cx, &withdrawal).await?;
    match write(cx, &wanted, &withdrawal) {
        Ok(()) => Ok(withdrawal),
        Err(stop) => {
            let budget = run::budget_of(cx, &withdrawal)?;
            let ask = Ask::ReleaseWithdrawal(withdrawal.id);
            // Without an answer it counts for a day.
            let _told = budget::ask_budget(cx, &budget, &ask).await;
            Err(stop)
        }
    }
}

fn read<W: GuestWorld>(cx: &Cx<W>, asked: &Asked) -> Result<Wanted, Stop> {
    PaymentIdentifier::parse(&asked.request_id).map_err(|_| Refusal::Request)?;
    let from: Address = asked.from.parse().map_err(|_| Refusal::NoWallet)?;
    let kept = store::kept_wallets(&cx.world)?;
    let wallet = kept.into_iter().find(|wallet| wallet.address == from);
    let wallet = wallet.ok_or(Refusal::NoWallet)?;
    let mut networks = cx.config.networks.iter().copied();
    let network = networks.find(|network| network.caip2 == asked.network);
    let network = network.ok_or(Refusal::Network)?;
    let to = read_to(&asked.to, from, network)?;
    if Some(to) == cx.config.smart_wallet_factory {
        return Err(Refusal::Useless.into());
    }
    let amount = read_amount(&asked.amount)?;
    Ok(Wanted { request_id: asked.request_id.clone(), wallet, network, to, amount })
}

/// Stops if the same request was made before, or another one of the wallet is under way.
fn known<W: GuestWorld>(cx: &Cx<W>, wanted: &Wanted) -> Result<(), Stop> {
    if let Some(known) = store::of_request(&cx.world, &wanted.request_id)? {
        let is_same = known.from() == wanted.wallet.address
            && known.network == wanted.network
            && known.authorization.to == wanted.to
            && known.amount == wanted.amount;
        return Err(if is_same { Stop::Known(Box::new(known)) } else { Refusal::Repeated.into() });
    }
    if store::is_in_the_way(&cx.world, wanted.wallet.address, cx.world.now())? {
        return Err(Refusal::UnderWay.into());
    }
    Ok(())
}

/// Whether the wallet's owner asks, at this moment. Of a session with an owner the socket itself has to come with a fresh
/// sign-in. One without an owner has a wallet of ours on a developer's machine only, and nothing but its token: the page
/// sends it again, so that a socket that was left open is not enough.
async fn prove<W: GuestWorld>(cx: &Cx<W>, asked: &Asked) -> Result<(), Stop> {
    if session::owner(&cx.world)?.is_none() {
        let is_token = match &asked.token {
            Some(token) => session::is_token(&cx.world, token)?,
            None => false,
        };
        let is_proven = is_token && cx.config.is_local();
        return if is_proven { Ok(()) } else { Err(Refusal::Token.into()) };
    }
    let is_fresh_now = |at| is_fresh(at, cx.world.now());
    let sign_in = asked.sign_in.filter(|sign_in| is_fresh_now(sign_in.at));
    let sign_in = sign_in.ok_or(Refusal::SignIn)?;
    match owner::is_signed_in(cx).await {
        Ok(()) => {}
        Err(Trouble::Said(text)) if text == owner::SIGN_IN_AGAIN => {
            return Err(Refusal::SignIn.into());
        }
        Err(Trouble::Said(_)) => return Err(Refusal::NotNow.into()),
        Err(Trouble::Storage(error)) => return Err(error.into()),
    }
    // Another socket may have a newer sign-in; this one's own has to count.
    let signed_out_at = session::signed_out_at(&cx.world)?;
    let counts = sign_in.counts(cx.world.now(), signed_out_at) && is_fresh_now(sign_in.at);
    if counts { Ok(()) } else { Err(Refusal::SignIn.into()) }
}

async fn check_balance<W: GuestWorld>(cx: &Cx<W>, wanted: &Wanted) -> Result<(), Stop> {
    let rpc = cx.rpc_of(wanted.network.caip2).ok_or(Refusal::NotNow)?;
    let balance = usdc_balance(&cx.world, &rpc, wanted.network, wanted.wallet.address).await;
    let balance = balance.map_err(|_| Refusal::NotNow)?;
    if balance < wanted.amount { Err(Refusal::Balance(balance).into()) } else { Ok(()) }
}

/// Counts it towards the limit of the day, in all sessions of the owner.
async fn count<W: GuestWorld>(cx: &Cx<W>, new: &Withdrawal) -> Result<(), Stop> {
    let ask = Ask::Withdraw { id: new.id.clone(), wallet: new.from(), amount: new.amount };
    match budget::ask_budget(cx, &run::budget_of(cx, new)?, &ask).await {
        Some(Told::WithdrawalCounted) => Ok(()),
        Some(Told::OverPerDay(left)) => Err(Refusal::PerDay(left).into()),
        Some(
            Told::View { .. }
            | Told::Invalid(_)
            | Told::Granted(_)
            | Told::Refused(_)
            | Told::TooMany
            | Told::Released
            | Told::WithdrawalsLeft(_),
        )
        | None => Err(Refusal::NotNow.into()),
    }
}

/// Writes the row, unless another tab was first.
fn write<W: GuestWorld>(cx: &Cx<W>, wanted: &Wanted, new: &Withdrawal) -> Result<(), Stop> {
    cx.world.atomically(|| {
        known(cx, wanted)?;
        run::before_writing(cx, new);
        store::add(&cx.world, new).map_err(Stop::from)
    })
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<SqlError> for Stop {
    fn from(error: SqlError) -> Self {
        Self::Storage(error)
    }
}
