//! The open payments of a wallet, and what they keep it from.

use crate::base::id::{EventId, PaymentId};
use crate::base::time::UnixSeconds;
use crate::ledger::payments::types::{Claim, State};
use crate::ports::storage::all;
use crate::ports::{Sql, SqlError};

/// A wallet with so many open payments counts as busy: callers choose how many there are, and each is read for a call.
const OPEN_MAX: usize = 100;

/// The payments of a wallet that are claimed, being settled, of unknown outcome, or settled and not delivered.
#[derive(Debug)]
pub struct OpenPayments(Vec<Open>);

#[derive(Debug)]
struct Open {
    id: String,
    /// Number of its claim.
    number: u64,
    digest: String,
    event_id: Option<String>,
    state: State,
    next_check_at: Option<UnixSeconds>,
}

impl Open {
    /// Whether its money may have moved.
    fn may_be_paid(&self) -> bool {
        matches!(self.state, State::Settling | State::Unknown | State::Settled)
    }
}

/// The open payments of this wallet.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn open_of(sql: &impl Sql, payer: &str) -> Result<OpenPayments, SqlError> {
    let statement = format!(
        "SELECT id, claim, digest, event_id, state, next_check_at FROM payments \
         WHERE payer = ?1 AND state IN ('claimed', 'verified', 'settling', 'unknown', 'settled') \
         LIMIT {OPEN_MAX}"
    );
    all(sql, &statement, &[payer.into()], |columns| {
        Ok(Open {
            id: columns.text()?,
            number: columns.count()?,
            digest: columns.text()?,
            event_id: columns.optional_text()?,
            state: columns.parsed(State::parse)?,
            next_check_at: columns.optional_int()?.map(UnixSeconds::new),
        })
    })
    .map(OpenPayments)
}

impl OpenPayments {
    /// Whether a paid call of the wallet is being settled, apart from `except`. Earlier states do not count.
    #[must_use]
    pub fn is_busy(&self, except: Option<&PaymentId>, now: UnixSeconds) -> bool {
        let is_one = |open: &Open| {
            open.state == State::Settling
                && open.next_check_at.is_some_and(|until| until > now)
                && except.is_none_or(|except| open.id != except.as_str())
        };
        self.0.len() >= OPEN_MAX || self.0.iter().any(is_one)
    }

    /// Whether a payment for the call with this digest may have moved money.
    #[must_use]
    pub fn has_call(&self, digest: &str) -> bool {
        self.0.iter().any(|open| open.may_be_paid() && open.digest == digest)
    }

    /// Whether a payment other than `except` holds a seat at this event.
    #[must_use]
    pub fn has_seat(&self, event: &EventId, except: &PaymentId) -> bool {
        let is_one = |open: &Open| {
            open.may_be_paid()
                && open.event_id.as_deref() == Some(event.as_str())
                && open.id != except.as_str()
        };
        self.0.iter().any(is_one)
    }

    /// Whether a payment holds a seat at this event.
    #[must_use]
    pub fn holds_seat(&self, event: &EventId) -> bool {
        let is_one = |open: &Open| open.event_id.as_deref() == Some(event.as_str());
        self.0.iter().any(|open| open.may_be_paid() && is_one(open))
    }

    /// Whether this claim still waits for its settlement to be requested.
    #[must_use]
    pub fn has_claim(&self, claim: &Claim) -> bool {
        let is_it = |open: &Open| {
            matches!(open.state, State::Claimed | State::Verified)
                && open.id == claim.id.as_str()
                && open.number == u64::from(claim.number)
        };
        self.0.iter().any(is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(state: State) -> Open {
        Open {
            id: "pay_000000000000000000000001".to_owned(),
            number: 2,
            digest: "call".to_owned(),
            event_id: Some("evt_0123456789abcdef01234567".to_owned()),
            state,
            next_check_at: Some(UnixSeconds::new(100)),
        }
    }

    #[test]
    fn what_an_open_payment_keeps_its_wallet_from_depends_on_its_state() {
        let event = EventId::parse("evt_0123456789abcdef01234567").unwrap();
        let [own, other] = [1, 2].map(|n| PaymentId::parse(&format!("pay_{n:024x}")).unwrap());
        for (state, is_busy, may_be_paid, is_claimed) in [
            (State::Claimed, false, false, true),
            (State::Verified, false, false, true),
            (State::Settling, true, true, false),
            (State::Unknown, false, true, false),
            (State::Settled, false, true, false),
        ] {
            let payments = OpenPayments(vec![open(state)]);
            assert_eq!(payments.is_busy(Some(&other), UnixSeconds::new(99)), is_busy, "{state:?}");
            assert!(
                !payments.is_busy(Some(&own), UnixSeconds::new(99)),
                "it is not in its own way"
            );
            assert!(!payments.is_busy(None, UnixSeconds::new(100)), "the alarm takes it");
            assert_eq!(payments.has_call("call"), may_be_paid, "{state:?}");
            assert!(!payments.has_call("another"));
            assert_eq!(payments.has_seat(&event, &other), may_be_paid, "{state:?}");
            assert!(!payments.has_seat(&event, &own));
            let claim = |number| Claim { id: own.clone(), number };
            assert_eq!(payments.has_claim(&claim(2)), is_claimed, "{state:?}");
            assert!(!payments.has_claim(&claim(1)), "it was claimed again");
        }
    }

    #[test]
    fn a_wallet_with_too_many_open_payments_is_busy() {
        let payments = |count| OpenPayments((0..count).map(|_| open(State::Unknown)).collect());
        assert!(!payments(OPEN_MAX - 1).is_busy(None, UnixSeconds::new(0)));
        assert!(payments(OPEN_MAX).is_busy(None, UnixSeconds::new(0)));
    }
}
