//! Whose a session is, and how long it lasts.
//!
//! A session belongs to the user who was signed in when it began, or has no owner, and that never changes: a token
//! that was planted in a shared browser is never that of a session with an owner. An owned session is
//! entered with its token *and* a sign-in of its owner, each socket has its own, and what moves the owner's
//! money asks the owner's object once more whether that still counts ([`crate::identity::epoch`]).

use crate::base::time::UnixSeconds;
use crate::guest::cx::{Cx, GuestWorld, HOP_MILLIS, Trouble};
use crate::guest::handshake::SignIn;
use crate::guest::purchase::store;
use crate::guest::withdrawal::store as withdrawals;
use crate::guest::{outbox, session};
use crate::host::command::SignedIn;
use crate::ports::{Level, SqlError, within};

const DAY_SECONDS: i64 = 86_400;
/// How exactly it is known when a session was used last: not every message is worth a write.
const USE_NOTED_SECONDS: i64 = 3_600;
/// How long after its end a session stays for what was paid for and is still to be heard: a socket that is let in hears
/// that, and nothing else. No signature can move money for so long.
const LAST_SECONDS: i64 = 30 * DAY_SECONDS;
/// When such a session is looked at again.
const ENDED_AGAIN_SECONDS: i64 = 3_600;

/// What a socket hears that may not speak any more.
pub(super) const SIGN_IN_AGAIN: &str =
    "your sign-in has ended, and this session needs it: sign in again, then connect again";
/// The answer to messages after the end of the session.
pub const ENDED: &str = "this session has ended (30 days without use, or 90 in all); connect without ?session= to begin a new one";

/// Why a socket is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotLetIn {
    /// There is no such session.
    NoSession,
    /// The token is not that of the session.
    WrongToken,
    /// The session was not used for too long, or is too old.
    Ended,
    /// The session has an owner, and the socket comes without a sign-in.
    SignInNeeded,
    /// It was begun by another user, or without a sign-in.
    NotYours,
    Storage(SqlError),
}

/// Where a session is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It may be used.
    Live,
    /// It has ended, and something that was paid for is still to be heard.
    Hears,
    /// It has ended, and nothing is outstanding.
    Over,
}

/// Whether a socket with the right token is let in with this sign-in or without one; and for what.
pub(super) fn lets_in<W: GuestWorld>(cx: &Cx<W>, who: Option<&SignedIn>) -> Result<Life, NotLetIn> {
    let life = life(cx)?;
    if life == Life::Over {
        return Err(NotLetIn::Ended);
    }
    match (session::owner(&cx.world)?, who) {
        (None, None) => Ok(life),
        (Some(owner), Some(who)) if owner.user == who.user => {
            session::renew(&cx.world, SignIn::of(who))?;
            Ok(life)
        }
        (Some(_), None) => Err(NotLetIn::SignInNeeded),
        (Some(_) | None, Some(_)) => Err(NotLetIn::NotYours),
    }
}

/// Why a socket with this sign-in may not say anything (any more).
pub(super) fn is_silenced<W: GuestWorld>(
    cx: &Cx<W>,
    sign_in: Option<SignIn>,
) -> Result<Option<&'static str>, SqlError> {
    let now = cx.world.now();
    if life(cx)? != Life::Live {
        return Ok(Some(ENDED));
    }
    if session::owner(&cx.world)?.is_none() {
        return Ok(None);
    }
    let signed_out_at = session::signed_out_at(&cx.world)?;
    let counts = sign_in.is_some_and(|one| one.counts(now, signed_out_at));
    Ok(if counts { None } else { Some(SIGN_IN_AGAIN) })
}

/// Goes on only if the owner is signed in at this moment; a session without an owner always goes on.
pub(super) async fn is_signed_in<W: GuestWorld>(cx: &Cx<W>) -> Result<(), Trouble> {
    let Some(owner) = session::owner(&cx.world)? else { return Ok(()) };
    let scope = cx.config.keys.scope_of(&owner.user);
    let asked = within(&cx.world, HOP_MILLIS, cx.world.signed_out_at(&scope)).await;
    let signed_out_at = asked.and_then(Result::ok).ok_or_else(|| {
        let text = "it cannot be checked now whether you are signed in; nothing was signed, try again in a moment";
        Trouble::Said(text.to_owned())
    })?;
    hear_of_sign_out(cx, signed_out_at)?;
    // A tab may have come with a newer sign-in meanwhile.
    let owner = session::owner(&cx.world)?;
    let now = cx.world.now();
    let counts = owner.is_some_and(|owner| owner.sign_in.counts(now, signed_out_at));
    if counts { Ok(()) } else { Err(Trouble::Said(SIGN_IN_AGAIN.to_owned())) }
}

/// Notes a sign-out, and closes the sockets whose sign-in is older.
pub(super) fn hear_of_sign_out<W: GuestWorld>(
    cx: &Cx<W>,
    at: Option<UnixSeconds>,
) -> Result<(), SqlError> {
    let Some(at) = at else { return Ok(()) };
    if session::signed_out_at(&cx.world)?.is_none_or(|known| known < at) {
        session::note_sign_out(&cx.world, at)?;
        cx.world.dismiss(at);
    }
    Ok(())
}

/// Notes that the session is in use.
pub(super) fn touch<W: GuestWorld>(cx: &Cx<W>) -> Result<(), SqlError> {
    let now = cx.world.now();
    let used_at = session::used_at(&cx.world)?;
    if used_at.is_some_and(|at| now.since(at) >= USE_NOTED_SECONDS) {
        session::set_used(&cx.world, now)?;
    }
    Ok(())
}

/// When the alarm looks whether the session is over.
pub(super) fn next_end<W: GuestWorld>(cx: &Cx<W>) -> Result<Option<UnixSeconds>, SqlError> {
    let soon = cx.world.now().plus(ENDED_AGAIN_SECONDS);
    let end = session::ends_at(&cx.world)?;
    Ok(end.map(|end| if end > cx.world.now() { end } else { soon }))
}

fn life<W: GuestWorld>(cx: &Cx<W>) -> Result<Life, SqlError> {
    let now = cx.world.now();
    let Some(end) = session::ends_at(&cx.world)? else { return Ok(Life::Over) };
    if now < end {
        return Ok(Life::Live);
    }
    let is_owed = store::count_open(&cx.world)? > 0
        || withdrawals::count_open(&cx.world)? > 0
        || outbox::results(&cx.world)?.0 > 0;
    Ok(if is_owed && now < end.plus(LAST_SECONDS) { Life::Hears } else { Life::Over })
}

/// Whether the session is over and nothing that was paid for is to be waited for. If so, this service has
/// forgotten its storage, and the shell erases it before anything else happens.
pub(super) fn is_over<W: GuestWorld>(cx: &Cx<W>) -> Result<bool, SqlError> {
    if !cx.migrated.get() {
        return Ok(false);
    }
    let is_over = session::ends_at(&cx.world)?.is_some() && life(cx)? == Life::Over;
    if is_over {
        let left = store::count_open(&cx.world)?;
        if left > 0 {
            let fields = [("purchases", &*left.to_string())];
            cx.world.line(Level::Error, "a session ends with open purchases", &fields);
        }
        cx.migrated.set(false);
    }
    Ok(is_over)
}

impl From<SqlError> for NotLetIn {
    fn from(error: SqlError) -> Self {
        Self::Storage(error)
    }
}
