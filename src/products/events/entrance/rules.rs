//! The rules of the entrance, without storage: when something happened, who may come in, who was first.

use alloy_primitives::hex;
use sha2::{Digest, Sha256};

use crate::base::id::{CheckInId, TicketCode};
use crate::base::time::UnixSeconds;

/// How long a check-in may be taken back, seconds.
pub const UNDO_SECONDS_MAX: i64 = 600;
/// How late a device may tell what it did without a connection, seconds. What is older counts as that old.
pub const LATE_SECONDS_MAX: i64 = 2 * 86_400;
/// Digits of a mark; 128 bits.
const MARK_DIGITS: usize = 32;

/// The mark of a ticket code: the start of its SHA-256. A code has 96 random bits, so a mark does not lead back to it.
#[must_use]
pub fn mark(code: &TicketCode) -> String {
    let mut hash = hex::encode(Sha256::digest(code.as_str()));
    hash.truncate(MARK_DIGITS);
    hash
}

/// When something happened, by our clock: a device whose clock is wrong says so itself, because it also says what
/// its clock shows while it sends. Never in the future, and at most [`LATE_SECONDS_MAX`] ago.
#[must_use]
pub fn on_our_clock(at: UnixSeconds, sent_at: UnixSeconds, now: UnixSeconds) -> UnixSeconds {
    let ago = sent_at.since(at).clamp(0, LATE_SECONDS_MAX);
    now.plus(ago.saturating_neg())
}

/// What a row of the entrance says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A guest was let in.
    In,
    /// Somebody was let in whose ticket was not valid (any more).
    Bad,
    /// Another row was taken back.
    Undo(CheckInId),
}

/// A row of the entrance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub id: CheckInId,
    pub kind: Kind,
    /// When it happened, by our clock.
    pub at: UnixSeconds,
    /// When we heard of it.
    pub received_at: UnixSeconds,
    /// The name of the device.
    pub device: String,
}

/// The check-ins of one ticket that were not taken back, in no order.
#[must_use]
pub fn let_in(moves: &[Move]) -> Vec<&Move> {
    let is_undone = |id: &CheckInId| {
        moves.iter().any(|other| matches!(&other.kind, Kind::Undo(undone) if undone == id))
    };
    let mut live = Vec::new();
    for it in moves {
        match it.kind {
            Kind::In if !is_undone(&it.id) => live.push(it),
            Kind::In | Kind::Bad | Kind::Undo(_) => {}
        }
    }
    live
}

/// The check-in that counts, of those that were not taken back: the earliest. Each other one let somebody in on a used
/// ticket. The order in which they became known changes nothing, unless the time is the same.
#[must_use]
pub fn first_of<'a>(live: &[&'a Move]) -> Option<&'a Move> {
    let order = |it: &Move| (it.at, it.received_at);
    live.iter().copied().reduce(|first, it| {
        if (order(it), &it.id) < (order(first), &first.id) { it } else { first }
    })
}

/// What a device asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Whether the guest may come in. Nobody has come in yet.
    MayEnter,
    /// To note that somebody has come in while there was no connection.
    HasEntered,
}

/// The state of a ticket that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticket {
    Valid,
    /// Valid, and somebody has come in on it.
    Used,
    /// Not a ticket of this event, not any more, or the code of a ticket that has another one now.
    NotValid,
}

/// Why somebody may not come in, or should not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    AlreadyIn,
    NotValid,
    EventCancelled,
}

/// What is written, and what the device is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    LetIn,
    Refuse(Refusal),
    /// Somebody has come in who should not have. It is written, so that the host sees it.
    Regret(Refusal),
}

/// Decides about a check-in.
#[must_use]
pub const fn decide(ticket: Ticket, is_cancelled: bool, asked: Asked) -> Decision {
    let refusal = match (ticket, is_cancelled) {
        (Ticket::NotValid, _) => Refusal::NotValid,
        (Ticket::Valid | Ticket::Used, true) => Refusal::EventCancelled,
        (Ticket::Used, false) => Refusal::AlreadyIn,
        (Ticket::Valid, false) => return Decision::LetIn,
    };
    match asked {
        Asked::MayEnter => Decision::Refuse(refusal),
        Asked::HasEntered => Decision::Regret(refusal),
    }
}

