//! Sales and readings of secrets in the host's SQLite: who got which version, and on what ground.

use serde::Serialize;

use crate::base::id::{PaymentId, SecretId};
use crate::base::time::UnixSeconds;
use crate::ledger::payments::Settled;
use crate::ports::paging::{Found, KeyKind, Order, Page, Query};
use crate::ports::storage::{Columns, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::products::vault::Sale;
use crate::products::vault::store::version;

/// Free readings that are kept for each secret. Sales are all kept.
const READINGS_MAX: u32 = 200;

/// Why a caller may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "ReadBy"))]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// The call was paid for.
    Paid,
    /// The caller repeated the payment of an earlier sale.
    Payment,
    /// The wallet of an earlier sale signed in.
    Signature,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Retrieval {
    /// The reader's wallet (EIP-55).
    wallet: String,
    how: String,
    /// The version that was read.
    version: u32,
    /// Dollars; nothing for reading again.
    paid: String,
    /// The transaction that paid.
    tx_hash: Option<String>,
    /// CAIP-2, for example `eip155:8453`.
    network: Option<String>,
    /// When it was read.
    at: String,
    /// Of a sale: when its buyer was first given the value; empty if the buyer has not come yet.
    handed_over_at: Option<String>,
}

/// Records a sale of one version.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses; the same for every function here. The table refuses a second sale for the same
/// payment.
pub fn add_sale(
    sql: &impl Sql,
    id: &SecretId,
    version: u32,
    settled: &Settled,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let payment = settled.payment();
    let statement = "INSERT INTO retrievals (secret_id, version, payer, how, payment_id, paid, \
         tx_hash, network, at) VALUES (?1, ?2, ?3, 'paid', ?4, ?5, ?6, ?7, ?8)";
    let parameters: [SqlValue; 8] = [
        id.as_str().into(),
        version.into(),
        payment.payer.as_str().into(),
        payment.id.as_str().into(),
        payment.amount.into(),
        settled.transaction().into(),
        payment.network.as_str().into(),
        now.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// Records when the buyer was first given the value.
///
/// # Errors
///
/// As [`add_sale`].
pub fn mark_handed_over(
    sql: &impl Sql,
    payment: &PaymentId,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "UPDATE retrievals SET handed_over_at = coalesce(handed_over_at, ?2) \
         WHERE payment_id = ?1 AND how = 'paid'";
    sql.run(statement, &[payment.as_str().into(), now.into()]).map(drop)
}

/// Records that a buyer has read a version again.
///
/// # Errors
///
/// As [`add_sale`].
pub fn add_reading(
    sql: &impl Sql,
    id: &SecretId,
    version: u32,
    payer: &str,
    how: How,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO retrievals (secret_id, version, payer, how, paid, at) \
         VALUES (?1, ?2, ?3, ?4, 0, ?5)";
    let id: SqlValue = id.as_str().into();
    let how: SqlValue = how.as_str().into();
    let parameters = [id.clone(), version.into(), payer.into(), how, now.into()];
    sql.run(statement, &parameters)?;
    let forget = "DELETE FROM retrievals WHERE secret_id = ?1 AND how <> 'paid' AND seq NOT IN \
         (SELECT seq FROM retrievals WHERE secret_id = ?1 AND how <> 'paid' \
         ORDER BY seq DESC LIMIT ?2)";
    sql.run(forget, &[id, READINGS_MAX.into()]).map(drop)
}

/// The result of a payment, if it bought a secret.
///
/// # Errors
///
/// As [`add_sale`].
pub fn sale(sql: &impl Sql, payment: &PaymentId) -> Result<Option<Sale>, SqlError> {
    let statement =
        "SELECT version, handed_over_at FROM retrievals WHERE payment_id = ?1 AND how = 'paid'";
    let found = first(sql, statement, &[payment.as_str().into()])?;
    let sale = |mut columns: Columns| {
        let version = version(&mut columns)?;
        let handed_over_at = columns.optional_int()?.map(UnixSeconds::new);
        Ok(Sale { version, handed_over_at })
    };
    found.map(sale).transpose()
}

/// The oldest payment of a wallet for a secret whose value it has not read. `network` (CAIP-2) limits the search to
/// one chain.
///
/// # Errors
///
/// As [`add_sale`].
pub fn unread_by(
    sql: &impl Sql,
    id: &SecretId,
    payer: &str,
    network: Option<&str>,
) -> Result<Option<PaymentId>, SqlError> {
    let statement = "SELECT payment_id FROM retrievals WHERE secret_id = ?1 AND how = 'paid' \
         AND payer = ?2 AND (?3 IS NULL OR network = ?3) AND handed_over_at IS NULL \
         AND payment_id IS NOT NULL ORDER BY seq LIMIT 1";
    let parameters = [id.as_str().into(), payer.into(), network.into()];
    let found = first(sql, statement, &parameters)?;
    found.map(|mut columns| columns.parsed(PaymentId::parse)).transpose()
}

/// Corrects the transaction of a sale.
///
/// # Errors
///
/// As [`add_sale`].
pub fn correct_sale(
    sql: &impl Sql,
    payment: &PaymentId,
    transaction: &str,
) -> Result<(), SqlError> {
    let statement = "UPDATE retrievals SET tx_hash = ?2 WHERE payment_id = ?1";
    sql.run(statement, &[payment.as_str().into(), transaction.into()]).map(drop)
}

/// Removes a sale whose money the chain has dropped.
///
/// # Errors
///
/// As [`add_sale`].
pub fn remove_sale(sql: &impl Sql, payment: &PaymentId) -> Result<(), SqlError> {
    let statement = "DELETE FROM retrievals WHERE payment_id = ?1 AND how = 'paid'";
    sql.run(statement, &[payment.as_str().into()]).map(drop)
}

/// Lines of the retrieval log, newest first.
pub static NEWEST_FIRST: Order = Order { list: "retrievals", keys: &[("-seq", KeyKind::Int)] };

/// A page of the retrieval log in the order [`NEWEST_FIRST`].
///
/// # Errors
///
/// As [`add_sale`].
pub fn log(sql: &impl Sql, id: &SecretId, page: &Page) -> Result<Found<Retrieval>, SqlError> {
    let query = Query {
        columns: "payer, how, version, paid, tx_hash, network, at, handed_over_at",
        table: "retrievals",
        condition: "secret_id = ?1",
        parameters: &[id.as_str().into()],
    };
    page.find(sql, query, |columns| {
        Ok(Retrieval {
            wallet: columns.text()?,
            how: columns.text()?,
            version: version(columns)?,
            paid: columns.usdc()?.to_string(),
            tx_hash: columns.optional_text()?,
            network: columns.optional_text()?,
            at: columns.moment()?.to_string(),
            handed_over_at: columns.optional_int()?.map(|at| UnixSeconds::new(at).to_string()),
        })
    })
}

impl How {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Payment => "payment",
            Self::Signature => "signature",
        }
    }
}
