//! The payments of a session, as messages and as a file for spreadsheets.

use crate::base::csv;
use crate::guest::cx::{Cx, GuestWorld};
use crate::guest::messages::Out;
use crate::guest::purchase::model::Purchase;
use crate::guest::purchase::store;
use crate::guest::views::{DeploymentView, PaymentView, WithdrawalView};
use crate::guest::withdrawal::store as withdrawals;
use crate::guest::{held, session};
use crate::ports::SqlError;

/// Payments that are shown.
const SHOWN_MAX: u32 = 50;

const NAMES: [&str; 13] = [
    "kind",
    "at",
    "state",
    "tool",
    "door",
    "amountUsd",
    "amount",
    "network",
    "payer",
    "payTo",
    "txHash",
    "explorerUrl",
    "id",
];

/// The newest payments, and the wallets that are on the chain.
pub(super) fn message<W: GuestWorld>(cx: &Cx<W>) -> Result<Out, SqlError> {
    let (payments, deployments) = newest(cx)?;
    Ok(Out::History { payments, deployments, withdrawals: newest_withdrawals(cx)? })
}

/// The same as CSV.
pub(super) fn csv_message<W: GuestWorld>(cx: &Cx<W>) -> Result<Out, SqlError> {
    let (payments, deployments) = newest(cx)?;
    Ok(Out::Csv { text: to_csv(payments, newest_withdrawals(cx)?, deployments) })
}

fn newest<W: GuestWorld>(cx: &Cx<W>) -> Result<(Vec<PaymentView>, Vec<DeploymentView>), SqlError> {
    let newest = store::newest(&cx.world, SHOWN_MAX)?;
    Ok((titled(cx, &newest)?, session::deployments(&cx.world, &cx.config)?))
}

fn titled<W: GuestWorld>(cx: &Cx<W>, newest: &[Purchase]) -> Result<Vec<PaymentView>, SqlError> {
    let mut titles = store::titles(&cx.world, SHOWN_MAX)?;
    newest
        .iter()
        .map(|one| {
            let kept = titles.remove(one.id.as_str());
            let title = kept.map_or_else(|| held::listed_title(cx, one), |kept| Ok(Some(kept)))?;
            Ok(PaymentView::of(&cx.config, one, title))
        })
        .collect()
}

fn newest_withdrawals<W: GuestWorld>(cx: &Cx<W>) -> Result<Vec<WithdrawalView>, SqlError> {
    let newest = withdrawals::newest(&cx.world, SHOWN_MAX)?;
    Ok(newest.iter().map(|one| WithdrawalView::of(&cx.config, one)).collect())
}

/// The payments, then what was withdrawn, then the wallets that came to be on the chain.
fn to_csv(
    payments: Vec<PaymentView>,
    withdrawals: Vec<WithdrawalView>,
    deployments: Vec<DeploymentView>,
) -> String {
    let payments = payments.into_iter().map(|payment| {
        [
            "payment".to_owned(),
            payment.at,
            payment.state.as_str().to_owned(),
            payment.tool,
            payment.mcp_url,
            payment.amount_usd,
            payment.amount,
            payment.network,
            payment.payer,
            payment.pay_to,
            payment.tx_hash.unwrap_or_default(),
            payment.explorer_url.unwrap_or_default(),
            payment.id,
        ]
    });
    let withdrawals = withdrawals.into_iter().map(|withdrawal| {
        [
            "withdrawal".to_owned(),
            withdrawal.at,
            withdrawal.state.as_str().to_owned(),
            String::new(),
            String::new(),
            withdrawal.amount_usd,
            withdrawal.amount,
            withdrawal.network,
            withdrawal.from,
            withdrawal.to,
            withdrawal.tx_hash.unwrap_or_default(),
            withdrawal.explorer_url.unwrap_or_default(),
            withdrawal.id,
        ]
    });
    let deployments = deployments.into_iter().map(|deployment| {
        let mut cells = [const { String::new() }; 13];
        let [kind, at, _, _, _, _, _, network, payer, _, tx_hash, explorer_url, _] = &mut cells;
        "deployment".clone_into(kind);
        *at = deployment.at;
        *network = deployment.network;
        *payer = deployment.address;
        *tx_hash = deployment.tx_hash.unwrap_or_default();
        *explorer_url = deployment.explorer_url.unwrap_or_default();
        cells
    });
    csv::file(NAMES, payments.chain(withdrawals).chain(deployments))
}
