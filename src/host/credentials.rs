//! Credentials of the host's own programs: who gets one, what it is good for, and when it is over.
//!
//! They are in the object's storage only: a credential that is revoked is refused from the next request on,
//! and a host that is rebuilt from KV gives away new ones.

pub mod store;

use serde::{Deserialize, Serialize};

use crate::base::fields::{self, InvalidField};
use crate::base::id::CredentialId;
use crate::base::rate_limit::Budget;
use crate::base::time::UnixSeconds;
use crate::host::Host;
use crate::host::caller::check;
use crate::host::command::Command;
use crate::host::views::{CreatedCredential, OwnCredentials, RevokedCredential};
use crate::http::source::Source;
use crate::identity::access::Tier;
use crate::identity::access::{Caller, Grant};
use crate::identity::{Token, TokenDigest};
use crate::ports::{SqlError, World};
use crate::rails::outcome::{Abort, Failure};
use crate::shop::limits::CALL_COST;
use crate::shop::profile::Profile;
use crate::shop::registry::Tool;

/// The most credentials of a host that are not revoked.
const CREDENTIALS_MAX: u64 = 100;
/// Revoked ones that are still listed.
const REVOKED_MAX: u32 = 100;
const NAME_CHARS_MAX: usize = 100;
/// Names in a list of tools; there are fewer tools than that.
const TOOLS_MAX: usize = 100;
/// Calls of one credential in a minute: far more than an agent makes, and few enough that a stolen one does
/// not keep the object busy.
const CALLS_PER_MINUTE: u32 = 600;
/// How long a credential that may send is good if nothing else is asked for, seconds.
const SEND_SECONDS: i64 = 90 * 24 * 60 * 60;
/// How long it may be good at most, seconds.
const SEND_SECONDS_MAX: i64 = 366 * 24 * 60 * 60;
/// How old the time of the last use may get before it is written again.
const USE_NOTED_SECONDS: i64 = 3_600;

/// A credential, without its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// One line, for its host.
    pub name: String,
    /// The first characters of the random part.
    pub hint: String,
    /// How far it may go.
    pub tier: Tier,
    /// The tools that it may call; empty stands for all.
    pub tools: Vec<String>,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// When it was used last, give or take an hour.
    pub last_used_at: Option<UnixSeconds>,
    /// From when on it is refused.
    pub expires_at: Option<UnixSeconds>,
    /// When its host has revoked it.
    pub revoked_at: Option<UnixSeconds>,
}

/// Where a credential is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "CredentialStatus"))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is good.
    Active,
    /// Its time is over.
    Expired,
    /// Its host has revoked it.
    Revoked,
}

/// What a host sends for a new one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewCredential {
    name: String,
    tier: Option<String>,
    tools: Option<Vec<String>>,
    expires_at: Option<String>,
}

impl Credential {
    /// Where it is in its life at `now`.
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
    /// A credential with these facts.
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

/// From when on a credential is refused: one that may send always has an end, the others may have one.
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

/// The tools with these names, each once and by its present name.
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

impl<W: World> Host<W> {
    /// Who a request comes from. It is asked once: the answer holds for everything in the request.
    ///
    /// A credential counts before a session, and one that is not good is refused, even for what anybody may
    /// do: whoever sends one means to be somebody.
    pub(super) fn caller(&self, command: &Command) -> Result<Caller, Failure> {
        match &command.credential {
            Some(digest) => Ok(Caller::Agent(self.grant(digest, &command.source)?)),
            None if command.is_owner() => Ok(Caller::Owner),
            None => Ok(Caller::Stranger),
        }
    }

