//! Commands before sign-in, with or without a registered host: codes by mail, used nonces, the last sign-out, and
//! rate limits.

use serde_json::json;

use crate::base::code::Code;
use crate::base::email::EmailAddress;
use crate::base::http::Reply;
use crate::base::id::ScopeId;
use crate::base::rate_limit::{Budget, RateLimiter};
use crate::base::time::UnixSeconds;
use crate::host::command::{Action, Asked, Command, SIGNED_IN_AT};
use crate::host::object::Object;
use crate::identity::codes::{self, Asker, CodeRefused};
use crate::identity::epoch;
use crate::mail::{Kind, NewMail, outbox, reports};
use crate::ports::storage::first;
use crate::ports::{SqlError, World};
use crate::rails::outcome::{Abort, Failure, Fatal, Money};
use crate::shop::proof;
use std::cell::RefCell;

/// Codes that one network address may request per minute.
const CODES_A_MINUTE: u32 = 10;
/// Codes that one network address may try per minute.
const TRIES_A_MINUTE: u32 = 30;

impl From<CodeRefused> for Abort {
    fn from(refused: CodeRefused) -> Self {
        Self::new(Code::CodeRefused, refused.to_string())
    }
}

/// Executes a command that needs no host; `None` for other commands.
pub(super) fn before_sign_in(
    object: &Object<'_, impl World>,
    sign_ins: &RefCell<RateLimiter>,
    command: &Command,
) -> Option<Result<Reply, Failure>> {
    Some(match &command.action {
        Action::UseNonce { nonce, expires_at } => use_nonce(object, nonce, *expires_at),
        Action::EndSessions(signed_in_at) => end_sessions(object, *signed_in_at),
        Action::SignedOutAt => signed_out_at(object).map_err(Failure::from).map(|at| {
            let seconds = at.map(UnixSeconds::get);
            Reply::json(200, json!(seconds).to_string())
        }),
        Action::AdmitSource(asked) => admit_source(object, sign_ins, *asked),
        Action::SendCode { address, asker } => send_code(object, &command.scope, address, asker),
        Action::CheckCode { address, code, asker } => check_code(object, address, code, asker),
        Action::MailEvent { webhook_id, mail_id, fate } => {
            // An object without storage has sent no mail.
            let note =
                || reports::note(object.world, webhook_id, mail_id, *fate, object.world.now());
            let noted = if object.is_used() { note() } else { Ok(()) };
            noted.map(|()| Reply::empty(204)).map_err(Failure::from)
        }
        Action::MailIn
        | Action::Resealed
        | Action::BoughtBy(_)
        | Action::AtHost(_)
        | Action::Own(_) => return None,
    })
}

/// Records the nonce of a sign-in. A second use is refused.
fn use_nonce(
    object: &Object<'_, impl World>,
    nonce: &str,
    expires_at: UnixSeconds,
) -> Result<Reply, Failure> {
    object.create_storage()?;
    proof::use_nonce(object.world, nonce, expires_at, object.world.now())?;
    Ok(signed_in(object)?)
}

/// The answer after a proof of identity: when the new session begins.
pub(super) fn signed_in(object: &Object<'_, impl World>) -> Result<Reply, SqlError> {
    let now = object.world.now();
    let at = if object.is_used() { epoch::next_start(object.world, now)? } else { now };
    Ok(Reply::empty(204).with_header(SIGNED_IN_AT, at.get().to_string()))
}

fn end_sessions(
    object: &Object<'_, impl World>,
    signed_in_at: UnixSeconds,
) -> Result<Reply, Failure> {
    object.create_storage()?;
    epoch::end(object.world, signed_in_at, object.world.now())?;
    Ok(Reply::empty(204))
}

fn signed_out_at(object: &Object<'_, impl World>) -> Result<Option<UnixSeconds>, SqlError> {
    if object.is_used() { epoch::signed_out_at(object.world) } else { Ok(None) }
}

/// Removes the user from the command if their session was ended by signing out.
///
/// # Errors
/// [`Failure`] for what only they may ask.
pub(super) fn without_the_signed_out(
    object: &Object<'_, impl World>,
    command: Command,
) -> Result<Command, Failure> {
    let own = command.user.as_ref().filter(|_| command.is_owner());
    let Some(user) = own else { return Ok(command) };
    if epoch::counts(user.signed_in_at, signed_out_at(object)?) {
        return Ok(command);
    }
    if matches!(command.action, Action::Own(_)) && command.credential.is_none() {
        let detail = "this session was ended by signing out; sign in again";
        return Err(Abort::new(Code::NotSignedIn, detail).into());
    }
    Ok(Command { user: None, ..command })
}

