//! A moved deployment: the object's storage is empty, but its records are published in KV. The host
//! is rebuilt from them, all or nothing.
//!
//! What KV does not hold is made anew or left out: ticket codes (guests get new ones at the host's
//! list), names, e-mail addresses, stored answers, who has bought which secret, credentials. Old payments stay used up on the chain.

use alloy_primitives::Address;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::events::Event;
use crate::events::input::GuestDetails;
use crate::events::rsvp::Rsvp;
use crate::events::store;
use crate::host::Host;
use crate::host::profile::Profile;
use crate::id::{EventId, PaymentId, RsvpId, ScopeId, SecretId, TicketCode};
use crate::identity::UserId;
use crate::ledger::payments;
use crate::mcp::catalog::Doors;
use crate::money::Usdc;
use crate::outcome::{Failure, Fatal, Money};
use crate::ports::{Kv, KvError, Level, SqlError, World, within};
use crate::time::{UnixSeconds, ZoneName};
use crate::vault::{Secret, store as secrets};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProfileRecord {
    user_id: String,
    wallet_address: String,
    created_at: String,
    updated_at: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventRecord {
    id: String,
    title: String,
    description: String,
    starts_at: String,
    ends_at: Option<String>,
    time_zone: String,
    location: Option<String>,
    capacity: u32,
    price_atomic: Usdc,
    status: String,
    created_at: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RsvpRecord {
    event_id: String,
    wallet_address: String,
    paid_atomic: Usdc,
    tx_hash: String,
    timestamp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecretRecord {
    id: String,
    name: String,
    amount: String,
    description: String,
    retrieval_count: u32,
    version: u32,
    expires_at: Option<String>,
    created_at: String,
    sealed: Option<String>,
}

/// Everything that is published of a host.
struct Published {
    profile: Profile,
    events: Vec<Event>,
    secrets: Vec<(Secret, Option<String>)>,
    rsvps: Vec<RsvpRecord>,
    revenue: Usdc,
}

/// How long KV may take for one answer, milliseconds.
const READ_MILLIS: u32 = 5_000;
const NO_ANSWER: &str = "KV does not answer in time";

impl<W: World> Host<W> {
    /// The host's record: from storage, or, if that is empty, rebuilt from KV.
    pub(super) async fn profile_or_rebuilt(
        &self,
        scope: &ScopeId,
    ) -> Result<Option<Profile>, Failure> {
        if let Some(profile) = self.profile()? {
            return Ok(Some(profile));
        }
        let published = self.read_published(scope).await.map_err(|what| {
            Failure::Fatal(Fatal { what: format!("rebuilding: {what}"), money: Money::NotAsked })
        })?;
        let Some(published) = published else { return Ok(None) };
        // Another request may have done it, or registered, while this one read.
        if let Some(profile) = self.profile()? {
            return Ok(Some(profile));
        }
        self.create_storage()?;
        self.write_published(&published)?;
        self.world.line(Level::Warn, "rebuilt from KV", &[("scope", scope.as_str())]);
        Ok(Some(published.profile))
    }

    async fn read_published(&self, scope: &ScopeId) -> Result<Option<Published>, String> {
        let Some(text) = self.kv_get(&format!("usersByHash:{scope}")).await? else {
            return Ok(None);
        };
        let profile = read::<ProfileRecord>(&text)?.into_profile(scope)?;
        let mut events = Vec::new();
        for text in self.values_under(&format!("{scope}:events:")).await? {
            events.push(read::<EventRecord>(&text)?.into_event()?);
        }
        let mut secrets = Vec::new();
        for text in self.values_under(&format!("{scope}:secrets:")).await? {
            secrets.push(read::<SecretRecord>(&text)?.into_secret()?);
        }
        let mut rsvps: Vec<RsvpRecord> = Vec::new();
        for text in self.values_under(&format!("{scope}:rsvps:")).await? {
            rsvps.push(read(&text)?);
        }
        let revenue = self.kv_get(&format!("{scope}:revenue")).await?;
        let revenue = revenue.map_or(Ok(Usdc::ZERO), |text| {
            serde_json::from_value(Value::String(text)).map_err(|error| error.to_string())
        })?;
        Ok(Some(Published { profile, events, secrets, rsvps, revenue }))
    }

    fn write_published(&self, published: &Published) -> Result<(), SqlError> {
        let sql = &self.world;
        sql.atomically(|| {
            published.profile.save(sql)?;
            for event in &published.events {
                store::insert(sql, event)?;
            }
            for (secret, sealed) in &published.secrets {
                secrets::carry_over(sql, secret, sealed.as_deref())?;
            }
            let mut sold = Usdc::ZERO;
            for record in &published.rsvps {
                let rsvp = self.seat_of(&published.profile.scope, record)?;
                let payment = PaymentId::random(sql);
                store::insert_rsvp(sql, &rsvp, payment.as_str())?;
                payments::carry_over(
                    sql,
                    rsvp.paid,
                    Some((&rsvp.event_id, &rsvp.transaction)),
                    rsvp.created_at,
                )?;
                sold = sold.checked_add(rsvp.paid).ok_or_else(|| bad("revenue"))?;
            }
            // What was earned with other tools than RSVPs.
            let rest = published.revenue.checked_sub(sold).unwrap_or(Usdc::ZERO);
            if rest.is_zero() {
                return Ok(());
            }
            payments::carry_over(sql, rest, None, sql.now())
        })
    }

    fn seat_of(&self, scope: &ScopeId, record: &RsvpRecord) -> Result<Rsvp, SqlError> {
        Ok(Rsvp {
            id: RsvpId::random(&self.world),
            event_id: EventId::parse(&record.event_id).map_err(|_| bad("eventId"))?,
            payer: record.wallet_address.clone(),
            code: TicketCode::random(scope, &self.world),
            guest: GuestDetails::default(),
            paid: record.paid_atomic,
            transaction: record.tx_hash.clone(),
            // The record does not say; the preferred network is the best guess for a link.
            network: self.config.networks.first().map_or("", |network| network.caip2).to_owned(),
            created_at: UnixSeconds::from_rfc3339(&record.timestamp)
                .map_err(|_| bad("timestamp"))?,
            checked_in_at: None,
        })
    }

    async fn kv_get(&self, key: &str) -> Result<Option<String>, String> {
        let read = within(&self.world, READ_MILLIS, Kv::get(&self.world, key)).await;
        read.ok_or_else(|| NO_ANSWER.to_owned())?.map_err(|KvError(what)| what)
    }

    async fn values_under(&self, prefix: &str) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let list = Kv::list(&self.world, prefix, cursor.as_deref());
            let page = within(&self.world, READ_MILLIS, list).await;
            let page = page.ok_or_else(|| NO_ANSWER.to_owned())?;
            let (keys, next) = page.map_err(|KvError(what)| what)?;
            for key in keys {
                values.extend(self.kv_get(&key).await?);
            }
            if next.is_none() {
                return Ok(values);
            }
            cursor = next;
        }
    }
}

impl ProfileRecord {
    fn into_profile(self, scope: &ScopeId) -> Result<Profile, String> {
        Ok(Profile {
            user_id: UserId::parse(&self.user_id).map_err(|error| error.to_string())?,
            scope: scope.clone(),
            wallet: self.wallet_address.parse::<Address>().map_err(|error| error.to_string())?,
            doors: Doors::default(),
            created_at: moment(&self.created_at)?,
            updated_at: moment(&self.updated_at)?,
        })
    }
}

impl EventRecord {
    fn into_event(self) -> Result<Event, String> {
        Ok(Event {
            id: EventId::parse(&self.id).map_err(|error| error.to_string())?,
            title: self.title,
            description: self.description,
            starts_at: moment(&self.starts_at)?,
            ends_at: self.ends_at.as_deref().map(moment).transpose()?,
            time_zone: ZoneName::parse(&self.time_zone).map_err(|error| error.to_string())?,
            location: self.location,
            capacity: self.capacity,
            price: self.price_atomic,
            cancelled: self.status == "cancelled",
            sequence: 0,
            created_at: moment(&self.created_at)?,
        })
    }
}

impl SecretRecord {
    fn into_secret(self) -> Result<(Secret, Option<String>), String> {
        let created_at = moment(&self.created_at)?;
        let secret = Secret {
            id: SecretId::parse(&self.id).map_err(|error| error.to_string())?,
            name: self.name,
            description: self.description,
            price: Usdc::from_dollars(&self.amount).map_err(|error| error.to_string())?,
            version: self.version,
            expires_at: self.expires_at.as_deref().map(moment).transpose()?,
            revoked_at: None,
            retrievals: self.retrieval_count,
            created_at,
            updated_at: created_at,
        };
        Ok((secret, self.sealed))
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn moment(text: &str) -> Result<UnixSeconds, String> {
    UnixSeconds::from_rfc3339(text).map_err(|error| error.to_string())
}

fn bad(field: &str) -> SqlError {
    SqlError(format!("rebuilding: a published {field} cannot be read"))
}