    fn grant(&self, digest: &TokenDigest, source: &Source) -> Result<Grant, Failure> {
        if !self.migrated.get() {
            // Nobody has registered here, and nothing is stored for who asks.
            return Err(Abort::credential_refused().into());
        }
        let now = self.world.now();
        let found = store::find_by_digest(&self.world, digest)?;
        let Some(credential) = found.filter(|found| found.status(now) == Status::Active) else {
            // Trying tokens counts as knocking.
            self.memory.admit_unpaid(&self.world, source, CALL_COST)?;
            return Err(Abort::credential_refused().into());
        };
        if credential.last_used_at.is_none_or(|last| now.since(last) >= USE_NOTED_SECONDS) {
            store::note_use(&self.world, &credential.id, now)?;
        }
        Ok(credential.grant())
    }

    /// Counts a call of a program of the host's.
    pub(super) fn admit_agent(&self, caller: &Caller) -> Result<(), Failure> {
        let Caller::Agent(grant) = caller else { return Ok(()) };
        let now = self.world.now();
        let budget = Budget::per_minute(CALLS_PER_MINUTE);
        let admitted = self.agent_calls.borrow_mut().admit(grant.id.as_str(), 1, budget, now);
        admitted.map_err(|seconds| {
            let detail = format!(
                "a credential is good for {CALLS_PER_MINUTE} calls in a minute; wait {seconds} seconds"
            );
            let abort = Abort::new("rate_limited", 429, detail);
            Abort { retry_after: Some(seconds), ..abort }.into()
        })
    }

    /// All credentials, without their tokens.
    pub(super) fn own_credentials(&self) -> Result<OwnCredentials, SqlError> {
        let now = self.world.now();
        let all = store::list(&self.world)?;
        Ok(OwnCredentials { credentials: all.iter().map(|one| one.view(now)).collect() })
    }

    /// Makes a credential; its token is in this answer and nowhere else. One that may send does what the
    /// host does, for months: it takes the person (`is_fresh`: signed in a moment ago), not only a session
    /// that somebody else may have got hold of.
    pub(super) fn create_credential(
        &self,
        profile: &Profile,
        input: NewCredential,
        is_fresh: bool,
    ) -> Result<CreatedCredential, Failure> {
        let now = self.world.now();
        let token = Token::random(profile.scope.clone(), &self.world);
        let id = CredentialId::random(&self.world);
        let credential = input.into_credential(id, token.hint(), now)?;
        if credential.tier == Tier::Send && !is_fresh {
            let detail = "a \"send\" credential needs a sign-in of the last 10 minutes; sign in again and repeat, or ask for the tier \"draft\"";
            return Err(Abort::new("sign_in_again", 403, detail).into());
        }
        if store::count(&self.world)? >= CREDENTIALS_MAX {
            let detail = format!(
                "a host may have at most {CREDENTIALS_MAX} credentials; revoke one that is not needed (expired ones count too)"
            );
            return Err(Abort::new("too_many_credentials", 409, detail).into());
        }
        self.world.atomically(|| {
            store::insert(&self.world, &credential, &token.digest())?;
            store::forget_revoked(&self.world, REVOKED_MAX)
        })?;
        let view = credential.view(now);
        let message = message(credential.tier);
        let caller = Caller::Agent(credential.grant());
        let may_call = profile.products.tools().filter(|tool| check(&caller, *tool).is_ok());
        let may_call = may_call.map(Tool::name).collect();
        Ok(CreatedCredential { credential: view, token: token.expose(), may_call, message })
    }

    /// Revokes a credential: it is refused from now on. A second time it answers the same.
    pub(super) fn revoke_credential(
        &self,
        id: &CredentialId,
    ) -> Result<RevokedCredential, Failure> {
        let now = self.world.now();
        store::revoke(&self.world, id, now)?;
        let credential = store::find(&self.world, id)?.ok_or_else(|| {
            let detail = "this host has no such credential; see GET /api/users/credentials";
            Abort::new("credential_not_found", 404, detail)
        })?;
        Ok(RevokedCredential {
            credential: credential.view(now),
            message: "The credential is revoked. It is refused from now on.",
        })
    }
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
