//! What the vault's tools and its REST do. A value is opened in [`Host::hand_over`] and nowhere else.

use serde_json::{Value, json};

use crate::host::Host;
use crate::host::answers::{no_money, receipt};
use crate::host::paging::Page;
use crate::host::profile::Profile;
use crate::host::repeat::{Ground, MayRead};
use crate::host::views::{OwnSecrets, Retrievals};
use crate::id::{ScopeId, SecretId};
use crate::ledger::outbox;
use crate::ledger::payments::{self, Settled};
use crate::outcome::{Abort, Done, Failure, Fatal, Money};
use crate::ports::{SqlError, World};
use crate::time::UnixSeconds;
use crate::vault::input::{ListSecrets, SecretChanges, StoreSecret};
use crate::vault::seal::{Place, open, seal};
use crate::vault::store::{self, How};
use crate::vault::{Secret, Status};

/// The most secrets a host may have.
const SECRETS_MAX: u64 = 1_000;
/// The newest lines of the retrieval log that are shown.
const LOG_LINES_MAX: u32 = 500;

impl<W: World> Host<W> {
    /// Names, descriptions, prices and counts; never values.
    pub(super) fn list_secrets(&self, arguments: ListSecrets) -> Result<Value, Failure> {
        let page = Page::read(arguments.limit, arguments.cursor.as_deref())?;
        let now = self.world.now();
        let found = store::list(&self.world, Some(now), page.offset, page.wanted())?;
        Ok(page.answer("secrets", &found, |secret| secret.view(now)).into())
    }

    /// Stores a secret; from here on its value is sealed.
    pub(super) fn store_secret(
        &self,
        scope: &ScopeId,
        arguments: StoreSecret,
    ) -> Result<Value, Failure> {
        let now = self.world.now();
        let (secret, value) = arguments.into_secret(SecretId::random(&self.world), now)?;
        self.check_own_price(secret.price)?;
        if store::count(&self.world)? >= SECRETS_MAX {
            let detail = format!("a host may have at most {SECRETS_MAX} secrets");
            return Err(Abort::new("too_many_secrets", 409, detail).into());
        }
        let place = Place { scope, id: &secret.id, version: secret.version };
        let sealed = seal(&self.config.keys, place, &value, &self.world).map_err(broken)?;
        self.world.atomically(|| {
            store::insert(&self.world, &secret, Some(&sealed))?;
            self.publish_secret(scope, &secret, now)
        })?;
        Ok(json!({
            "success": true,
            "secretId": secret.id,
            "secret": secret.view(now),
            "message": format!("The secret is sealed and for sale at ${}.", secret.price),
        }))
    }

    /// Changes a secret, or replaces its value.
    pub(super) fn change_secret(
        &self,
        scope: &ScopeId,
        id: &SecretId,
        changes: SecretChanges,
    ) -> Result<Value, Failure> {
        let now = self.world.now();
        let before = self.secret(id)?;
        if before.revoked_at.is_some() {
            let detail = "this secret was withdrawn for good; store a new one";
            return Err(Abort::new("secret_revoked", 409, detail).into());
        }
        let was_expired = before.status(now) == Status::Expired;
        let price = before.price;
        let (secret, value) = changes.apply(before, now)?;
        if secret.price != price {
            self.check_own_price(secret.price)?;
        }
        if value.is_none() && was_expired {
            let detail =
                "value: is missing; that of an expired secret is destroyed, so send a new one";
            return Err(Abort::new("invalid_arguments", 422, detail).into());
        }
        let place = Place { scope, id, version: secret.version };
        let sealed = value.map(|value| seal(&self.config.keys, place, &value, &self.world));
        let sealed = sealed.transpose().map_err(broken)?;
        self.world.atomically(|| {
            store::update(&self.world, &secret, sealed.as_deref())?;
            self.publish_secret(scope, &secret, now)
        })?;
        Ok(json!(secret.view(now)))
    }