/// Whether a check-in may still be taken back.
#[must_use]
pub const fn may_undo(check_in: UnixSeconds, undo: UnixSeconds) -> bool {
    undo.since(check_in) <= UNDO_SECONDS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> CheckInId {
        CheckInId::parse(&format!("chk_{n:024x}")).unwrap()
    }

    fn moved(n: u8, kind: Kind, at: i64) -> Move {
        let (at, received_at) = (UnixSeconds::new(at), UnixSeconds::new(1_000 + i64::from(n)));
        Move { id: id(n), kind, at, received_at, device: format!("phone {n}") }
    }

    /// Who counts, and how many more came in.
    fn standing(moves: &[Move]) -> (Option<CheckInId>, usize) {
        let live = let_in(moves);
        (first_of(&live).map(|it| it.id.clone()), live.len().saturating_sub(1))
    }

    #[test]
    fn the_earlier_check_in_counts_whichever_is_heard_of_first() {
        let mut moves = vec![moved(1, Kind::In, 200), moved(2, Kind::In, 100)];
        assert_eq!(standing(&moves), (Some(id(2)), 1));
        moves.reverse();
        assert_eq!(standing(&moves), (Some(id(2)), 1));
        // At the same second the one that was heard of first counts.
        let same = [moved(3, Kind::In, 100), moved(2, Kind::In, 100)];
        assert_eq!(standing(&same), (Some(id(2)), 1));
    }

    #[test]
    fn what_is_taken_back_counts_no_more_and_the_next_one_does() {
        let all = [
            moved(1, Kind::In, 100),
            moved(2, Kind::In, 200),
            moved(3, Kind::Undo(id(1)), 110),
            moved(4, Kind::Bad, 50),
        ];
        assert_eq!(standing(&all), (Some(id(2)), 0));
        let undone = [moved(1, Kind::In, 100), moved(3, Kind::Undo(id(1)), 110)];
        assert_eq!(standing(&undone), (None, 0));
    }

    #[test]
    fn a_wrong_clock_moves_nothing_and_no_clock_moves_it_far() {
        let now = UnixSeconds::new(1_000_000);
        let happened = |at: i64, sent: i64| {
            on_our_clock(UnixSeconds::new(at), UnixSeconds::new(sent), now).get()
        };
        assert_eq!(happened(999_400, 1_000_000), 999_400);
        // A clock that is a year ahead, and one at the beginning of time.
        assert_eq!(happened(32_535_400, 32_536_000), 999_400);
        assert_eq!(happened(0, 600), 999_400);
        // What has happened "after" it was sent, and what is years old.
        assert_eq!(happened(2_000_000, 1_000_000), 1_000_000);
        assert_eq!(happened(i64::MIN, i64::MAX), 1_000_000 - LATE_SECONDS_MAX);
    }

    #[test]
    fn who_is_asked_about_is_refused_and_who_has_come_in_is_noted() {
        use {Asked::*, Decision::*};
        for (ticket, is_cancelled, refusal) in [
            (Ticket::Valid, false, None),
            (Ticket::Used, false, Some(Refusal::AlreadyIn)),
            (Ticket::Valid, true, Some(Refusal::EventCancelled)),
            (Ticket::Used, true, Some(Refusal::EventCancelled)),
            (Ticket::NotValid, false, Some(Refusal::NotValid)),
            (Ticket::NotValid, true, Some(Refusal::NotValid)),
        ] {
            let expected = |no: fn(Refusal) -> Decision| refusal.map_or(LetIn, no);
            assert_eq!(decide(ticket, is_cancelled, MayEnter), expected(Refuse), "{ticket:?}");
            assert_eq!(decide(ticket, is_cancelled, HasEntered), expected(Regret), "{ticket:?}");
        }
    }

    #[test]
    fn a_check_in_is_taken_back_within_minutes() {
        let at = UnixSeconds::new(1_000);
        assert!(may_undo(at, at) && may_undo(at, at.plus(UNDO_SECONDS_MAX)));
        assert!(!may_undo(at, at.plus(UNDO_SECONDS_MAX + 1)));
    }

    #[test]
    fn a_mark_is_the_start_of_the_codes_sha_256() {
        let text = "0123456789abcdef0123456789abcdef-0123456789abcdef01234567";
        // printf %s "$TEXT" | sha256sum | cut -c-32
        let mark = mark(&TicketCode::parse(text).unwrap());
        assert_eq!(mark, "f5bf09569ea9f30b2fba7557cc9d213a");
    }
}
