//! The rules for outgoing mail.
//!
//! A wallet may send directly after the host has approved enough of its drafts; each rejected draft counts against
//! that. A breaker stops all mail when too much of it bounces, until the host resets it.

use serde::Serialize;

use crate::base::fields::{InvalidField, bad};
use crate::base::time::UnixSeconds;
use crate::ledger::wallets::Reputation;
use crate::mail::{Kind, reports};
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError, SqlValue};
use crate::products::desk::input::DeskChanges;
use crate::products::desk::messages;

/// The period in which failures are counted, seconds.
const WINDOW_SECONDS: i64 = 86_400;

/// A host's rules for its desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Approved drafts that a wallet needs before it may send directly.
    pub approvals_needed: u32,
    /// Percentage of mails that may bounce within a day.
    pub failure_percent: u32,
    /// Since when the breaker stops all mail.
    pub tripped_at: Option<UnixSeconds>,
    /// Failures before this time are ignored.
    reset_at: Option<UnixSeconds>,
}

/// The rules as the host sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DeskView {
    /// Approved drafts that a wallet needs before it may send directly.
    pub approvals_needed: u32,
    /// Percentage of mails that may bounce within a day.
    pub failure_percent: u32,
    /// Since when the breaker stops all mail; `null` while it does not.
    pub tripped_at: Option<String>,
    /// Mails that were sent in the last 24 hours.
    #[cfg_attr(test, ts(type = "number"))]
    pub sent: u64,
    /// Mails that the provider refused, that bounced or got a complaint.
    #[cfg_attr(test, ts(type = "number"))]
    pub failed: u64,
    /// Whether customers can answer by mail.
    pub takes_mail: bool,
    /// Mails that came in today and yesterday.
    pub mail_in: MailIn,
}

/// Mails that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MailIn {
    /// Answers that reached their ticket.
    #[cfg_attr(test, ts(type = "number"))]
    pub added: u64,
    /// Automatic answers, which are only counted.
    #[cfg_attr(test, ts(type = "number"))]
    pub automatic: u64,
    /// Mails that belong to no ticket, or are beyond a limit.
    #[cfg_attr(test, ts(type = "number"))]
    pub refused: u64,
}

/// Why a call becomes a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Held {
    /// The caller's credential may only draft.
    #[error("this credential may only draft")]
    Credential,
    /// The wallet has too few approved drafts.
    #[error(
        "this wallet has {approved} approved drafts and needs {needed} before it may act by itself"
    )]
    NotEarned { approved: u64, needed: u32 },
    /// The breaker stops all mail.
    #[error("sending is stopped because too many mails came back; the host has to look at it")]
    Breaker,
    /// Too many replies for this ticket in a short time.
    #[error("3 replies left for this ticket within 5 minutes")]
    TooMany,
}

impl Rules {
    /// Loads the host's rules, with defaults where it set none. Trips the breaker if too much mail bounced.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses; the same for every function here.
    pub fn load(sql: &impl Sql, now: UnixSeconds) -> Result<Self, SqlError> {
        let statement = "SELECT approvals_needed, failure_percent, tripped_at, reset_at FROM desk";
        let mut rules =
            Self { approvals_needed: 3, failure_percent: 10, tripped_at: None, reset_at: None };
        if let Some(mut columns) = first(sql, statement, &[])? {
            let small = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
            rules.approvals_needed =
                small(columns.optional_int()?).unwrap_or(rules.approvals_needed);
            rules.failure_percent = small(columns.optional_int()?).unwrap_or(rules.failure_percent);
            rules.tripped_at = columns.optional_int()?.map(UnixSeconds::new);
            rules.reset_at = columns.optional_int()?.map(UnixSeconds::new);
        }
        if rules.tripped_at.is_none() {
            let (failed, sent) = rules.counts(sql, now)?;
            if reports::is_too_much(failed, sent, rules.failure_percent) {
                rules.tripped_at = Some(now);
                rules.save(sql)?;
            }
        }
        Ok(rules)
    }

    /// Applies the host's changes.
    ///
    /// # Errors
    ///
    /// [`InvalidField`] names the invalid field.
    pub fn changed(self, changes: &DeskChanges) -> Result<Self, InvalidField> {
        let needed = changes.approvals_needed.unwrap_or(self.approvals_needed);
        if !(1..=1_000).contains(&needed) {
            return Err(bad("approvalsNeeded", "must be from 1 to 1000"));
        }
        let percent = changes.failure_percent.unwrap_or(self.failure_percent);
        if !(1..=100).contains(&percent) {
            return Err(bad("failurePercent", "must be from 1 to 100"));
        }
        Ok(Self { approvals_needed: needed, failure_percent: percent, ..self })
    }

    /// Resets the breaker: earlier failures are ignored from here on.
    #[must_use]
    pub fn reset(self, now: UnixSeconds) -> Self {
        Self { tripped_at: None, reset_at: Some(now), ..self }
    }

    /// Stores the rules.
    ///
    /// # Errors
    ///
    /// As [`Self::load`].
    pub fn save(self, sql: &impl Sql) -> Result<(), SqlError> {
        let statement = "INSERT INTO desk (id, approvals_needed, failure_percent, tripped_at, \
             reset_at) VALUES (1, ?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE SET \
             approvals_needed = ?1, failure_percent = ?2, tripped_at = ?3, reset_at = ?4";
        let parameters: [SqlValue; 4] = [
            self.approvals_needed.into(),
            self.failure_percent.into(),
            self.tripped_at.into(),
            self.reset_at.into(),
        ];
        sql.run(statement, &parameters).map(drop)
    }

    /// Checks whether a wallet may act directly.
    ///
    /// # Errors
    ///
    /// [`Held::NotEarned`].
    pub fn check_earned(&self, reputation: Reputation) -> Result<(), Held> {
        let approved = reputation.approvals.saturating_sub(reputation.rejections);
        if approved >= u64::from(self.approvals_needed) {
            return Ok(());
        }
        Err(Held::NotEarned { approved, needed: self.approvals_needed })
    }

    /// Checks whether mail may be sent.
    ///
    /// # Errors
    ///
    /// [`Held::Breaker`].
    pub fn check_breaker(&self) -> Result<(), Held> {
        if self.tripped_at.is_some() { Err(Held::Breaker) } else { Ok(()) }
    }

    /// The rules as the host sees them.
    ///
    /// # Errors
    ///
    /// As [`Self::load`].
    pub fn view(
        &self,
        sql: &impl Sql,
        takes_mail: bool,
        now: UnixSeconds,
    ) -> Result<DeskView, SqlError> {
        let (failed, sent) = self.counts(sql, now)?;
        let messages::Counts { added, automatic, refused } = messages::counts(sql, now)?;
        Ok(DeskView {
            approvals_needed: self.approvals_needed,
            failure_percent: self.failure_percent,
            tripped_at: self.tripped_at.map(|moment| moment.to_string()),
            sent,
            failed,
            takes_mail,
            mail_in: MailIn { added, automatic, refused },
        })
    }

    fn counts(&self, sql: &impl Sql, now: UnixSeconds) -> Result<(u64, u64), SqlError> {
        let day = now.plus(-WINDOW_SECONDS);
        let since = self.reset_at.map_or(day, |reset| reset.max(day));
        reports::failures(sql, Kind::Ticket, since)
    }
}
