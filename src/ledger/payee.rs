//! Assigns a payment to one of the hosts with the same payout address.
//!
//! A payment names its payee and not its seller, so it is equally valid at every host with the same payout address. The
//! chain moves the money once, but two hosts could both see that and both deliver. So each payout address has an object
//! that assigns a payment to the first host that claims it, until the payment has expired.

use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::ports::storage::{Migrations, first};
use crate::ports::{PayeeClaim, Sql, SqlError};

/// The schema of a payout address's object.
pub const MIGRATIONS: Migrations = &[include_str!("payee.sql")];

/// How long a claim is stored after its payment has expired, seconds. A host must claim while the payment is valid.
const KEEP_SECONDS: i64 = 3_600;

/// Claims the payment; whether it belongs to the claiming host. A repeated claim gets the same answer.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn claim(sql: &impl Sql, claim: &PayeeClaim, now: UnixSeconds) -> Result<bool, SqlError> {
    sql.run("DELETE FROM claims WHERE keep_until < ?1", &[now.into()])?;
    let payment = claim.payment.as_str();
    let keep_until = claim.valid_before.plus(KEEP_SECONDS);
    let statement = "INSERT INTO claims (payment, holder, keep_until) VALUES (?1, ?2, ?3) \
         ON CONFLICT (payment) DO UPDATE SET holder = claims.holder RETURNING holder";
    let parameters = [payment.into(), claim.holder.as_str().into(), keep_until.into()];
    let holder = first(sql, statement, &parameters)?;
    let holder = holder.map(|mut columns| columns.parsed(ScopeId::parse)).transpose()?;
    Ok(holder.as_ref() == Some(&claim.holder))
}
