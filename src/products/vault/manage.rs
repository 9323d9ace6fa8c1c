//! A host's work on its secrets, over MCP and REST: list, store, replace, withdraw, and the retrieval log.

use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::id::{ScopeId, SecretId};
use crate::base::time::UnixSeconds;
use crate::ledger::outbox;
use crate::ports::paging::{Found, Page};
use crate::ports::{SqlError, World};
use crate::products::vault::input::{ListSecrets, SecretChanges, StoreSecret};
use crate::products::vault::seal::{Place, seal};
use crate::products::vault::views::{OwnSecrets, Retrievals};
use crate::products::vault::{Secret, Status, Waiting, retrievals, store};
use crate::rails::outcome::{Abort, Failure, Fatal, Money};
use crate::sale::cx::Cx;

/// Secrets of one host.
const SECRETS_MAX: u64 = 1_000;
/// Lines on one page of the retrieval log.
const LOG_LINES_MAX: u32 = 500;

/// Names, descriptions, prices and counts; never values.
pub fn list_secrets(cx: &Cx<'_, impl World>, arguments: ListSecrets) -> Result<Value, Failure> {
    let now = cx.world.now();
    let cursor = arguments.cursor.as_deref();
    let page = Page::read(&store::BY_AGE, arguments.limit, cursor, now)?;
    let found = store::list(cx.world, Some(now), &page)?;
    Ok(found.map(|secret| secret.view(now)).answer("secrets").into())
}

/// Stores a secret. Its value is sealed from here on.
pub fn store_secret(cx: &Cx<'_, impl World>, arguments: StoreSecret) -> Result<Value, Failure> {
    let now = cx.world.now();
    let (secret, value) = arguments.into_secret(SecretId::random(cx.world), now)?;
    cx.check_own_price(secret.price)?;
    if store::count(cx.world)? >= SECRETS_MAX {
        let detail = format!("a host may have at most {SECRETS_MAX} secrets");
        return Err(Abort::new(Code::TooManySecrets, detail).into());
    }
    let place = Place { scope: cx.scope, id: &secret.id, version: secret.version };
    let sealed = seal(&cx.config.keys, place, &value, cx.world).map_err(fatal)?;
    cx.world.atomically(|| {
        store::insert(cx.world, &secret, Some(&sealed))?;
        publish_secret(cx, &secret, now)
    })?;
    Ok(json!({
        "success": true,
        "secretId": secret.id,
        "secret": secret.view(now),
        "message": format!("The secret is sealed and for sale at ${}.", secret.price),
    }))
}

/// Changes a secret, or replaces its value.
pub fn change_secret(
    cx: &Cx<'_, impl World>,
    id: &SecretId,
    changes: SecretChanges,
) -> Result<Value, Failure> {
    let now = cx.world.now();
    let before = secret(cx, id)?;
    if before.revoked_at.is_some() {
        let detail = "this secret was withdrawn for good; store a new one";
        return Err(Abort::new(Code::SecretRevoked, detail).into());
    }
    let was_expired = before.status(now) == Status::Expired;
    let (price, old_version) = (before.price, before.version);
    let (secret, value) = changes.apply(before, now)?;
    if secret.price != price {
        cx.check_own_price(secret.price)?;
    }
    if value.is_none() && was_expired {
        let detail = "value: is missing; that of an expired secret is destroyed, so send a new one";
        return Err(Abort::new(Code::InvalidArguments, detail).into());
    }
    let place = Place { scope: cx.scope, id, version: secret.version };
    let sealed = value.map(|value| seal(&cx.config.keys, place, &value, cx.world));
    let sealed = sealed.transpose().map_err(fatal)?;
    let waiting = cx.world.atomically(|| {
        let waiting = match &sealed {
            Some(sealed) => {
                store::replace(cx.world, &secret, sealed, now)?;
                Some(store::waiting(cx.world, id, Some(old_version), now)?)
            }
            None => {
                store::update(cx.world, &secret, None)?;
                None
            }
        };
        publish_secret(cx, &secret, now)?;
        Ok::<_, SqlError>(waiting)
    })?;
    let mut answer = json!(secret.view(now));
    if let Some(waiting) = waiting {
        tell(&mut answer, "The value is replaced. Nobody can buy the old one any more.", waiting);
    }
    Ok(answer)
}

