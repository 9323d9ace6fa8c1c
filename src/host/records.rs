//! A host's published records in KV, as they are read to rebuild its storage.
//!
//! Data that is not in KV is created anew or left out: ticket codes (the host's list has new ones), names, e-mail
//! addresses, stored answers, what only guests get to know, pictures, buyers of secrets, credentials. Old payments cannot be used again, because their
//! authorizations are used on the chain.

use alloy_primitives::Address;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::base::code::Code;
use crate::base::id::{EventId, PaymentId, RsvpId, ScopeId, SecretId, TicketCode};
use crate::base::money::Usdc;
use crate::base::time::{UnixSeconds, ZoneName};
use crate::host::object::Object;
use crate::http::cover::Look;
use crate::http::cover::palette::Palette;
use crate::identity::UserId;
use crate::ledger::{holders, payments};
use crate::ports::{Kv, KvError, SqlError, World, within};
use crate::products::events::asks::{Ask, Asks, GuestDetails};
use crate::products::events::news::reminders::a_day;
use crate::products::events::party::SEATS_MAX;
use crate::products::events::policy::RefundPolicy;
use crate::products::events::questions::Question;
use crate::products::events::rsvp::Rsvp;
use crate::products::events::seats::shares;
use crate::products::events::types::{TicketType, Until};
use crate::products::events::{Event, store};
use crate::products::vault::{Secret, store as secrets};
use crate::rails::outcome::{Abort, Failure};
use crate::shop::profile::{Listed, Profile, Words};
use crate::shop::registry::Products;

/// `Retry-After` while a host is restored, seconds.
const RETRY_SECONDS: i64 = 30;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProfileRecord {
    user_id: String,
    wallet_address: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    about: String,
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
    #[serde(default)]
    types: Vec<TypeRecord>,
    status: String,
    #[serde(default)]
    ask_name: Ask,
    #[serde(default)]
    ask_email: Ask,
    #[serde(default)]
    questions: Vec<Question>,
    #[serde(default)]
    refund_percent: u32,
    #[serde(default)]
    refund_until_hours: u32,
    #[serde(default)]
    refund_if_moved: bool,
    #[serde(default = "a_day")]
    remind_hours: u32,
    #[serde(default)]
    cover_shuffle: u32,
    cover_palette: Option<Palette>,
    created_at: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeRecord {
    id: String,
    name: String,
    description: String,
    regular_price: String,
    seats: u32,
    early_price: Option<String>,
    early_until: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RsvpRecord {
    event_id: String,
    wallet_address: String,
    /// Missing in records of older versions, which had one seat each.
    #[serde(default = "one")]
    seats: u32,
    paid_atomic: Usdc,
    tx_hash: String,
    /// Missing in records of older versions.
    network: Option<String>,
    ticket_type: Option<String>,
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

/// The kind of a published record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Events,
    Secrets,
    Rsvps,
}

/// A record of KV whose content is valid.
pub enum Checked {
    Event(Event),
    Secret(Secret, Option<String>),
    Seat(RsvpRecord),
}

/// Timeout of one KV request, milliseconds.
pub const READ_MILLIS: u32 = 5_000;
pub const NO_ANSWER: &str = "KV does not answer in time";

impl Kind {
    /// The kinds, in the order of restoring.
    pub const ALL: [Self; 3] = [Self::Events, Self::Secrets, Self::Rsvps];

    /// The kind as it is written in keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Secrets => "secrets",
            Self::Rsvps => "rsvps",
        }
    }

    pub fn parse(text: &str) -> Result<Self, &'static str> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or("unknown kind of record")
    }

    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Events => Some(Self::Secrets),
            Self::Secrets => Some(Self::Rsvps),
            Self::Rsvps => None,
        }
    }
}

/// The prefix of the keys of these records.
pub fn prefix(scope: &ScopeId, kind: Kind) -> String {
    format!("{scope}:{}:", kind.name())
}

