//! The wallets that a session can pay with.

use alloy_primitives::{Address, B256, Bytes};

use crate::base::money::Usdc;
use crate::chain::eip3009::{Authorization, digest};
use crate::chain::networks::Network;
use crate::chain::rpc::RpcError;
use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::messages::Out;
use crate::guest::purchase::model::Purchase;
use crate::guest::purchase::offer::offer_of;
use crate::guest::session::ChosenWallet;
use crate::guest::withdrawal::store as withdrawals;
use crate::guest::{history, session};
use crate::ports::SqlError;
use crate::rails::x402::payer;
use crate::wallets::crossmint::CrossmintWallet;
use crate::wallets::smart::SmartWallet;
use crate::wallets::{self, Kind, WalletInfo, browser};

/// Pays with this wallet from now on.
pub(super) async fn use_wallet<W: GuestWorld>(
    cx: &Cx<W>,
    kind: Kind,
    address: Option<&str>,
) -> Result<(), Trouble> {
    let chosen = match kind {
        Kind::Browser => {
            let address: Option<Address> = address.and_then(|text| text.parse().ok());
            let address = address.ok_or_else(|| {
                Trouble::Said("address: must be the wallet's Ethereum address".to_owned())
            })?;
            ChosenWallet { kind, address, locator: None, deployed: false }
        }
        Kind::Smart => smart_wallet(cx).await?,
        Kind::Crossmint => crossmint_wallet(cx).await?,
    };
    cx.world.atomically(|| {
        session::set_wallet(&cx.world, &chosen)?;
        // It may hold money after another one is chosen.
        withdrawals::keep_wallet(&cx.world, &chosen, cx.world.now())
    })?;
    look_at_wallet(cx).await
}

/// What is known of the wallet without asking the chain.
pub(super) fn known_wallet<W: GuestWorld>(cx: &Cx<W>) -> Result<Option<WalletInfo>, SqlError> {
    let wallet = session::wallet(&cx.world)?;
    Ok(wallet.and_then(|wallet| info(cx, &wallet, None, None)))
}

/// Whether a person is to sign in a browser: with the session's wallet. One of ours signs by itself.
pub(super) fn is_signed_in_browser<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
) -> Result<bool, SqlError> {
    let wallet = session::wallet(&cx.world)?;
    Ok(wallet.is_some_and(|wallet| {
        wallet.kind == Kind::Browser && wallet.address.to_checksum(None) == purchase.payer
    }))
}

/// Looks at the wallet on the chain, and says what it sees.
pub(super) async fn look_at_wallet<W: GuestWorld>(cx: &Cx<W>) -> Result<(), Trouble> {
    seen_wallet(cx).await.map(drop)
}

/// The same, and what it sees; `None` without a wallet or a chain.
pub(super) async fn seen_wallet<W: GuestWorld>(cx: &Cx<W>) -> Result<Option<WalletInfo>, Trouble> {
    let Some(wallet) = session::wallet(&cx.world)? else { return Ok(None) };
    let Some(network) = cx.config.networks.first() else { return Ok(None) };
    let Some(rpc) = cx.rpc_of(network.caip2) else { return Ok(None) };
    let balance = wallets::usdc_balance(&cx.world, &rpc, network, wallet.address).await.ok();
    let deployed = wallets::is_deployed(&cx.world, &rpc, wallet.address).await.ok();
    if wallet.kind != Kind::Browser && deployed == Some(true) && !wallet.deployed {
        cx.world.atomically(|| {
            let deployed = ChosenWallet { deployed: true, ..wallet.clone() };
            session::set_wallet(&cx.world, &deployed)?;
            let now = cx.world.now();
            session::note_deployment(&cx.world, wallet.address, network.caip2, now)
        })?;
        cx.tell(&Out::WalletDeployed { address: wallet.address.to_checksum(None) });
        cx.tell(&history::message(cx)?);
    }
    let info = info(cx, &wallet, deployed, balance);
    info.iter().for_each(|info| cx.tell(&Out::WalletInfo(info.clone())));
    Ok(info)
}

/// A signature of one of our own wallets.
pub(super) async fn sign_ourselves<W: GuestWorld>(
    cx: &Cx<W>,
    wallet: &ChosenWallet,
    network: &'static Network,
    authorization: &Authorization,
) -> Result<Bytes, String> {
    if wallet.kind != Kind::Browser && wallet_owner(cx).is_err() {
        return Err("sign in first: a wallet of ours is kept for proven owners only".to_owned());
    }
    match wallet.kind {
        Kind::Browser => Err("this wallet signs elsewhere".to_owned()),
        Kind::Smart => {
            let rpc = cx.rpc_of(network.caip2).ok_or("no endpoint")?;
            let smart = smart(cx).map_err(|_| "it is not set up any more")?;
            let deployed = wallets::is_deployed(&cx.world, &rpc, wallet.address).await;
            let deployed = deployed.map_err(|error| error.to_string())?;
            let digest = digest(network, authorization);
            smart.sign(digest, deployed).ok_or_else(|| "the key cannot sign".to_owned())
        }
        Kind::Crossmint => {
            let crossmint = cx.config.crossmint.as_ref().ok_or("Crossmint is not set up")?;
            let typed_data = payer::typed_data(network, authorization);
            let locator = wallet.locator.clone().unwrap_or_default();
            let wallet = CrossmintWallet { locator, address: wallet.address };
            let signed = crossmint.sign_typed_data(&cx.world, &wallet, &typed_data).await;
            let signed = signed.map_err(|error| error.to_string())?;
            // A signature of another service is checked before it is used.
            let rpc = cx.rpc_of(network.caip2).ok_or("no endpoint")?;
            let digest = digest(network, authorization);
            let factories = &cx.config.factories;
            let hex = signed.to_string();
            let checked = browser::check(&cx.world, &rpc, factories, wallet.address, digest, &hex);
            checked.await.map_err(|error| error.to_string())
        }
    }
}

