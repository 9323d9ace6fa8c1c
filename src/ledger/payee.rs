//! What all hosts with one payout address share: which of them a payment belongs to.
//!
//! A payment names its payee and not its seller, so a payment for one host would be just as good at
//! another host with the same payout address. The chain moves its money once; without this, both
//! could find that it moved and both deliver. Each payout address has an object of its own that
//! gives a payment to the first host that asks, and to no other until the payment has run out.

use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::ports::storage::{Migrations, first};
use crate::ports::{PayeeClaim, Sql, SqlError};

/// The schema of a payout address's object.
pub const MIGRATIONS: Migrations = &[include_str!("payee.sql")];

/// How long a claim outlives its payment, seconds. A host that begins with a payment has to ask
/// while the payment is valid.
const KEEP_SECONDS: i64 = 3_600;

/// Whether the payment belongs to the host that asks. A host that asks again gets the same answer.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn claim(sql: &impl Sql, claim: &PayeeClaim, now: UnixSeconds) -> Result<bool, SqlError> {
    sql.run("DELETE FROM claims WHERE keep_until < ?1", &[now.into()])?;
    let payment = claim.payment.as_str();
    let keep_until = claim.valid_before.plus(KEEP_SECONDS);
    sql.run(
        "INSERT INTO claims (payment, holder, keep_until) VALUES (?1, ?2, ?3) \
         ON CONFLICT (payment) DO NOTHING",
        &[payment.into(), claim.holder.as_str().into(), keep_until.into()],
    )?;
    let holder = first(sql, "SELECT holder FROM claims WHERE payment = ?1", &[payment.into()])?;
    let holder = holder.map(|mut columns| columns.parsed(ScopeId::parse)).transpose()?;
    Ok(holder.as_ref() == Some(&claim.holder))
}
