//! Whose a session is, and how long it lasts.
//!
//! A session belongs to whoever had signed in when it began, or to nobody, and that never changes: a token
//! that somebody planted in a shared browser is never that of a session with an owner. An owned session is
//! entered with its token *and* a sign-in of its owner, each socket has its own, and what moves the owner's
//! money asks the owner's object once more whether that still counts ([`crate::identity::epoch`]).

use crate::base::time::UnixSeconds;
use crate::guest::budget::HOP_MILLIS;
use crate::guest::knock::SignIn;
use crate::guest::purchases::open;
use crate::guest::{Guest, GuestWorld, NotLetIn, Trouble, kept, store};
use crate::host::command::SignedIn;
use crate::identity::epoch;
use crate::ports::{Level, SqlError, within};

const DAY_SECONDS: i64 = 86_400;
/// A session that nobody has used for so long ends.
pub const IDLE_SECONDS: i64 = 30 * DAY_SECONDS;
/// So long after it began it ends in any case.
pub const LIFE_SECONDS: i64 = 90 * DAY_SECONDS;
/// How exactly it is known when a session was used last: not every message is worth a write.
const USE_NOTED_SECONDS: i64 = 3_600;
/// How long after its end a session stays for what was paid for and is still to be heard: whoever may enter it hears
/// that, and nothing else. No signature can move money for so long.
pub const LAST_SECONDS: i64 = 30 * DAY_SECONDS;
/// When such a session is looked at again.
const ENDED_AGAIN_SECONDS: i64 = 3_600;

/// What a socket hears that may not speak any more.
pub(super) const SIGN_IN_AGAIN: &str =
    "your sign-in has ended, and this session needs it: sign in again, then connect again";
/// What somebody hears who uses a session after its end.
pub const ENDED: &str = "this session has ended (30 days without use, or 90 in all); connect without ?session= to begin a new one";

/// Where a session is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It may be used.
    Live,
    /// It has ended, and something that was paid for is still to be heard.
    Hears,
    /// It is over.
    Over,
}

impl<W: GuestWorld> Guest<W> {
    /// Whether whoever has the token may come in, as whoever has signed in or not; and for what.
    pub(super) fn lets_in(&self, who: Option<&SignedIn>) -> Result<Life, NotLetIn> {
        let life = self.life()?;
        if life == Life::Over {
            return Err(NotLetIn::Ended);
        }
        match (store::owner(&self.world)?, who) {
            (None, None) => Ok(life),
            (Some(owner), Some(who)) if owner.user == who.user => {
                store::renew(&self.world, SignIn::of(who))?;
                Ok(life)
            }
            (Some(_), None) => Err(NotLetIn::SignInNeeded),
            (Some(_) | None, Some(_)) => Err(NotLetIn::NotYours),
        }
    }