/// A signature of our contract wallet under a digest that is no payment.
pub(super) async fn sign_digest<W: GuestWorld>(
    cx: &Cx<W>,
    wallet: &ChosenWallet,
    digest: B256,
) -> Result<Bytes, String> {
    let rpc = cx.config.networks.first().and_then(|network| cx.rpc_of(network.caip2));
    let rpc = rpc.ok_or("no endpoint")?;
    let smart = smart(cx).map_err(|_| "it is not set up any more")?;
    let deployed = wallets::is_deployed(&cx.world, &rpc, wallet.address).await;
    let deployed = deployed.map_err(|error| error.to_string())?;
    smart.sign(digest, deployed).ok_or_else(|| "the key cannot sign".to_owned())
}

/// A signature that came over a socket, if it is the payer's.
pub(super) async fn check_signature<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
    hex: &str,
) -> Result<Bytes, String> {
    let not_there = || "no signature is waited for".to_owned();
    let authorization = purchase.authorization.as_ref().ok_or_else(not_there)?;
    let offer = offer_of(purchase).ok_or_else(not_there)?;
    let rpc = cx.rpc_of(&purchase.network).ok_or_else(not_there)?;
    let digest = digest(offer.network, authorization);
    let factories = &cx.config.factories;
    let signer = authorization.from;
    let checked = browser::check(&cx.world, &rpc, factories, signer, digest, hex).await;
    checked.map_err(|error| error.to_string())
}

async fn smart_wallet<W: GuestWorld>(cx: &Cx<W>) -> Result<ChosenWallet, Trouble> {
    let smart = smart(cx)?;
    let network = cx.config.networks.first();
    let rpc = network.and_then(|network| cx.rpc_of(network.caip2));
    let rpc = rpc.ok_or_else(|| Trouble::Said("no network is set up".to_owned()))?;
    let address = smart.address(&cx.world, &rpc).await.map_err(no_chain)?;
    Ok(ChosenWallet { kind: Kind::Smart, address, locator: None, deployed: false })
}

async fn crossmint_wallet<W: GuestWorld>(cx: &Cx<W>) -> Result<ChosenWallet, Trouble> {
    let crossmint = cx.config.crossmint.as_ref().ok_or_else(|| {
        Trouble::Said("Crossmint wallets are not set up here; choose another wallet".to_owned())
    })?;
    // Crossmint does not learn the user's address.
    let owner = wallets::opaque(&wallet_owner(cx)?);
    let wallet = crossmint.create_wallet(&cx.world, &owner).await;
    let wallet = wallet.map_err(|error| Trouble::Said(error.to_string()))?;
    let locator = Some(wallet.locator);
    let kind = Kind::Crossmint;
    Ok(ChosenWallet { kind, address: wallet.address, locator, deployed: false })
}

fn smart<W: GuestWorld>(cx: &Cx<W>) -> Result<SmartWallet, Trouble> {
    let owner = wallet_owner(cx)?;
    let factory = cx.config.smart_wallet_factory.ok_or_else(|| {
        Trouble::Said("smart wallets are not set up here; choose another wallet".to_owned())
    })?;
    Ok(SmartWallet::derive(&cx.config.keys, &owner, factory))
}

fn info<W: GuestWorld>(
    cx: &Cx<W>,
    wallet: &ChosenWallet,
    deployed: Option<bool>,
    balance: Option<Usdc>,
) -> Option<WalletInfo> {
    let network = *cx.config.networks.first()?;
    let (kind, address) = (wallet.kind, wallet.address);
    Some(WalletInfo { kind, address, host_address: None, network, deployed, balance })
}

/// The owner of a server-side wallet: the signed-in user, or, on the local chain only, the session.
fn wallet_owner<W: GuestWorld>(cx: &Cx<W>) -> Result<String, Trouble> {
    let user = session::owner(&cx.world)?.map(|owner| wallets::owner_of_user(&owner.user));
    let session = session::id(&cx.world)?.filter(|_| cx.config.is_local());
    let session = session.map(|session| wallets::owner_of_session(&session));
    user.or(session).ok_or_else(|| {
        Trouble::Said("sign in first: a wallet of ours is kept for proven owners only".to_owned())
    })
}

fn no_chain(error: RpcError) -> Trouble {
    Trouble::Said(format!("the wallet cannot be looked at now: {error}"))
}
