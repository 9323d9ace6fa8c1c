//! The tools: names, texts, schemas, prices, access. Nothing about a tool is said elsewhere.

mod entries;
mod products;

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Map, Value, json};

pub use self::products::{Product, Products};
use crate::base::money::Usdc;
use crate::mcp::catalog::entries::{ENTRIES, Entry};
use crate::products::desk::input::{
    AssignTicket, CreateKbArticle, CreateTicket, ListTickets, OneTicket, Reply, ResolveTicket,
    SearchKb, TriageTicket, UpdateKbArticle,
};
use crate::products::events::input::{
    CheckIn, CreateEvent, EventChanges, ListEvents, OneEvent, RsvpToEvent,
};
use crate::products::vault::input::{ListSecrets, OneSecret, StoreSecret};

/// A tool of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `listEvents`, and its older name `getAllEvents`
    ListEvents,
    /// `getEvent`
    GetEvent,
    /// `rsvpToEvent`
    RsvpToEvent,
    /// `getEventAnalytics`
    GetEventAnalytics,
    /// `createEvent`
    CreateEvent,
    /// `updateEvent`
    UpdateEvent,
    /// `cancelEvent`
    CancelEvent,
    /// `checkIn`
    CheckIn,
    /// `listSecrets`
    ListSecrets,
    /// `retrieveSecret`
    RetrieveSecret,
    /// `storeSecret`
    StoreSecret,
    /// `deleteSecret`
    DeleteSecret,
    /// `searchKb`
    SearchKb,
    /// `createTicket`
    CreateTicket,
    /// `getTicketContext`
    GetTicketContext,
    /// `triageTicket`
    TriageTicket,
    /// `draftReply`
    DraftReply,
    /// `proposeResolution`
    ProposeResolution,
    /// `sendReply`
    SendReply,
    /// `assignTicket`
    AssignTicket,
    /// `resolveTicket`
    ResolveTicket,
    /// `listTickets`
    ListTickets,
    /// `createKbArticle`
    CreateKbArticle,
    /// `updateKbArticle`
    UpdateKbArticle,
}

/// Who may call a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Free,
    /// The host of the product.
    Owner,
    /// Who pays.
    Paid(Price, Settle),
}

/// How far a credential of the host's may go, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Looks.
    Read,
    /// Prepares what a person approves.
    Draft,
    /// Does what the outside sees.
    Send,
}

/// When the money of a paid tool moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// Before the tool does its work: for what cannot be taken back.
    First,
    /// After it; what it did counts only together with the settlement.
    Last,
}

/// What a call costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Price {
    /// Always the same.
    Fixed(Usdc),
    /// The price of the event that the arguments name.
    OfTheEvent,
    /// The price of the secret that the arguments name.
    OfTheSecret,
}

/// Price of `getEventAnalytics`.
pub const ANALYTICS_PRICE: Usdc = Usdc::from_cents(1);

impl Tier {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Draft => "draft",
            Self::Send => "send",
        }
    }

    /// The tier with this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Read, Self::Draft, Self::Send].into_iter().find(|tier| tier.name() == name)
    }
}

impl Tool {
    /// The tool with this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        if name == "getAllEvents" {
            return Some(Self::ListEvents);
        }
        ENTRIES.iter().find(|entry| entry.name == name).map(|entry| entry.tool)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().map_or("", |entry| entry.name)
    }

    /// Who may call it.
    #[must_use]
    pub fn access(self) -> Access {
        self.entry().map_or(Access::Owner, |entry| entry.access)
    }

    /// How far a credential has to go for it.
    #[must_use]
    pub fn tier(self) -> Tier {
        self.entry().map_or(Tier::Send, |entry| entry.tier)
    }

    /// Whether it does its work as a draft, or a proposal, for callers who may not do it themselves.
    #[must_use]
    pub const fn becomes_a_draft(self) -> bool {
        matches!(self, Self::SendReply | Self::AssignTicket | Self::ResolveTicket)
    }

    /// What it costs, if that is always the same.
    #[must_use]
    pub fn fixed_price(self) -> Option<Usdc> {
        match self.access() {
            Access::Paid(Price::Fixed(price), _) => Some(price),
            Access::Paid(Price::OfTheEvent | Price::OfTheSecret, _)
            | Access::Free
            | Access::Owner => None,
        }
    }

    /// At which server it is.
    #[must_use]
    pub fn product(self) -> Product {
        self.entry().map_or(Product::Events, |entry| entry.product)
    }

    fn entry(self) -> Option<&'static Entry> {
        ENTRIES.iter().find(|entry| entry.tool == self)
    }

    fn input_schema(self) -> Value {
        match self {
            Self::ListEvents => schema::<ListEvents>(),
            Self::GetEvent | Self::GetEventAnalytics | Self::CancelEvent => schema::<OneEvent>(),
            Self::RsvpToEvent => schema::<RsvpToEvent>(),
            Self::CreateEvent => schema::<CreateEvent>(),
            Self::UpdateEvent => update_schema(),
            Self::CheckIn => schema::<CheckIn>(),
            Self::ListSecrets => schema::<ListSecrets>(),
            Self::RetrieveSecret | Self::DeleteSecret => schema::<OneSecret>(),
            Self::StoreSecret => schema::<StoreSecret>(),
            Self::SearchKb => schema::<SearchKb>(),
            Self::CreateTicket => schema::<CreateTicket>(),
            Self::GetTicketContext => schema::<OneTicket>(),
            Self::TriageTicket => schema::<TriageTicket>(),
            Self::DraftReply | Self::ProposeResolution | Self::SendReply => schema::<Reply>(),
            Self::AssignTicket => schema::<AssignTicket>(),
            Self::ResolveTicket => schema::<ResolveTicket>(),
            Self::ListTickets => schema::<ListTickets>(),
            Self::CreateKbArticle => schema::<CreateKbArticle>(),
            Self::UpdateKbArticle => schema::<UpdateKbArticle>(),
        }
    }
}

