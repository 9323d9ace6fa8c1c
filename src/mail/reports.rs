//! What providers report about accepted mails, and how many of them failed.

use serde::{Deserialize, Serialize};

use crate::base::email::EmailAddress;
use crate::base::id::MailId;
use crate::base::time::UnixSeconds;
use crate::ports::mail::Kind;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError};

/// Fewer failures than this are ignored.
const FAILURES_MIN: u64 = 3;

/// A provider's report about an accepted mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// The recipient's server accepted it.
    Delivered,
    /// The recipient's server refused it.
    Bounced,
    /// The recipient reported it as spam.
    Complained,
    /// The provider did not send it.
    Failed,
}

impl Fate {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Failed => "failed",
        }
    }
}

/// Records a provider's report, once for each `webhook_id`. Reports about missing mails are ignored; this includes sent
/// codes, whose rows are deleted.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn note(
    sql: &impl Sql,
    webhook_id: &str,
    id: &MailId,
    fate: Fate,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO mail_events (webhook_id, mail_id, kind, at) \
         SELECT ?1, id, ?3, ?4 FROM mail_outbox WHERE id = ?2 AND kind <> 'code' \
         ON CONFLICT DO NOTHING";
    let parameters = [webhook_id.into(), id.as_str().into(), fate.as_str().into(), now.into()];
    sql.run(statement, &parameters)?;
    // A provider that reports about a mail has accepted it.
    let known = "UPDATE mail_outbox SET state = 'sent', reason = NULL, updated_at = ?2 \
         WHERE id = ?1 AND state = 'unknown' AND kind <> 'code'";
    sql.run(known, &[id.as_str().into(), now.into()]).map(drop)
}

/// The number of mails of a kind that the provider refused, that bounced or were reported as spam since `since`, and the
/// number of mails that it was asked to send. A binding without webhooks says nothing but its refusals. Kinds are counted apart, so that what buyers of seats cause stops no mail of the desk.
///
/// # Errors
/// As [`note`].
pub fn failures(sql: &impl Sql, kind: Kind, since: UnixSeconds) -> Result<(u64, u64), SqlError> {
    let statement = "SELECT (SELECT count(*) FROM mail_outbox m WHERE m.kind = ?2 AND \
         ((m.state = 'failed' AND m.updated_at >= ?1) OR EXISTS (SELECT 1 FROM mail_events e \
         WHERE e.mail_id = m.id AND e.at >= ?1 AND e.kind <> 'delivered'))), \
         (SELECT count(*) FROM mail_outbox WHERE state IN ('sent', 'failed') AND updated_at >= ?1 AND kind = ?2)";
    let parameters = [since.into(), kind.as_str().into()];
    let Some(mut columns) = first(sql, statement, &parameters)? else { return Ok((0, 0)) };
    Ok((columns.count()?, columns.count()?))
}

/// Whether this number of failures says that mail should stop.
#[must_use]
pub fn is_too_much(failed: u64, sent: u64, percent: u32) -> bool {
    let all = sent.max(failed);
    failed >= FAILURES_MIN && failed.saturating_mul(100) >= all.saturating_mul(u64::from(percent))
}

/// Mails of a kind that were queued since a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Mails to anybody at all.
    pub all: u64,
    pub to_recipient: u64,
    /// Whether the recipient's server has refused a mail of this host in the last 30 days, or the recipient has reported
    /// one as spam.
    pub is_unwanted: bool,
}

/// What was written since `since`, for limits.
///
/// # Errors
/// As [`note`].
pub fn written(
    sql: &impl Sql,
    kind: Kind,
    recipient: &EmailAddress,
    since: UnixSeconds,
) -> Result<Written, SqlError> {
    let statement = "SELECT \
         (SELECT count(*) FROM mail_outbox WHERE kind = ?1 AND created_at > ?2), \
         (SELECT count(*) FROM mail_outbox WHERE kind = ?1 AND to_address = ?3 AND created_at > ?2), \
         EXISTS (SELECT 1 FROM mail_outbox m JOIN mail_events e ON e.mail_id = m.id \
         WHERE m.to_address = ?3 AND e.kind IN ('bounced', 'complained'))";
    let parameters = [kind.as_str().into(), since.into(), recipient.as_str().into()];
    let found = first(sql, statement, &parameters)?;
    let mut columns = found.ok_or_else(|| SqlError("mails are not counted".to_owned()))?;
    Ok(Written {
        all: columns.count()?,
        to_recipient: columns.count()?,
        is_unwanted: columns.int()? != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_failures_say_nothing_and_many_stop_everything() {
        for (failed, sent, percent, stops) in [
            (0, 0, 10, false),
            (2, 2, 10, false),
            (3, 0, 10, true),
            (3, 30, 10, true),
            (3, 31, 10, false),
            (50, 100, 51, false),
            (51, 100, 51, true),
            (3, 3, 100, true),
        ] {
            assert_eq!(is_too_much(failed, sent, percent), stops, "{failed} of {sent}, {percent}");
        }
    }
}