/// Withdraws a secret: it can no longer be bought, and its value is destroyed as soon as no buyer waits for it.
pub fn revoke_secret(cx: &Cx<'_, impl World>, id: &SecretId) -> Result<Value, Failure> {
    let now = cx.world.now();
    let mut secret = secret(cx, id)?;
    if secret.revoked_at.is_none() {
        secret.revoked_at = Some(now);
        secret.updated_at = now;
        cx.world.atomically(|| {
            store::update(cx.world, &secret, None)?;
            outbox::remove(cx.world, &key_of(cx.scope, id), now)?;
            store::retire(cx.world, now).map(drop)
        })?;
    }
    let waiting = store::waiting(cx.world, id, None, now)?;
    let mut answer = json!({"success": true, "secretId": id});
    tell(&mut answer, "The secret is withdrawn. Nobody can buy it any more.", waiting);
    Ok(answer)
}

/// All secrets of the host.
pub fn own_secrets(cx: &Cx<'_, impl World>) -> Result<OwnSecrets, Failure> {
    let now = cx.world.now();
    let limit = u32::try_from(SECRETS_MAX).unwrap_or(u32::MAX);
    let all = Page::of(&store::BY_AGE, limit, None, now)?;
    let all = store::list(cx.world, None, &all)?;
    Ok(OwnSecrets { secrets: all.map(|secret| secret.view(now)).entries })
}

/// A page of the retrieval log.
pub fn retrievals(
    cx: &Cx<'_, impl World>,
    id: &SecretId,
    cursor: Option<&str>,
) -> Result<Retrievals, Failure> {
    secret(cx, id)?;
    let page = Page::of(&retrievals::NEWEST_FIRST, LOG_LINES_MAX, cursor, cx.world.now())?;
    let Found { entries: retrievals, next_cursor } = retrievals::log(cx.world, id, &page)?;
    Ok(Retrievals { retrievals, next_cursor })
}

pub fn secret(cx: &Cx<'_, impl World>, id: &SecretId) -> Result<Secret, Failure> {
    let missing = "secretId: this host has no such secret; see listSecrets";
    let found = store::find(cx.world, id)?;
    Ok(found.ok_or_else(|| Abort::new(Code::SecretNotFound, missing))?)
}

/// Takes expired values off sale, updates their records, and destroys the values that no buyer waits for.
pub fn destroy_secrets(cx: &Cx<'_, impl World>) -> Result<(), SqlError> {
    let now = cx.world.now();
    if !UnixSeconds::has_come(store::next_end(cx.world)?, now) {
        return Ok(());
    }
    cx.world.atomically(|| {
        for id in store::retire(cx.world, now)? {
            outbox::remove(cx.world, &key_of(cx.scope, &id), now)?;
        }
        store::destroy(cx.world, now)
    })
}

/// Queues the published record of a secret under the KV key `{scope}:secrets:{secretId}` (docs/storage.md).
pub fn publish_secret(
    cx: &Cx<'_, impl World>,
    secret: &Secret,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    if secret.status(now) != Status::Active {
        return outbox::remove(cx.world, &key_of(cx.scope, &secret.id), now);
    }
    let record = secret_record(cx, secret)?;
    outbox::put(cx.world, &key_of(cx.scope, &secret.id), &record, now)
}

/// The same at low priority: it waits while the record is written often.
pub fn publish_secret_soon(
    cx: &Cx<'_, impl World>,
    secret: &Secret,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    // A secret that is not on sale has no record, or a record that is about to be removed.
    if secret.status(now) != Status::Active {
        return Ok(());
    }
    let record = secret_record(cx, secret)?.to_string();
    outbox::put_soon(cx.world, &key_of(cx.scope, &secret.id), &record, now)
}

fn secret_record(cx: &Cx<'_, impl World>, secret: &Secret) -> Result<Value, SqlError> {
    Ok(json!({
        "id": secret.id,
        "name": secret.name,
        "amount": secret.price.to_string(),
        "description": secret.description,
        "retrievalCount": secret.retrievals,
        "version": secret.version,
        "expiresAt": secret.expires_at.map(|moment| moment.to_string()),
        "createdAt": secret.created_at.to_string(),
        "sealed": store::sealed(cx.world, &secret.id)?,
    }))
}

fn key_of(scope: &ScopeId, id: &SecretId) -> String {
    format!("{scope}:secrets:{id}")
}

/// Lists who still has a right to a value that is off sale.
fn tell(answer: &mut Value, what: &str, waiting: Waiting) {
    put(answer, "message", format!("{what}{waiting}").into());
    put(answer, "openPayments", waiting.open.into());
    put(answer, "unreadSales", waiting.unread.into());
    if let Some(until) = waiting.readable_until {
        put(answer, "readableUntil", until.to_string().into());
    }
}

pub(super) fn put(target: &mut Value, name: &str, value: Value) {
    if let Some(members) = target.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn fatal(error: impl ToString) -> Failure {
    Failure::Fatal(Fatal { what: error.to_string(), money: Money::NotAsked })
}
