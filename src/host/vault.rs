//! What the vault's tools and its REST do. A value is opened in [`Host::hand_over`] and nowhere else.

use serde_json::{Value, json};

use crate::base::id::{PaymentId, ScopeId, SecretId};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::host::Host;
use crate::host::answers::{no_money, receipt, with_money};
use crate::host::profile::Profile;
use crate::host::repeat::{Ground, MayRead};
use crate::host::views::{OwnSecrets, Retrievals};
use crate::ledger::outbox;
use crate::ledger::payments::{self, Payment, Settled};
use crate::ports::paging::{Found, Page};
use crate::ports::{SqlError, World};
use crate::products::vault::input::{ListSecrets, SecretChanges, StoreSecret};
use crate::products::vault::seal::{Place, open, seal};
use crate::products::vault::store::{self, How};
use crate::products::vault::{Sale, Secret, Status, Waiting};
use crate::rails::outcome::{Abort, Done, Failure, Fatal, Money};

/// The most secrets a host may have.
const SECRETS_MAX: u64 = 1_000;
/// Lines on one page of the retrieval log.
const LOG_LINES_MAX: u32 = 500;

impl<W: World> Host<W> {
    /// Names, descriptions, prices and counts; never values.
    pub(super) fn list_secrets(&self, arguments: ListSecrets) -> Result<Value, Failure> {
        let now = self.world.now();
        let cursor = arguments.cursor.as_deref();
        let page = Page::read(&store::BY_AGE, arguments.limit, cursor, now)?;
        let found = store::list(&self.world, Some(now), &page)?;
        Ok(found.map(|secret| secret.view(now)).answer("secrets").into())
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
        let (price, old_version) = (before.price, before.version);
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
        let waiting = self.world.atomically(|| {
            let waiting = match &sealed {
                Some(sealed) => {
                    store::replace(&self.world, &secret, sealed, now)?;
                    Some(store::waiting(&self.world, id, Some(old_version), now)?)
                }
                None => {
                    store::update(&self.world, &secret, None)?;
                    None
                }
            };
            self.publish_secret(scope, &secret, now)?;
            Ok::<_, SqlError>(waiting)
        })?;
        let mut answer = json!(secret.view(now));
        if let Some(waiting) = waiting {
            tell(
                &mut answer,
                "The value is replaced. Nobody can buy the old one any more.",
                waiting,
            );
        }
        Ok(answer)
    }

    /// Withdraws a secret: nobody can buy it any more, and its value is destroyed as soon as no buyer waits for
    /// it.
    pub(super) fn revoke_secret(&self, scope: &ScopeId, id: &SecretId) -> Result<Value, Failure> {
        let now = self.world.now();
        let mut secret = self.secret(id)?;
        if secret.revoked_at.is_none() {
            secret.revoked_at = Some(now);
            secret.updated_at = now;
            self.world.atomically(|| {
                store::update(&self.world, &secret, None)?;
                outbox::remove(&self.world, &key_of(scope, id), now)?;
                store::retire(&self.world, now).map(drop)
            })?;
        }
        let waiting = store::waiting(&self.world, id, None, now)?;
        let mut answer = json!({"success": true, "secretId": id});
        tell(&mut answer, "The secret is withdrawn. Nobody can buy it any more.", waiting);
        Ok(answer)
    }

    /// All secrets, for their host.
    pub(super) fn own_secrets(&self) -> Result<OwnSecrets, Failure> {
        let now = self.world.now();
        let limit = u32::try_from(SECRETS_MAX).unwrap_or(u32::MAX);
        let all = Page::of(&store::BY_AGE, limit, None, now)?;
        let all = store::list(&self.world, None, &all)?;
        Ok(OwnSecrets { secrets: all.map(|secret| secret.view(now)).entries })
    }

