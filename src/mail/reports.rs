//! What providers report about accepted mails, and how many of them failed.

use serde::{Deserialize, Serialize};

use crate::base::id::MailId;
use crate::base::time::UnixSeconds;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError};

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

/// The number of mails since `since` that bounced, failed at the provider or were reported as spam, and the number of
/// sent mails. Codes are not counted.
///
/// # Errors
/// As [`note`].
pub fn failures(sql: &impl Sql, since: UnixSeconds) -> Result<(u64, u64), SqlError> {
    let statement = "SELECT (SELECT count(DISTINCT mail_id) FROM mail_events \
         WHERE at >= ?1 AND kind <> 'delivered'), \
         (SELECT count(*) FROM mail_outbox WHERE state = 'sent' AND updated_at >= ?1)";
    let Some(mut columns) = first(sql, statement, &[since.into()])? else { return Ok((0, 0)) };
    Ok((columns.count()?, columns.count()?))
}
