//! Credentials of the host's own programs: creation, rights, expiry and revocation.
//!
//! Credentials are stored in the host's object only. A revoked one is refused from the next request on. A host that
//! is rebuilt from KV has none and creates new ones.

pub mod store;

use std::cell::RefCell;

use serde::Deserialize;

use crate::base::code::Code;
use crate::base::fields::{self, InvalidField};
use crate::base::id::CredentialId;
use crate::base::rate_limit::{Budget, RateLimiter};
use crate::base::time::UnixSeconds;
use crate::host::caller::check;
use crate::host::command::Command;
use crate::host::object::Object;
use crate::host::views::{
    CreatedCredential, CredentialView, OwnCredentials, RevokedCredential, Status,
};
use crate::http::source::Source;
use crate::identity::access::{Caller, Grant, Tier};
use crate::identity::{Token, TokenDigest};
use crate::ports::{SqlError, World};
use crate::rails::outcome::{Abort, Failure};
use crate::shop::limits::CALL_COST;
use crate::shop::memory::Memory;
use crate::shop::profile::Profile;
use crate::shop::registry::Tool;

/// The most credentials of a host, without revoked ones.
const CREDENTIALS_MAX: u64 = 100;
/// The most revoked credentials that are listed.
const REVOKED_MAX: u32 = 100;
const NAME_CHARS_MAX: usize = 100;
/// The most names in a list of tools; there are fewer tools than that.
const TOOLS_MAX: usize = 100;
/// Rate limit of one credential. It is far above what an agent needs, and low enough that a stolen credential cannot
/// keep the object busy.
const CALLS_PER_MINUTE: u32 = 600;
/// Default lifetime of a credential that may send, seconds.
const SEND_SECONDS: i64 = 90 * 24 * 60 * 60;
/// Longest lifetime of a credential that may send, seconds.
const SEND_SECONDS_MAX: i64 = 366 * 24 * 60 * 60;
/// The stored time of the last use is updated when it is older than this, seconds.
const USE_NOTED_SECONDS: i64 = 3_600;

/// A credential, without its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub id: CredentialId,
    /// A name of one line, for the host.
    pub name: String,
    /// The first characters of the token's random part.
    pub hint: String,
    pub tier: Tier,
    /// The tools that it may call; empty means all.
    pub tools: Vec<String>,
    pub created_at: UnixSeconds,
    /// The last use, accurate to an hour.
    pub last_used_at: Option<UnixSeconds>,
    pub expires_at: Option<UnixSeconds>,
    /// When the host revoked it.
    pub revoked_at: Option<UnixSeconds>,
}

/// The body of a request for a new credential.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewCredential {
    name: String,
    tier: Option<String>,
    tools: Option<Vec<String>>,
    expires_at: Option<String>,
}

impl Credential {
    /// The credential as its host sees it at `now`.
    #[must_use]
    pub fn view(&self, now: UnixSeconds) -> CredentialView {
        CredentialView {
            id: self.id.to_string(),
            name: self.name.clone(),
            tier: self.tier,
            tools: self.tools.clone(),
            hint: self.hint.clone(),
            created_at: self.created_at.to_string(),
            last_used_at: self.last_used_at.map(|moment| moment.to_string()),
            expires_at: self.expires_at.map(|moment| moment.to_string()),
            status: self.status(now),
        }
    }
}

impl Credential {
    /// Its status at `now`.
    #[must_use]
    pub fn status(&self, now: UnixSeconds) -> Status {
        if self.revoked_at.is_some() {
            Status::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            Status::Expired
        } else {
            Status::Active
        }
    }

    fn grant(self) -> Grant {
        Grant { id: self.id, tier: self.tier, tools: self.tools }
    }
}

impl NewCredential {
    /// Validates the request and builds the credential.
    ///
    /// # Errors
    /// [`InvalidField`] names the first field that cannot be accepted.
    fn into_credential(
        self,
        id: CredentialId,
        hint: String,
        now: UnixSeconds,
    ) -> Result<Credential, InvalidField> {
        let tier = self.tier.as_deref().map_or(Ok(Tier::Draft), tier)?;
        let end = self.expires_at.as_deref();
        let end = end.map(|end| fields::future("expiresAt", end, now)).transpose()?;
        Ok(Credential {
            id,
            name: fields::line("name", &self.name, 1, NAME_CHARS_MAX)?,
            hint,
            tier,
            tools: tools(&self.tools.unwrap_or_default())?,
            created_at: now,
            last_used_at: None,
            expires_at: end_of(tier, end, now)?,
            revoked_at: None,
        })
    }
}

fn tier(name: &str) -> Result<Tier, InvalidField> {
    let remedy = "must be \"read\", \"draft\" or \"send\"; left out it is \"draft\"";
    Tier::by_name(name).ok_or_else(|| fields::bad("tier", remedy))
}

/// When the credential expires. One that may send always expires; for others it is optional.
fn end_of(
    tier: Tier,
    asked: Option<UnixSeconds>,
    now: UnixSeconds,
) -> Result<Option<UnixSeconds>, InvalidField> {
    match tier {
        Tier::Read | Tier::Draft => Ok(asked),
        Tier::Send if asked.is_some_and(|end| end > now.plus(SEND_SECONDS_MAX)) => {
            let remedy = "lies too far ahead: a \"send\" credential is good for at most 366 days; name an earlier moment, or leave it out for 90 days";
            Err(fields::bad("expiresAt", remedy))
        }
        Tier::Send => Ok(asked.or(Some(now.plus(SEND_SECONDS)))),
    }
}