/// The tools of these products.
pub fn tools(products: Products) -> impl Iterator<Item = Tool> {
    ENTRIES.iter().filter(move |entry| products.has(entry.product)).map(|entry| entry.tool)
}

/// The `tools` of `tools/list`: those that whoever asks may call.
#[must_use]
pub fn list(products: Products, may_call: impl Fn(Tool) -> bool) -> Value {
    let shown = |entry: &&Entry| products.has(entry.product) && may_call(entry.tool);
    ENTRIES.iter().filter(shown).map(describe).collect()
}

/// Tools and prices for the manifest.
#[must_use]
pub fn prices(products: Products) -> Value {
    let shown =
        ENTRIES.iter().filter(|entry| entry.access != Access::Owner && products.has(entry.product));
    shown
        .map(|entry| {
            let price = match entry.access {
                Access::Free | Access::Owner => json!({"access": "free"}),
                Access::Paid(price, settle) => {
                    let settle = match settle {
                        Settle::First => "first",
                        Settle::Last => "last",
                    };
                    let mut paid = json!({"access": "paid", "settle": settle});
                    merge(
                        &mut paid,
                        match price {
                            Price::Fixed(price) => {
                                json!({"price": price.to_string(), "priceAtomic": price})
                            }
                            Price::OfTheEvent => json!({"price": "the event's own"}),
                            Price::OfTheSecret => json!({"price": "the secret's own"}),
                        },
                    );
                    paid
                }
            };
            let mut tool = json!({
                "name": entry.name,
                "title": entry.title,
                "description": entry.description(),
                "inputSchema": entry.tool.input_schema(),
            });
            merge(&mut tool, price);
            tool
        })
        .collect()
}

fn describe(entry: &Entry) -> Value {
    let mut annotations = json!({
        "title": entry.title,
        "readOnlyHint": entry.read_only,
        "destructiveHint": entry.destructive,
        "idempotentHint": entry.idempotent,
        "openWorldHint": matches!(entry.access, Access::Paid(..)),
    });
    let mut tool = json!({
        "name": entry.name,
        "title": entry.title,
        "description": entry.description(),
        "inputSchema": entry.tool.input_schema(),
    });
    if let Access::Paid(price, _) = entry.access {
        // Old clients look into the annotations, newer ones into `_meta`.
        merge(&mut annotations, json!({"paymentHint": true}));
        let mut meta = json!({"agents-x402/paymentRequired": true});
        if let Price::Fixed(price) = price {
            let dollars = price.to_string().parse::<serde_json::Number>().ok();
            merge(&mut annotations, json!({"paymentPriceUSD": dollars}));
            merge(&mut meta, json!({"agents-x402/priceUSD": dollars}));
        }
        merge(&mut tool, json!({"_meta": meta}));
    }
    merge(&mut tool, json!({"annotations": annotations}));
    tool
}

fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<T>().to_value();
    if let Some(members) = schema.as_object_mut() {
        // The names and descriptions of our types say nothing to a caller.
        members.remove("title");
        members.remove("description");
    }
    schema
}

/// `updateEvent` takes an event's id beside the changes.
fn update_schema() -> Value {
    let mut schema = schema::<EventChanges>();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let id = json!({"type": "string", "description": "The event's id."});
        properties.insert("eventId".to_owned(), id);
    }
    merge(&mut schema, json!({"required": ["eventId"]}));
    schema
}

fn merge(target: &mut Value, more: Value) {
    if let (Some(target), Value::Object(more)) = (target.as_object_mut(), more) {
        target.extend::<Map<String, Value>>(more);
    }
}
