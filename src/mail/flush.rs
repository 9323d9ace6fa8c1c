//! Sends the mails that are due.

use futures_util::future::join_all;

use crate::base::id::MailId;
use crate::base::time::UnixSeconds;
use crate::mail::outbox::{self, Due};
use crate::ports::{Clock, Delivery, Level, Log, Mail, MailError, Sent, Sql, SqlError};

/// Mails sent in one alarm. Each takes one of its 50 subrequests.
pub const BATCH: u32 = 4;
/// Mails sent concurrently. A Worker has six concurrent connections.
const LANES: usize = 2;
/// When a mail whose row fails is tried again, seconds.
const TROUBLE_SECONDS: i64 = 3_600;
/// Attempts until a mail is given up.
const ATTEMPTS_MAX: u32 = 8;
/// Seconds until the next attempt, by the number of attempts so far.
const AGAIN_SECONDS: [i64; 7] = [10, 30, 90, 300, 900, 1_800, 3_600];

/// The next state of a mail after an answer.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Sent(String),
    Failed(String),
    Unknown(String),
    /// Retry after these seconds; the provider did not accept the mail.
    Again(i64, String),
    /// Retry after these seconds with the same key; the provider may have accepted the mail.
    AgainUnclear(i64, String),
}

/// Sends the due mails, or leaves them queued if the deployment cannot send mail.
///
/// # Errors
/// [`SqlError`] if SQLite refuses. A failing mail is only postponed or given up.
pub async fn flush(
    world: &(impl Sql + Mail + Clock + Log),
    now: UnixSeconds,
) -> Result<(), SqlError> {
    if !outbox::is_any_open(world)? {
        return Ok(());
    }
    let Some(delivery) = world.delivery() else { return outbox::wait(world, now) };
    outbox::end_overdue(world, Some(delivery), now)?;
    let due = outbox::due(world, now, BATCH)?;
    // Concurrently, so that one missing answer does not delay the other mails.
    let lane = |lane: usize| {
        let mails = due.iter().skip(lane).step_by(LANES);
        async move {
            let mut went = Ok(());
            for id in mails {
                went = went.and(look_after(world, delivery, id).await);
            }
            went
        }
    };
    let sent = join_all((0..LANES).map(lane)).await;
    sent.into_iter().collect()
}

/// Sends one mail. A mail whose row fails is postponed and does not block others.
async fn look_after(
    world: &(impl Sql + Mail + Clock + Log),
    delivery: Delivery,
    id: &MailId,
) -> Result<(), SqlError> {
    let error = match outbox::find_queued(world, id) {
        Ok(Some(due)) => match send(world, delivery, &due).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        },
        Ok(None) => return Ok(()),
        Err(error) => error,
    };
    let fields = [("mail", id.as_str()), ("why", &error.0)];
    world.line(Level::Error, "a mail cannot be looked after", &fields);
    outbox::put_off(world, id, world.now().plus(TROUBLE_SECONDS))
}

async fn send(
    world: &(impl Sql + Mail + Clock + Log),
    delivery: Delivery,
    due: &Due,
) -> Result<(), SqlError> {
    let id = &due.message.id;
    // Before the request, because the mail may have left when this instance ends before the answer: a row that was still
    // `queued` would be sent a second time. `end_overdue` and `take_over` decide about a row that stays `sending`.
    if !outbox::mark_sending(world, id, world.now())? {
        return Ok(());
    }
    let answer = world.send_mail(&due.message).await;
    let now = world.now();
    let (what, why) = match follow(answer, delivery, due.attempts.saturating_add(1)) {
        Step::Sent(provider_id) => {
            world.line(Level::Info, "a mail was sent", &[("mail", id.as_str())]);
            return outbox::mark_sent(world, id, &provider_id, now);
        }
        Step::Failed(why) => {
            outbox::mark_failed(world, id, &why, now)?;
            ("a mail could not be sent", why)
        }
        Step::Unknown(why) => {
            outbox::mark_unknown(world, id, &why, now)?;
            ("it is not known whether a mail was sent", why)
        }
        Step::Again(seconds, why) => {
            outbox::mark_queued(world, id, &why, false, now.plus(seconds), now)?;
            ("a mail is sent again later", why)
        }
        Step::AgainUnclear(seconds, why) => {
            outbox::mark_queued(world, id, &why, true, now.plus(seconds), now)?;
            ("a mail is sent again under its key", why)
        }
    };
    world.line(Level::Warn, what, &[("mail", id.as_str()), ("why", &why)]);
    Ok(())
}

/// The next state of a mail after this number of attempts.
fn follow(answer: Result<Sent, MailError>, delivery: Delivery, attempts: u32) -> Step {
    let seconds = usize::try_from(attempts.saturating_sub(1))
        .ok()
        .and_then(|tried| AGAIN_SECONDS.get(tried).copied())
        .filter(|_| attempts < ATTEMPTS_MAX);
    match (answer, delivery) {
        (Ok(sent), _) => Step::Sent(sent.provider_id),
        (Err(MailError::Refused(why)), _) => Step::Failed(why),
        (Err(MailError::Later(why)), _) => match seconds {
            Some(seconds) => Step::Again(seconds, why),
            None => Step::Failed(format!("given up after {attempts} tries: {why}")),
        },
        (Err(MailError::Unavailable(why)), Delivery::ExactlyOnce) => match seconds {
            Some(seconds) => Step::AgainUnclear(seconds, why),
            None => {
                Step::Failed(format!("given up after {attempts} tries, may have arrived: {why}"))
            }
        },
        (Err(MailError::Unavailable(why)), Delivery::AtMostOnce) => {
            Step::Unknown(format!("it may have arrived: {why}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_arrive_twice_is_sent_again() {
        let refused = || Err(MailError::Refused("no".to_owned()));
        let later = || Err(MailError::Later("busy".to_owned()));
        let lost = || Err(MailError::Unavailable("no answer".to_owned()));
        for delivery in [Delivery::ExactlyOnce, Delivery::AtMostOnce] {
            assert_eq!(follow(refused(), delivery, 1), Step::Failed("no".to_owned()));
            assert_eq!(follow(later(), delivery, 1), Step::Again(10, "busy".to_owned()));
            assert_eq!(follow(later(), delivery, 7), Step::Again(3_600, "busy".to_owned()));
            assert!(matches!(follow(later(), delivery, 8), Step::Failed(_)));
        }
        let again = Step::AgainUnclear(30, "no answer".to_owned());
        assert_eq!(follow(lost(), Delivery::ExactlyOnce, 2), again);
        assert!(matches!(follow(lost(), Delivery::ExactlyOnce, 8), Step::Failed(_)));
        assert!(matches!(follow(lost(), Delivery::AtMostOnce, 1), Step::Unknown(_)));
    }
}