/// In-memory rate limit. Eviction resets it, which is safe because only idle objects are evicted.
fn admit_source(
    object: &Object<'_, impl World>,
    sign_ins: &RefCell<RateLimiter>,
    asked: Asked,
) -> Result<Reply, Failure> {
    let (key, max) = match asked {
        Asked::ForCode => ("codes", CODES_A_MINUTE),
        Asked::ForSession => ("tries", TRIES_A_MINUTE),
    };
    let now = object.world.now();
    let admitted = sign_ins.borrow_mut().admit(key, 1, Budget::per_minute(max), now);
    admitted.map(|()| Reply::empty(204)).map_err(|seconds| {
        let detail = format!("too many sign-ins from your network address; wait {seconds} s");
        let abort = Abort::new(Code::RateLimited, detail);
        Abort { retry_after: Some(seconds), ..abort }.into()
    })
}

/// Queues a mail with a new code, unless the requester had too many. The gateway has answered already, so the caller
/// learns nothing about the address.
fn send_code(
    object: &Object<'_, impl World>,
    scope: &ScopeId,
    address: &EmailAddress,
    asker: &Asker,
) -> Result<Reply, Failure> {
    if object.world.delivery().is_none() {
        let detail = "this deployment sends no mail; sign in with a wallet";
        return Err(Abort::new(Code::MailUnavailable, detail).into());
    }
    object.create_storage()?;
    let now = object.world.now();
    let fatal = |what: &str| Fatal { what: what.to_owned(), money: Money::NotAsked };
    let code = codes::Code::random(object.world);
    let code = code.ok_or_else(|| Failure::Fatal(fatal("the random bytes are not random")))?;
    let mail = mail(scope, address, &code, object.config.public_authority());
    let mail = mail.map_err(|error| Failure::Fatal(fatal(&error.to_string())))?;
    object.world.atomically(|| {
        codes::forget(object.world, now)?;
        if !codes::may_have(object.world, asker, now)? {
            return Ok::<(), SqlError>(());
        }
        codes::make(object.world, &object.config.keys, address, &code, asker, now)?;
        outbox::queue(object.world, &mail, now).map(drop)
    })?;
    Ok(Reply::empty(204))
}

fn check_code(
    object: &Object<'_, impl World>,
    address: &EmailAddress,
    code: &str,
    asker: &Asker,
) -> Result<Reply, Failure> {
    let code = codes::Code::parse(code).map_err(|error| {
        Failure::from(Abort::new(Code::InvalidArguments, format!("code: {error}")))
    })?;
    let now = object.world.now();
    // A guess at an address that was never sent a code must not create storage.
    let check = || codes::check(object.world, &object.config.keys, address, &code, asker, now);
    let is_good = object.is_used() && object.world.atomically(check)?;
    if is_good {
        return Ok(signed_in(object)?);
    }
    Err(Abort::from(CodeRefused).into())
}

/// Whether an unregistered object has nothing left to store. If so, the storage is marked as closed, and the Durable
/// Object must erase it at once. This keeps requests for arbitrary addresses from filling the disk.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub(super) fn is_over(object: &Object<'_, impl World>) -> Result<bool, SqlError> {
    if !object.is_used() || object.profile()?.is_some() {
        return Ok(false);
    }
    let statement = "SELECT 1 WHERE EXISTS (SELECT 1 FROM sign_in_codes) \
         OR EXISTS (SELECT 1 FROM sign_in_times) OR EXISTS (SELECT 1 FROM signed_out) OR EXISTS (SELECT 1 FROM mail_outbox) \
         OR EXISTS (SELECT 1 FROM used_nonces WHERE expires_at >= ?1) \
         OR EXISTS (SELECT 1 FROM payments) OR EXISTS (SELECT 1 FROM ledger) \
         OR EXISTS (SELECT 1 FROM outbox) OR EXISTS (SELECT 1 FROM restoring) \
         OR EXISTS (SELECT 1 FROM backups)";
    let is_over = first(object.world, statement, &[object.world.now().into()])?.is_none();
    if is_over {
        object.close();
    }
    Ok(is_over)
}

fn mail(
    scope: &ScopeId,
    address: &EmailAddress,
    code: &codes::Code,
    site: &str,
) -> Result<NewMail, crate::mail::MailFault> {
    let text = format!(
        "{}\n\nThis is your code for signing in at {site}. It is good for 10 minutes, once.\n\n\
         If you did not ask for it, somebody else has typed your address, and you need not do anything. \
         Never tell the code to anybody.\n",
        code.as_str()
    );
    let subject = "Your code for signing in at Events Concierge";
    NewMail::new(Kind::Code, scope.clone(), address.clone(), subject, &text, None)
}