    /// Withdraws a secret: nobody can buy or read it any more, and its value is destroyed as soon as no
    /// payment for it is open.
    pub(super) fn revoke_secret(&self, scope: &ScopeId, id: &SecretId) -> Result<Value, Failure> {
        let now = self.world.now();
        let mut secret = self.secret(id)?;
        if secret.revoked_at.is_none() {
            secret.revoked_at = Some(now);
            secret.updated_at = now;
            self.world.atomically(|| {
                store::update(&self.world, &secret, None)?;
                outbox::remove(&self.world, &key_of(scope, id), now)?;
                store::destroy(&self.world, now).map(drop)
            })?;
        }
        let message = "The secret is withdrawn. Nobody can buy or read it any more.";
        Ok(json!({"success": true, "secretId": id, "message": message}))
    }

    /// All secrets, for their host.
    pub(super) fn own_secrets(&self) -> Result<OwnSecrets, SqlError> {
        let now = self.world.now();
        let limit = u32::try_from(SECRETS_MAX).unwrap_or(u32::MAX);
        let all = store::list(&self.world, None, 0, limit)?;
        Ok(OwnSecrets { secrets: all.iter().map(|secret| secret.view(now)).collect() })
    }

    /// Who has read a secret.
    pub(super) fn retrievals(&self, id: &SecretId) -> Result<Retrievals, Failure> {
        self.secret(id)?;
        Ok(Retrievals { retrievals: store::log(&self.world, id, LOG_LINES_MAX)? })
    }

    /// The secret, if it can be bought and read now.
    pub(super) fn readable(&self, id: &SecretId) -> Result<Secret, Failure> {
        let secret = self.secret(id).map_err(no_money)?;
        let gone = |code, detail: &str| {
            Err(Abort::new(code, 409, detail).with_money(Money::NotMoved).into())
        };
        match secret.status(self.world.now()) {
            Status::Active => Ok(secret),
            Status::Expired => gone("secret_expired", "this secret has expired"),
            Status::Revoked => gone("secret_revoked", "this secret was withdrawn by its host"),
        }
    }

    fn secret(&self, id: &SecretId) -> Result<Secret, Failure> {
        let missing = "secretId: this host has no such secret; see listSecrets";
        let found = store::find(&self.world, id)?;
        Ok(found.ok_or_else(|| Abort::new("secret_not_found", 404, missing))?)
    }

    /// Books a sale. The answer that is kept holds no value; who gets to see that is asked when the answer
    /// is handed over.
    pub(super) fn deliver_secret(
        &self,
        profile: &Profile,
        settled: &Settled,
    ) -> Result<Value, SqlError> {
        let now = self.world.now();
        let sql = &self.world;
        let id = sold_id(settled)?;
        let secret = store::find(sql, &id)?;
        let secret =
            secret.ok_or_else(|| SqlError("a sale of a secret that is not there".to_owned()))?;
        sql.atomically(|| {
            store::add_sale(sql, &secret, settled, now)?;
            let sold = store::find(sql, &id)?.unwrap_or(secret);
            let answer = json!({
                "secretId": id,
                "name": sold.name,
                "description": sold.description,
                "version": sold.version,
                "retrievalCount": sold.retrievals,
                "transactionHash": settled.transaction(),
            });
            payments::mark_delivered(sql, settled, &answer, now)?;
            self.publish_secret(&profile.scope, &sold, now)?;
            self.publish_revenue(profile)?;
            Ok(answer)
        })
    }