/// The current names of these tools, without duplicates.
fn tools(names: &[String]) -> Result<Vec<String>, InvalidField> {
    if names.len() > TOOLS_MAX {
        return Err(fields::bad("tools", format!("must be at most {TOOLS_MAX} names")));
    }
    let mut tools: Vec<String> = Vec::new();
    for name in names {
        let Some(tool) = Tool::by_name(name) else {
            let remedy = "must be names of tools as tools/list gives them; leave it out for all";
            return Err(fields::bad("tools", remedy));
        };
        if !tools.iter().any(|known| known == tool.name()) {
            tools.push(tool.name().to_owned());
        }
    }
    Ok(tools)
}

/// The caller of a request. It is determined once and holds for the whole request.
///
/// A credential takes precedence over a session. An invalid credential is refused even for public requests, because
/// its sender expects to act for the host.
pub fn caller(
    object: &Object<'_, impl World>,
    memory: &Memory,
    command: &Command,
) -> Result<Caller, Failure> {
    match &command.credential {
        Some(digest) => Ok(Caller::Agent(grant(object, memory, digest, &command.source)?)),
        None if command.is_owner() => Ok(Caller::Owner),
        None => Ok(Caller::Stranger),
    }
}

fn grant(
    object: &Object<'_, impl World>,
    memory: &Memory,
    digest: &TokenDigest,
    source: &Source,
) -> Result<Grant, Failure> {
    if !object.is_used() {
        // No host is registered here; the request must not create storage.
        return Err(Abort::credential_refused().into());
    }
    let now = object.world.now();
    let found = store::find_by_digest(object.world, digest)?;
    let Some(credential) = found.filter(|found| found.status(now) == Status::Active) else {
        // A wrong token counts against the rate limit of strangers.
        memory.admit_unpaid(object.world, source, CALL_COST)?;
        return Err(Abort::credential_refused().into());
    };
    if credential.last_used_at.is_none_or(|last| now.since(last) >= USE_NOTED_SECONDS) {
        store::note_use(object.world, &credential.id, now)?;
    }
    Ok(credential.grant())
}

/// Applies the rate limit of the caller's credential.
pub fn admit_agent(
    object: &Object<'_, impl World>,
    calls: &RefCell<RateLimiter>,
    caller: &Caller,
) -> Result<(), Failure> {
    let Caller::Agent(grant) = caller else { return Ok(()) };
    let now = object.world.now();
    let budget = Budget::per_minute(CALLS_PER_MINUTE);
    let admitted = calls.borrow_mut().admit(grant.id.as_str(), 1, budget, now);
    admitted.map_err(|seconds| {
        let detail = format!(
            "a credential is good for {CALLS_PER_MINUTE} calls in a minute; wait {seconds} seconds"
        );
        let abort = Abort::new(Code::RateLimited, detail);
        Abort { retry_after: Some(seconds), ..abort }.into()
    })
}

/// All credentials, without their tokens.
pub fn own_credentials(object: &Object<'_, impl World>) -> Result<OwnCredentials, SqlError> {
    let now = object.world.now();
    let all = store::list(object.world)?;
    Ok(OwnCredentials { credentials: all.iter().map(|one| one.view(now)).collect() })
}

/// Creates a credential. Only this response contains its token. A credential that may send can act for the host for
/// months, so it needs a recent sign-in (`is_fresh`): a stolen session is not enough.
pub fn create_credential(
    object: &Object<'_, impl World>,
    profile: &Profile,
    input: NewCredential,
    is_fresh: bool,
) -> Result<CreatedCredential, Failure> {
    let now = object.world.now();
    let token = Token::random(profile.scope.clone(), object.world);
    let id = CredentialId::random(object.world);
    let credential = input.into_credential(id, token.hint(), now)?;
    if credential.tier == Tier::Send && !is_fresh {
        let detail = "a \"send\" credential needs a sign-in of the last 10 minutes; sign in again and repeat, or ask for the tier \"draft\"";
        return Err(Abort::new(Code::SignInAgain, detail).into());
    }
    if store::count(object.world)? >= CREDENTIALS_MAX {
        let detail = format!(
            "a host may have at most {CREDENTIALS_MAX} credentials; revoke one that is not needed (expired ones count too)"
        );
        return Err(Abort::new(Code::TooManyCredentials, detail).into());
    }
    object.world.atomically(|| {
        store::insert(object.world, &credential, &token.digest())?;
        store::forget_revoked(object.world, REVOKED_MAX)
    })?;
    let view = credential.view(now);
    let message = message(credential.tier);
    let caller = Caller::Agent(credential.grant());
    let may_call = profile.products.tools().filter(|tool| check(&caller, *tool).is_ok());
    let may_call = may_call.map(Tool::name).collect();
    Ok(CreatedCredential { credential: view, token: token.expose(), may_call, message })
}

/// Revokes a credential. It is refused from now on; revoking it again has the same answer.
pub fn revoke_credential(
    object: &Object<'_, impl World>,
    id: &CredentialId,
) -> Result<RevokedCredential, Failure> {
    let now = object.world.now();
    store::revoke(object.world, id, now)?;
    let credential = store::find(object.world, id)?.ok_or_else(|| {
        let detail = "this host has no such credential; see GET /api/users/credentials";
        Abort::new(Code::CredentialNotFound, detail)
    })?;
    Ok(RevokedCredential {
        credential: credential.view(now),
        message: "The credential is revoked. It is refused from now on.",
    })
}

const fn message(tier: Tier) -> &'static str {
    match tier {
        Tier::Read => {
            "Copy the token now: it is not shown again. It only reads, on your server, without paying."
        }
        Tier::Draft => {
            "Copy the token now: it is not shown again. It reads, on your server, without paying, and may prepare what you approve; by itself it changes and sends nothing."
        }
        Tier::Send => {
            "Copy the token now: it is not shown again. It may do on your server what you may, without paying for it; it cannot change your profile, your payout wallet or credentials."
        }
    }
}
