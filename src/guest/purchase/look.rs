//! What the runner asks of wallets and of the chain for a purchase. Nothing here decides what follows.

use alloy_primitives::{Address, Bytes};

use crate::base::backoff::twice;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::chain::transfers::{Use, Window};
use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::purchase::machine::{ChainView, Fate, NotPaid, Signer, has_an_alarm};
use crate::guest::purchase::model::Purchase;
use crate::guest::purchase::offer::offer_of;
use crate::guest::{owner, session, wallets};
use crate::ports::SqlError;
use crate::ports::metered::Metered;
use crate::rails::x402::payer::{self, Offer, VALID_SECONDS_MAX};
use crate::wallets::{Kind, usdc_balance};

/// How often a receipt is looked for, and the pause before the second look, milliseconds, doubled each time.
const RECEIPT_LOOKS: u32 = 5;
const RECEIPT_PAUSE_MILLIS: u32 = 250;
/// Requests to its chain that a look at a purchase may make beside two others. Its server is asked with up to seven.
const SHARE_REQUESTS: u32 = 8;
/// The same of one that has an alarm to itself, since it was looked at so many times in vain.
const ALONE_REQUESTS: u32 = 40;

/// The wallet that was to pay, if it is still the session's and the offer can be paid here.
pub(super) fn find_wallet<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
) -> Result<Result<Signer, NotPaid>, SqlError> {
    let in_use = |offer: &Offer| cx.config.networks.contains(&offer.network);
    let offer = offer_of(purchase).filter(in_use);
    let (Some(_), Some(wallet)) = (offer, session::wallet(&cx.world)?) else {
        let text = "what the server asked for cannot be paid here any more";
        return Ok(Err(("no_offer", text.to_owned())));
    };
    if wallet.address != payer_of(purchase) {
        let text = "the wallet was changed since; call the tool again";
        return Ok(Err(("wallet_changed", text.to_owned())));
    }
    Ok(Ok(match wallet.kind {
        Kind::Browser => Signer::Browser,
        Kind::Smart | Kind::Crossmint => Signer::Ours,
    }))
}

/// What the wallet holds; `None` if the chain does not say.
pub(super) async fn balance<W: GuestWorld>(cx: &Cx<W>, purchase: &Purchase) -> Option<Usdc> {
    let network = Network::by_caip2(&purchase.network)?;
    let rpc = cx.rpc_of(&purchase.network)?;
    let payer = purchase.payer.parse().ok()?;
    usdc_balance(&cx.world, &rpc, network, payer).await.ok()
}

/// Whether the owner is signed in at this moment, or what to say.
pub(super) async fn sign_in<W: GuestWorld>(cx: &Cx<W>) -> Result<Result<(), String>, Trouble> {
    match owner::is_signed_in(cx).await {
        Ok(()) => Ok(Ok(())),
        Err(Trouble::Said(text)) => Ok(Err(text)),
        Err(trouble @ Trouble::Storage(_)) => Err(trouble),
    }
}

/// What is to be signed, with a nonce of its own.
pub(super) fn authorize<W: GuestWorld>(cx: &Cx<W>, purchase: &Purchase) -> Option<Authorization> {
    let offer = offer_of(purchase)?;
    Some(payer::authorize(&offer, payer_of(purchase), cx.world.now(), &cx.world))
}

/// A signature of our own wallet, or why there is none.
pub(super) async fn sign<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
) -> Result<Result<Bytes, String>, SqlError> {
    let wallet = session::wallet(&cx.world)?;
    let wallet = wallet.filter(|wallet| wallet.address == payer_of(purchase));
    let (Some(wallet), Some(offer), Some(authorization)) =
        (wallet, offer_of(purchase), purchase.authorization.as_ref())
    else {
        return Ok(Err("it was changed meanwhile; call the tool again".to_owned()));
    };
    Ok(wallets::sign_ourselves(cx, &wallet, offer.network, authorization).await)
}

/// Whether the chain shows exactly this transfer. Where no endpoint is set up the server's word is all there is; an
/// endpoint that does not answer shows nothing.
pub(super) async fn receipt<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
    transaction: &str,
) -> bool {
    let Some(network) = Network::by_caip2(&purchase.network) else { return false };
    let Some(rpc) = cx.rpc_of(&purchase.network) else { return true };
    let Some(authorization) = purchase.authorization.as_ref() else { return false };
    if offer_of(purchase).is_none() {
        return false;
    }
    let mut pause = RECEIPT_PAUSE_MILLIS;
    for _ in 0..RECEIPT_LOOKS {
        match payer::confirm(&cx.world, &rpc, network, authorization, transaction).await {
            Ok(is_it) => return is_it,
            Err(_) => cx.world.sleep(pause).await,
        }
        pause = twice(pause, u32::MAX);
    }
    false
}

/// What the chain says of a payment whose outcome is not known.
pub(super) async fn chain<W: GuestWorld>(cx: &Cx<W>, purchase: &Purchase) -> ChainView {
    let unclear = ChainView { head: UnixSeconds::new(0), fate: Fate::Unclear };
    let (Some(network), Some(authorization), Some(rpc)) = (
        Network::by_caip2(&purchase.network),
        purchase.authorization.as_ref(),
        cx.rpc_of(&purchase.network),
    ) else {
        return unclear;
    };
    let requests = if has_an_alarm(purchase) { ALONE_REQUESTS } else { SHARE_REQUESTS };
    let chain = Metered::new(&cx.world, requests);
    // The time is read first: unused at a block after the end means unused for good.
    let Ok(head) = rpc.head_time(&chain).await else { return unclear };
    let (from, nonce) = (authorization.from, authorization.nonce);
    let fate = match rpc.authorization_used(&chain, network, from, nonce).await {
        Ok(false) => Fate::Unused,
        Ok(true) => {
            let window = window(purchase, authorization);
            match rpc.find_transfer(&chain, network, authorization, &window).await {
                Ok(Use::Moved(hash, _)) => Fate::Moved(hash.to_string()),
                Ok(Use::Elsewhere) => Fate::Elsewhere,
                Ok(Use::NotFound | Use::Unsearched) | Err(_) => Fate::Unclear,
            }
        }
        Err(_) => Fate::Unclear,
    };
    ChainView { head, fate }
}

/// The authorization was made when the purchase was confirmed, which may be long after the challenge.
fn window(purchase: &Purchase, authorization: &Authorization) -> Window {
    let valid_before = i64::try_from(authorization.valid_before).unwrap_or(i64::MAX);
    let made = UnixSeconds::new(valid_before).plus(-i64::from(VALID_SECONDS_MAX));
    Window { unused_at: None, created_at: purchase.created_at.max(made) }
}

fn payer_of(purchase: &Purchase) -> Address {
    purchase.payer.parse().unwrap_or_default()
}
