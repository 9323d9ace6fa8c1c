//! A host's published records in KV, as they are read to rebuild its storage.
//!
//! Data that is not in KV is created anew or left out: ticket codes (the host's list has new ones), names, e-mail
//! addresses, stored answers, what only guests get to know, promo codes, pictures, buyers of secrets, credentials. Old payments cannot be used again, because their
//! authorizations are used on the chain.

mod shapes;

use serde_json::Value;

use crate::base::code::Code;
use crate::base::id::{EventId, PaymentId, RsvpId, ScopeId, TicketCode};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::host::object::Object;
use crate::ledger::{holders, payments};
use crate::ports::{Kv, KvError, SqlError, World, within};
use crate::products::events::asks::GuestDetails;
use crate::products::events::party::SEATS_MAX;
use crate::products::events::rsvp::Rsvp;
use crate::products::events::seats::shares;
use crate::products::events::{Event, store};
use crate::products::vault::{Secret, store as secrets};
use crate::rails::outcome::{Abort, Failure};
use crate::shop::profile::Profile;

pub use self::shapes::RsvpRecord;
use self::shapes::{EventRecord, ProfileRecord, SecretRecord, moment, read};

/// `Retry-After` while a host is restored, seconds.
const RETRY_SECONDS: i64 = 30;

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
        promo: None,
        paid,
        transaction: record.tx_hash.clone(),
        network: record.network.clone().unwrap_or_else(|| guessed_network(object)),
        created_at,
        checked_in_at: None,
    };
    Ok((1..).zip(shares).map(seat).collect())
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