    /// Who has read a secret.
    pub(super) fn retrievals(
        &self,
        id: &SecretId,
        cursor: Option<&str>,
    ) -> Result<Retrievals, Failure> {
        self.secret(id)?;
        let page = Page::of(&store::NEWEST_FIRST, LOG_LINES_MAX, cursor, self.world.now())?;
        let Found { entries: retrievals, next_cursor } = store::log(&self.world, id, &page)?;
        Ok(Retrievals { retrievals, next_cursor })
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

    /// What a payment for a secret is bound to when it is reserved: the version that is on sale.
    ///
    /// # Errors
    /// `price_changed` if it costs something else by now.
    pub(super) fn stage_secret(&self, id: &SecretId, amount: Usdc) -> Result<Value, Failure> {
        let secret = self.readable(id)?;
        if secret.price != amount {
            let detail = format!("the price has changed to ${}; sign again", secret.price);
            return Err(Abort::new("price_changed", 409, detail)
                .with_money(Money::NotMoved)
                .into());
        }
        Ok(json!({"version": secret.version}))
    }

    /// Whether the version that a payment was reserved for is still on sale.
    pub(super) fn check_still_sold(&self, id: &SecretId, payment: &Payment) -> Result<(), Failure> {
        let version = self.readable(id)?.version;
        if staged_version(payment).is_none_or(|staged| staged == version) {
            return Ok(());
        }
        let detail = "the host has replaced this secret's value";
        Err(Abort::new("secret_replaced", 409, detail).with_money(Money::NotMoved).into())
    }

    /// Books a sale of the version that was on sale when its payment was reserved. The answer that is kept
    /// holds no value; who gets to see that is asked when the answer is handed over.
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
        let version = staged_version(settled.payment()).unwrap_or(secret.version);
        sql.atomically(|| {
            store::add_sale(sql, &id, version, settled, now)?;
            let sold = store::find(sql, &id)?.unwrap_or(secret);
            let answer = json!({
                "secretId": id,
                "name": sold.name,
                "description": sold.description,
                "version": version,
                "retrievalCount": sold.retrievals,
                "transactionHash": settled.transaction(),
            });
            payments::mark_delivered(sql, settled, &answer, now)?;
            self.publish_secret_soon(&profile.scope, &sold, now)?;
            self.publish_revenue(profile)?;
            Ok(answer)
        })
    }

    /// Opens what was bought, for the one who has bought it, and puts it into the answer. That it was handed
    /// over is noted once; whether the answer arrives nobody knows, so it can be repeated for a while.
    pub(super) fn hand_over(
        &self,
        profile: &Profile,
        mut answer: Value,
        may: &MayRead,
    ) -> Result<Done, Failure> {
        let settled = may.settled();
        let payment = settled.payment();
        let id = sold_id(settled)?;
        let sale = store::sale(&self.world, &payment.id)?
            .ok_or_else(|| SqlError("a sale of a secret is not noted".to_owned()))?;
        self.check_right(&id, sale)?;
        let value = self.value_of(profile, &id, sale.version, Money::Moved)?;
        let now = self.world.now();
        match (sale.handed_over_at, may.ground()) {
            (None, Ground::First | Ground::Copy | Ground::SignedIn) => {
                store::mark_handed_over(&self.world, &payment.id, now)?;
            }
            (Some(_), Ground::First) => {}
            (Some(_), Ground::Copy) => {
                store::add_reading(
                    &self.world,
                    &id,
                    sale.version,
                    &payment.payer,
                    How::Payment,
                    now,
                )?;
            }
            (Some(_), Ground::SignedIn) => {
                let how = How::Signature;
                store::add_reading(&self.world, &id, sale.version, &payment.payer, how, now)?;
            }
        }
        put(&mut answer, "secret", value.into());
        Ok(Done { value: answer, receipt: Some(receipt(settled)) })
    }

    /// Whether a buyer may read: while what was bought is on sale, and afterwards until it was handed over, and
    /// a day longer.
    fn check_right(&self, id: &SecretId, sale: Sale) -> Result<(), Failure> {
        if sale.is_kept(self.world.now()) {
            return Ok(());
        }
        let secret = self.readable(id).map_err(|failure| with_money(failure, Money::Moved))?;
        if sale.version != secret.version {
            let detail = "the host has replaced this secret's value since you bought it; call without a payment to buy the new one";
            return Err(Abort::new("secret_replaced", 409, detail).with_money(Money::Moved).into());
        }
        Ok(())
    }