/// Parses a record and checks that it belongs to its key.
pub fn check(scope: &ScopeId, kind: Kind, key: &str, text: &str) -> Result<Checked, String> {
    let name = key.strip_prefix(&prefix(scope, kind)).unwrap_or_default();
    let (checked, own) = match kind {
        Kind::Events => {
            let event = read::<EventRecord>(text)?.into_event()?;
            let own = event.id.to_string();
            (Checked::Event(event), own)
        }
        Kind::Secrets => {
            let (secret, sealed) = read::<SecretRecord>(text)?.into_secret()?;
            let own = secret.id.to_string();
            (Checked::Secret(secret, sealed), own)
        }
        Kind::Rsvps => {
            let record = read::<RsvpRecord>(text)?;
            EventId::parse(&record.event_id).map_err(|error| error.to_string())?;
            moment(&record.timestamp)?;
            if !(1..=SEATS_MAX).contains(&record.seats) {
                return Err(format!("it has {} seats", record.seats));
            }
            let own = format!("{}:{}", record.event_id, record.wallet_address);
            (Checked::Seat(record), own)
        }
    };
    if own == name { Ok(checked) } else { Err("it is the record of another key".to_owned()) }
}

/// The published profile of this scope, if there is one.
pub async fn published_profile(
    object: &Object<'_, impl World>,
    scope: &ScopeId,
) -> Result<Option<Profile>, String> {
    let Some(text) = kv_get(object, &format!("usersByHash:{scope}")).await? else {
        return Ok(None);
    };
    read::<ProfileRecord>(&text)?.into_profile(scope).map(Some)
}

pub async fn published_revenue(
    object: &Object<'_, impl World>,
    scope: &ScopeId,
) -> Result<Usdc, String> {
    let revenue = kv_get(object, &format!("{scope}:revenue")).await?;
    revenue.map_or(Ok(Usdc::ZERO), |text| {
        serde_json::from_value(Value::String(text)).map_err(|error| error.to_string())
    })
}

/// Inserts one record, in the caller's transaction.
pub fn write_record(
    object: &Object<'_, impl World>,
    scope: &ScopeId,
    record: &Checked,
) -> Result<(), SqlError> {
    let sql = object.world;
    match record {
        Checked::Event(event) => store::insert(sql, event),
        Checked::Secret(secret, sealed) => secrets::carry_over(sql, secret, sealed.as_deref()),
        Checked::Seat(record) => {
            let rsvps = seats_of(object, scope, record)?;
            let first = rsvps.first().ok_or_else(|| bad("seats"))?;
            store::insert_rsvps(sql, &rsvps, PaymentId::random(sql).as_str()).map(drop)?;
            holders::note(sql, &first.payer, &first.network)?;
            let seat = Some((&first.event_id, first.transaction.as_str()));
            if record.paid_atomic.is_zero() {
                return Ok(());
            }
            payments::carry_over(sql, record.paid_atomic, seat, first.created_at)
        }
    }
}

fn seats_of(
    object: &Object<'_, impl World>,
    scope: &ScopeId,
    record: &RsvpRecord,
) -> Result<Vec<Rsvp>, SqlError> {
    let event_id = EventId::parse(&record.event_id).map_err(|_| bad("eventId"))?;
    let created_at = UnixSeconds::from_rfc3339(&record.timestamp).map_err(|_| bad("timestamp"))?;
    let shares = shares(record.paid_atomic, record.seats).ok_or_else(|| bad("seats"))?;
    let seat = |(place, paid)| Rsvp {
        id: RsvpId::random(object.world),
        event_id: event_id.clone(),
        payer: record.wallet_address.clone(),
        code: TicketCode::random(scope, object.world),
        place,
        guest: GuestDetails::default(),
        ticket_type: record.ticket_type.clone(),
        paid,
        transaction: record.tx_hash.clone(),
        network: record.network.clone().unwrap_or_else(|| guessed_network(object)),
        created_at,
        checked_in_at: None,
    };
    Ok((1..).zip(shares).map(seat).collect())
}

