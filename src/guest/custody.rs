//! The wallets that the deployment keeps for a session, for its owner: what they hold and what may leave them.

use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::messages::Out;
use crate::guest::session::ChosenWallet;
use crate::guest::views::{BalanceView, CustodyView, KeptWalletView, Proof};
use crate::guest::withdrawal::store;
use crate::guest::{budget, session};
use crate::wallets::budget::{Ask, Told};
use crate::wallets::usdc_balance;
use crate::wallets::withdrawal::{FRESH_SECONDS, PER_DAY, PER_WITHDRAWAL};

/// Says what is kept, as the chain shows it now.
pub(super) async fn show<W: GuestWorld>(cx: &Cx<W>) -> Result<(), Trouble> {
    let mut wallets = Vec::new();
    // One after the other: few have more than one, and side by side would cost much code.
    for wallet in store::kept_wallets(&cx.world)? {
        wallets.push(view(cx, &wallet).await?);
    }
    let is_owned = session::owner(&cx.world)?.is_some();
    cx.tell(&Out::Custody(CustodyView {
        wallets,
        proof: if is_owned { Proof::SignIn } else { Proof::SessionToken },
        fresh_seconds: FRESH_SECONDS,
        per_withdrawal: PER_WITHDRAWAL.to_string(),
        per_day: PER_DAY.to_string(),
    }));
    Ok(())
}

async fn view<W: GuestWorld>(cx: &Cx<W>, wallet: &ChosenWallet) -> Result<KeptWalletView, Trouble> {
    let mut balances = Vec::new();
    for network in &cx.config.networks {
        let balance = match cx.rpc_of(network.caip2) {
            Some(rpc) => usdc_balance(&cx.world, &rpc, network, wallet.address).await.ok(),
            None => None,
        };
        let balance = balance.map(|balance| balance.to_string());
        balances.push(BalanceView { network: network.caip2.to_owned(), balance });
    }
    let address = wallet.address.to_checksum(None);
    let budget = budget::own_budget(cx)?.unwrap_or_else(|| address.clone());
    let ask = Ask::LookAtWithdrawals { wallet: wallet.address };
    let left_today = match budget::ask_budget(cx, &budget, &ask).await {
        Some(Told::WithdrawalsLeft(left)) => Some(left.to_string()),
        Some(
            Told::View { .. }
            | Told::Invalid(_)
            | Told::Granted(_)
            | Told::Refused(_)
            | Told::TooMany
            | Told::Released
            | Told::WithdrawalCounted
            | Told::OverPerDay(_),
        )
        | None => None,
    };
    Ok(KeptWalletView { kind: wallet.kind, address, balances, left_today })
}