    /// Opens what was bought, for the one who has bought it, and puts it into the answer.
    pub(super) fn hand_over(
        &self,
        profile: &Profile,
        mut answer: Value,
        may: &MayRead,
    ) -> Result<Done, Failure> {
        let settled = may.settled();
        let how = match may.ground() {
            Ground::First => None,
            Ground::Copy => Some(How::Payment),
            Ground::SignedIn => Some(How::Signature),
        };
        let id = sold_id(settled)?;
        let secret = store::find(&self.world, &id)?
            .ok_or_else(|| SqlError("a sold secret is not there".to_owned()))?;
        let bought = store::bought_with(&self.world, &settled.payment().id)?;
        let value = self.value_for(profile, &secret, bought, how.is_none())?;
        if let Some(how) = how {
            let payer = &settled.payment().payer;
            store::add_reading(&self.world, &secret, payer, how, self.world.now())?;
        }
        put(&mut answer, "secret", value.into());
        Ok(Done { value: answer, receipt: Some(receipt(settled)) })
    }

    /// The value, if it is still the one that was bought. The first answer to a payment gets what there is.
    fn value_for(
        &self,
        profile: &Profile,
        secret: &Secret,
        bought: Option<u32>,
        is_first: bool,
    ) -> Result<String, Failure> {
        if !is_first {
            self.readable(&secret.id).map_err(|failure| match failure {
                Failure::Abort(abort) => abort.with_money(Money::Moved).into(),
                other @ (Failure::Unpaid(_) | Failure::Fatal(_)) => other,
            })?;
        }
        if bought != Some(secret.version) {
            let detail = "the host has replaced this secret's value since you bought it; call without a payment to buy the new one";
            return Err(Abort::new("secret_replaced", 409, detail).with_money(Money::Moved).into());
        }
        let place = Place { scope: &profile.scope, id: &secret.id, version: secret.version };
        let sealed = store::sealed(&self.world, &secret.id)?;
        let opened = sealed.ok_or_else(|| "its value is gone".to_owned()).and_then(|sealed| {
            open(&self.config.keys, place, &sealed).map_err(|error| error.to_string())
        });
        let opened = opened.map_err(|what| {
            Failure::Fatal(Fatal { what: format!("{}: {what}", secret.id), money: Money::Moved })
        })?;
        Ok(opened.expose().to_owned())
    }

    /// Destroys values whose time is over, and takes back their records.
    pub(super) fn destroy_secrets(&self, profile: &Profile) -> Result<(), SqlError> {
        let now = self.world.now();
        self.world.atomically(|| {
            for id in store::destroy(&self.world, now)? {
                outbox::remove(&self.world, &key_of(&profile.scope, &id), now)?;
            }
            Ok(())
        })
    }

    /// Queues the published record of a secret (product rule: KV key `{scope}:secrets:{secretId}`).
    pub(super) fn publish_secret(
        &self,
        scope: &ScopeId,
        secret: &Secret,
        now: UnixSeconds,
    ) -> Result<(), SqlError> {
        if secret.status(now) != Status::Active {
            return outbox::remove(&self.world, &key_of(scope, &secret.id), now);
        }
        let record = json!({
            "id": secret.id,
            "name": secret.name,
            "amount": secret.price.to_string(),
            "description": secret.description,
            "retrievalCount": secret.retrievals,
            "version": secret.version,
            "expiresAt": secret.expires_at.map(|moment| moment.to_string()),
            "createdAt": secret.created_at.to_string(),
            "sealed": store::sealed(&self.world, &secret.id)?,
        });
        outbox::put(&self.world, &key_of(scope, &secret.id), &record, now)
    }
}

fn key_of(scope: &ScopeId, id: &SecretId) -> String {
    format!("{scope}:secrets:{id}")
}

/// The secret that a payment has bought.
fn sold_id(settled: &Settled) -> Result<SecretId, SqlError> {
    SecretId::parse(settled.payment().wanted.as_deref().unwrap_or_default())
        .map_err(|error| SqlError(format!("stored id: {error}")))
}

fn put(target: &mut Value, name: &str, value: Value) {
    if let Some(members) = target.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn broken(error: impl ToString) -> Failure {
    Failure::Fatal(Fatal { what: error.to_string(), money: Money::NotAsked })
}