const fn one() -> u32 {
    1
}

/// The network of a record without one: the preferred one is the best guess for the explorer link.
fn guessed_network(object: &Object<'_, impl World>) -> String {
    object.config.networks.first().map_or("", |network| network.caip2).to_owned()
}

pub async fn kv_get(object: &Object<'_, impl World>, key: &str) -> Result<Option<String>, String> {
    let read = within(object.world, READ_MILLIS, Kv::get(object.world, key)).await;
    read.ok_or_else(|| NO_ANSWER.to_owned())?.map_err(|KvError(what)| what)
}

pub async fn kv_list(
    object: &Object<'_, impl World>,
    prefix: &str,
) -> Result<(Vec<String>, Option<String>), String> {
    let list = within(object.world, READ_MILLIS, Kv::list(object.world, prefix, None)).await;
    list.ok_or_else(|| NO_ANSWER.to_owned())?.map_err(|KvError(what)| what)
}

impl ProfileRecord {
    fn into_profile(self, scope: &ScopeId) -> Result<Profile, String> {
        Ok(Profile {
            user_id: UserId::parse(&self.user_id).map_err(|error| error.to_string())?,
            scope: scope.clone(),
            wallet: self.wallet_address.parse::<Address>().map_err(|error| error.to_string())?,
            products: Products::default(),
            words: Words { display_name: self.display_name, about: self.about },
            // A choice that was made once is not made again by a reader of records.
            listed: Listed::No,
            created_at: moment(&self.created_at)?,
            updated_at: moment(&self.updated_at)?,
        })
    }
}

impl EventRecord {
    fn into_event(self) -> Result<Event, String> {
        let types = self.types.into_iter().map(TypeRecord::into_type);
        let types: Vec<TicketType> = types.collect::<Result<_, _>>()?;
        Ok(Event {
            id: EventId::parse(&self.id).map_err(|error| error.to_string())?,
            title: self.title,
            description: self.description,
            starts_at: moment(&self.starts_at)?,
            ends_at: self.ends_at.as_deref().map(moment).transpose()?,
            time_zone: ZoneName::parse(&self.time_zone).map_err(|error| error.to_string())?,
            location: self.location,
            capacity: self.capacity,
            price: types.first().map_or(self.price_atomic, |first| first.price),
            was: None,
            types,
            asks: Asks { name: self.ask_name, email: self.ask_email },
            questions: self.questions,
            // What only guests get to know is not in KV.
            guests_only: None,
            look: Look { shuffle: self.cover_shuffle, palette: self.cover_palette },
            // Pictures are not in KV.
            picture: None,
            refund: RefundPolicy::check(
                self.refund_percent,
                self.refund_until_hours,
                self.refund_if_moved,
            )
            .map_err(|error| error.to_string())?,
            remind_hours: self.remind_hours,
            cancelled: self.status == "cancelled",
            is_draft: false,
            sequence: 0,
            created_at: moment(&self.created_at)?,
        })
    }
}

impl TypeRecord {
    fn into_type(self) -> Result<TicketType, String> {
        let dollars = |text: &str| Usdc::from_dollars(text).map_err(|error| error.to_string());
        let early = match self.early_price.zip(self.early_until) {
            None => None,
            Some((price, until)) => Some(Until { price: dollars(&price)?, until: moment(&until)? }),
        };
        Ok(TicketType {
            id: self.id,
            name: self.name,
            description: self.description,
            price: dollars(&self.regular_price)?,
            seats: self.seats,
            early,
            was: None,
            taken: 0,
            held: 0,
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

/// The answer to every request until the host is restored.
pub fn being_restored() -> Failure {
    let detail = "this host is being restored, which takes some minutes; ask again then. \
         No money was moved";
    let abort = Abort::new(Code::BeingRestored, detail);
    Abort { retry_after: Some(RETRY_SECONDS), ..abort }.into()
}
