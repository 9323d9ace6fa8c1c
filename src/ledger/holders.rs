//! The wallets that have bought something at this host, and the deployment's index of them in KV.
//!
//! The index has one key for each wallet, network and host: `holders:{pseudonym}:{scope}:{chain id}`. It only says which
//! hosts to ask ([`crate::tickets`]); what was bought stays in the host's storage. The key is queued in the transaction
//! that books the wallet's first purchase, so nobody is listed without having paid. It never goes away: a host whose
//! storage is lost is rebuilt when it is asked.

use alloy_primitives::Address;
use serde_json::json;

use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::identity::keys::Keys;
use crate::ledger::outbox;
use crate::ports::storage::{all, first};
use crate::ports::{Sql, SqlError, SqlValue};

/// The CAIP-2 namespace of all networks.
const NAMESPACE: &str = "eip155:";

/// The prefix of the keys of a wallet.
#[must_use]
pub fn prefix(keys: &Keys, wallet: Address) -> String {
    format!("holders:{}:", keys.holder_of(wallet))
}

/// The host and the network (CAIP-2) in a key with this prefix.
#[must_use]
pub fn parse(prefix: &str, key: &str) -> Option<(ScopeId, String)> {
    let (scope, chain_id) = key.strip_prefix(prefix)?.split_once(':')?;
    let is_number = !chain_id.is_empty() && chain_id.bytes().all(|b| b.is_ascii_digit());
    let scope = ScopeId::parse(scope).ok().filter(|_| is_number)?;
    Some((scope, format!("{NAMESPACE}{chain_id}")))
}

/// Lists a wallet that has paid here. Call it in the transaction of the delivery. Only the first purchase of a wallet on
/// a network queues a record.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn list(
    sql: &impl Sql,
    keys: &Keys,
    scope: &ScopeId,
    (payer, network): (&str, &str),
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO holders (payer, network, is_listed) VALUES (?1, ?2, 1) \
         ON CONFLICT (payer, network) DO UPDATE SET is_listed = 1 WHERE is_listed = 0 \
         RETURNING payer";
    if first(sql, statement, &[payer.into(), network.into()])?.is_none() {
        return Ok(());
    }
    let chain_id = network.strip_prefix(NAMESPACE);
    let Some((wallet, chain_id)) = payer.parse::<Address>().ok().zip(chain_id) else {
        return Ok(());
    };
    let key = format!("{}{scope}:{chain_id}", prefix(keys, wallet));
    outbox::put(sql, &key, &json!({}), now)
}

/// Notes a wallet whose seat was read back from KV. The alarm lists it.
///
/// # Errors
/// As [`list`].
pub fn note(sql: &impl Sql, payer: &str, network: &str) -> Result<(), SqlError> {
    let statement = "INSERT OR IGNORE INTO holders (payer, network) VALUES (?1, ?2)";
    sql.run(statement, &[payer.into(), network.into()]).map(drop)
}

/// Whether a wallet waits to be listed: one from before the index, or of a storage that was rebuilt or restored.
///
/// # Errors
/// As [`list`].
pub fn is_any_unlisted(sql: &impl Sql) -> Result<bool, SqlError> {
    Ok(first(sql, "SELECT 1 FROM holders WHERE is_listed = 0 LIMIT 1", &[])?.is_some())
}

/// Lists up to `limit` wallets that wait for it.
///
/// # Errors
/// As [`list`].
pub fn list_some(
    sql: &impl Sql,
    keys: &Keys,
    scope: &ScopeId,
    limit: u32,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "SELECT payer, network FROM holders WHERE is_listed = 0 LIMIT ?1";
    let unlisted =
        all(sql, statement, &[limit.into()], |columns| Ok((columns.text()?, columns.text()?)))?;
    sql.atomically(|| {
        unlisted
            .iter()
            .try_for_each(|(payer, network)| list(sql, keys, scope, (payer, network), now))
    })
}

/// The payments of a wallet that bought something, or may have, as their sort keys: newest first, then by id. Seats that
/// were read back from KV have no payment; they stand for one. Tickets that somebody else bought and gave to the wallet have
/// the ids of their seats. `network` (CAIP-2) limits them to one chain. `after`: the
/// sort key of the row before.
///
/// # Errors
/// As [`list`].
pub fn payments_of(
    sql: &impl Sql,
    (payer, network): (&str, Option<&str>),
    after: Option<(UnixSeconds, &str)>,
    limit: u32,
) -> Result<Vec<(UnixSeconds, String)>, SqlError> {
    // The time of a row never changes. A payment that the chain has dropped keeps its transaction.
    let statement = "SELECT at, id FROM (\
         SELECT created_at AS at, id FROM payments WHERE payer = ?1 AND (?2 IS NULL OR network = ?2) \
         AND (state IN ('settling', 'unknown', 'settled', 'delivered') \
         OR (state = 'failed' AND tx_hash IS NOT NULL)) \
         UNION ALL SELECT created_at, payment_id FROM rsvps WHERE payer = ?1 AND place = 1 \
         AND (?2 IS NULL OR network = ?2) \
         AND NOT EXISTS (SELECT 1 FROM payments WHERE payments.id = rsvps.payment_id) \
         UNION ALL SELECT g.given_at, g.rsvp_id FROM given_seats g JOIN rsvps r ON r.id = g.rsvp_id \
         WHERE g.holder = ?1 AND r.payer <> ?1 AND (?2 IS NULL OR r.network = ?2)) \
         WHERE ?3 IS NULL OR at < ?3 OR (at = ?3 AND id > ?4) ORDER BY at DESC, id LIMIT ?5";
    let (at, id) = after.unzip();
    let parameters: [SqlValue; 5] =
        [payer.into(), network.into(), at.into(), id.into(), limit.into()];
    all(sql, statement, &parameters, |columns| Ok((columns.moment()?, columns.text()?)))
}