    /// Why a socket with this sign-in may not say anything (any more).
    pub(super) fn is_silenced(
        &self,
        sign_in: Option<SignIn>,
    ) -> Result<Option<&'static str>, SqlError> {
        let now = self.world.now();
        if self.life()? != Life::Live {
            return Ok(Some(ENDED));
        }
        if store::owner(&self.world)?.is_none() {
            return Ok(None);
        }
        let signed_out_at = store::signed_out_at(&self.world)?;
        let counts = sign_in.is_some_and(|one| one.counts(now, signed_out_at));
        Ok(if counts { None } else { Some(SIGN_IN_AGAIN) })
    }

    /// Goes on only if the owner is signed in at this very moment; a session of nobody has none to ask.
    pub(super) async fn owner_is_signed_in(&self) -> Result<(), Trouble> {
        let Some(owner) = store::owner(&self.world)? else { return Ok(()) };
        let scope = self.config.keys.scope_of(&owner.user);
        let asked = within(&self.world, HOP_MILLIS, self.world.signed_out_at(&scope)).await;
        let signed_out_at = asked.and_then(Result::ok).ok_or_else(|| {
            let text = "it cannot be checked now whether you are signed in; nothing was signed, try again in a moment";
            Trouble::Said(text.to_owned())
        })?;
        self.hear_of_sign_out(signed_out_at)?;
        // A tab may have come with a newer sign-in meanwhile.
        let owner = store::owner(&self.world)?;
        let now = self.world.now();
        let counts = owner.is_some_and(|owner| owner.sign_in.counts(now, signed_out_at));
        if counts { Ok(()) } else { Err(Trouble::Said(SIGN_IN_AGAIN.to_owned())) }
    }

    /// Sends away whoever came with a sign-in of before.
    pub(super) fn hear_of_sign_out(&self, at: Option<UnixSeconds>) -> Result<(), SqlError> {
        let Some(at) = at else { return Ok(()) };
        if store::signed_out_at(&self.world)?.is_none_or(|known| known < at) {
            store::note_sign_out(&self.world, at)?;
            self.world.dismiss(at);
        }
        Ok(())
    }

    /// Notes that the session is in use.
    pub(super) fn touch(&self) -> Result<(), SqlError> {
        let now = self.world.now();
        let used_at = store::used_at(&self.world)?;
        if used_at.is_some_and(|at| now.since(at) >= USE_NOTED_SECONDS) {
            store::set_used(&self.world, now)?;
        }
        Ok(())
    }

    /// When the alarm looks whether the session is over.
    pub(super) fn next_end(&self) -> Result<Option<UnixSeconds>, SqlError> {
        let soon = self.world.now().plus(ENDED_AGAIN_SECONDS);
        let end = store::ends_at(&self.world)?;
        Ok(end.map(|end| if end > self.world.now() { end } else { soon }))
    }

    fn life(&self) -> Result<Life, SqlError> {
        let now = self.world.now();
        let Some(end) = store::ends_at(&self.world)? else { return Ok(Life::Over) };
        if now < end {
            return Ok(Life::Live);
        }
        let is_owed = open::count(&self.world)? > 0 || kept::results(&self.world)?.0 > 0;
        Ok(if is_owed && now < end.plus(LAST_SECONDS) { Life::Hears } else { Life::Over })
    }

    /// Whether the session is over and nothing that was paid for is to be waited for. If so, this service has
    /// forgotten its storage, and the shell erases it before anything else happens.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn is_over(&self) -> Result<bool, SqlError> {
        if !self.migrated.get() {
            return Ok(false);
        }
        let is_over = store::ends_at(&self.world)?.is_some() && self.life()? == Life::Over;
        if is_over {
            let left = open::count(&self.world)?;
            if left > 0 {
                let fields = [("purchases", &*left.to_string())];
                self.world.line(Level::Error, "a session ends with open purchases", &fields);
            }
            self.migrated.set(false);
        }
        Ok(is_over)
    }
}

impl SignIn {
    /// Of whoever knocks.
    #[must_use]
    pub fn of(who: &SignedIn) -> Self {
        Self { at: who.signed_in_at, until: who.expires_at }
    }

    /// Whether it counts now, given when its user signed out last.
    #[must_use]
    pub fn counts(self, now: UnixSeconds, signed_out_at: Option<UnixSeconds>) -> bool {
        now < self.until && epoch::counts(self.at, signed_out_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_counts_until_it_ends_or_its_user_signs_out() {
        let at = UnixSeconds::new(1_000);
        let sign_in = SignIn { at, until: at.plus(DAY_SECONDS) };
        assert!(sign_in.counts(at, None));
        assert!(sign_in.counts(at.plus(DAY_SECONDS - 1), None));
        assert!(!sign_in.counts(at.plus(DAY_SECONDS), None));
        assert!(sign_in.counts(at.plus(5), Some(at.plus(-1))));
        assert!(!sign_in.counts(at.plus(5), Some(at)));
        assert!(!sign_in.counts(at.plus(5), Some(at.plus(5))));
    }
}
