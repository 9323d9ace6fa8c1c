//! The records of KV as they are written there, and what a host makes of each.

use alloy_primitives::Address;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::base::id::{EventId, ScopeId, SecretId};
use crate::base::money::Usdc;
use crate::base::time::{UnixSeconds, ZoneName};
use crate::chain::solana::address::SolanaAddress;
use crate::http::cover::Look;
use crate::http::cover::palette::Palette;
use crate::identity::UserId;
use crate::products::events::Event;
use crate::products::events::asks::{Ask, Asks};
use crate::products::events::news::reminders::a_day;
use crate::products::events::policy::RefundPolicy;
use crate::products::events::questions::Question;
use crate::products::events::types::{TicketType, Until};
use crate::products::vault::Secret;
use crate::shop::profile::{Listed, Profile, Words};
use crate::shop::registry::Products;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProfileRecord {
    user_id: String,
    wallet_address: String,
    solana_address: Option<String>,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    about: String,
    created_at: String,
    updated_at: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventRecord {
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
    pub(super) event_id: String,
    pub(super) wallet_address: String,
    /// Missing in records of older versions, which had one seat each.
    #[serde(default = "one")]
    pub(super) seats: u32,
    pub(super) paid_atomic: Usdc,
    pub(super) tx_hash: String,
    /// Missing in records of older versions.
    pub(super) network: Option<String>,
    pub(super) ticket_type: Option<String>,
    pub(super) timestamp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecretRecord {
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

const fn one() -> u32 {
    1
}

impl ProfileRecord {
    pub(super) fn into_profile(self, scope: &ScopeId) -> Result<Profile, String> {
        Ok(Profile {
            user_id: UserId::parse(&self.user_id).map_err(|error| error.to_string())?,
            scope: scope.clone(),
            wallet: self.wallet_address.parse::<Address>().map_err(|error| error.to_string())?,
            solana: match self.solana_address.as_deref() {
                None => None,
                Some(text) => Some(SolanaAddress::parse(text).ok_or("solanaAddress")?),
            },
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
    pub(super) fn into_event(self) -> Result<Event, String> {
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
            // Nor are promo codes.
            promos: Vec::new(),
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
    pub(super) fn into_secret(self) -> Result<(Secret, Option<String>), String> {
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

pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

pub(super) fn moment(text: &str) -> Result<UnixSeconds, String> {
    UnixSeconds::from_rfc3339(text).map_err(|error| error.to_string())
}