    /// Refuses to sell a value that does not open: it is damaged, or was sealed with a master key that is not set any more.
    pub(super) fn check_opens(&self, profile: &Profile, secret: &Secret) -> Result<(), Failure> {
        self.value_of(profile, &secret.id, secret.version, Money::NotMoved).map(drop)
    }

    /// Opens one version. `money`: what became of it, should that fail.
    fn value_of(
        &self,
        profile: &Profile,
        id: &SecretId,
        version: u32,
        money: Money,
    ) -> Result<String, Failure> {
        let place = Place { scope: &profile.scope, id, version };
        let sealed = store::sealed_version(&self.world, id, version)?;
        let opened = sealed.ok_or_else(|| "its value is gone".to_owned()).and_then(|sealed| {
            open(&self.config.keys, place, &sealed).map_err(|error| error.to_string())
        });
        let opened = opened
            .map_err(|what| Failure::Fatal(Fatal { what: format!("{id}: {what}"), money }))?;
        Ok(opened.expose().to_owned())
    }

    /// Whether a wallet that has made this payment for a secret has what is on sale, or has not read yet what it
    /// bought: another payment would buy nothing that it needs.
    pub(super) fn has_secret(&self, id: &SecretId, payment: &PaymentId) -> Result<bool, Failure> {
        match store::sale(&self.world, payment)? {
            Some(Sale { version, handed_over_at: Some(_) }) => {
                Ok(self.readable(id)?.version == version)
            }
            Some(Sale { handed_over_at: None, .. }) | None => Ok(true),
        }
    }

    /// Takes values off sale whose time is over, with their records, and destroys those that no buyer waits for.
    pub(super) fn destroy_secrets(&self, profile: &Profile) -> Result<(), SqlError> {
        let now = self.world.now();
        self.world.atomically(|| {
            for id in store::retire(&self.world, now)? {
                outbox::remove(&self.world, &key_of(&profile.scope, &id), now)?;
            }
            store::destroy(&self.world, now)
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
        let record = self.secret_record(secret)?;
        outbox::put(&self.world, &key_of(scope, &secret.id), &record, now)
    }

    /// The same, and the record may wait for others.
    pub(super) fn publish_secret_soon(
        &self,
        scope: &ScopeId,
        secret: &Secret,
        now: UnixSeconds,
    ) -> Result<(), SqlError> {
        // What is not on sale has no record, or one that is about to go.
        if secret.status(now) != Status::Active {
            return Ok(());
        }
        let record = self.secret_record(secret)?.to_string();
        outbox::put_soon(&self.world, &key_of(scope, &secret.id), &record, now)
    }

    fn secret_record(&self, secret: &Secret) -> Result<Value, SqlError> {
        Ok(json!({
            "id": secret.id,
            "name": secret.name,
            "amount": secret.price.to_string(),
            "description": secret.description,
            "retrievalCount": secret.retrievals,
            "version": secret.version,
            "expiresAt": secret.expires_at.map(|moment| moment.to_string()),
            "createdAt": secret.created_at.to_string(),
            "sealed": store::sealed(&self.world, &secret.id)?,
        }))
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

/// The version that the payment was reserved for.
fn staged_version(payment: &Payment) -> Option<u32> {
    let version = payment.staged.as_ref()?.get("version")?.as_u64()?;
    u32::try_from(version).ok()
}

/// Says who still has a right to a value that is not on sale any more.
fn tell(answer: &mut Value, what: &str, waiting: Waiting) {
    put(answer, "message", format!("{what}{waiting}").into());
    put(answer, "openPayments", waiting.open.into());
    put(answer, "unreadSales", waiting.unread.into());
    if let Some(until) = waiting.readable_until {
        put(answer, "readableUntil", until.to_string().into());
    }
}

fn put(target: &mut Value, name: &str, value: Value) {
    if let Some(members) = target.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn broken(error: impl ToString) -> Failure {
    Failure::Fatal(Fatal { what: error.to_string(), money: Money::NotAsked })
}
