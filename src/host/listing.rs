//! Tells the marketplace ([`crate::market`]) what this host offers, while the host chose to be found there. The alarm does it,
//! after every change, since each change has one. Who has never been listed pays nothing for it.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::base::backoff::doubled;
use crate::base::code::Code;
use crate::base::http::Reply;
use crate::base::id::ScopeId;
use crate::base::money::Usdc;
use crate::base::text::line;
use crate::base::time::UnixSeconds;
use crate::host::examples::example;
use crate::http::cover::Cut;
use crate::market::listing::{EVENTS_MAX, ListedEvent, ListedTool, Listing, TOOLS_MAX};
use crate::market::search::Answer;
use crate::market::{Ask, documents};
use crate::ports::paging::{PAGE_MAX, Page};
use crate::ports::storage::first;
use crate::ports::{Level, Sql, SqlError, SqlValue, World, within};
use crate::products::events::store::{self, Filter};
use crate::products::events::{Event, Seats};
use crate::products::vault::{self, Secret};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::prices::Prices as OwnPrices;
use crate::sale::tool::{Access, Price};
use crate::shop::Shop;
use crate::shop::profile::{self, Listed};
use crate::shop::registry::{Product, Tool};

/// Between two messages to the marketplace, seconds: a rush of sales is told in one.
const APART_SECONDS: i64 = 5;
/// The first and the longest time until it is tried again, seconds.
const AGAIN_SECONDS: i64 = 5;
const AGAIN_SECONDS_MAX: i64 = 900;
/// How long its answer is waited for, milliseconds.
const ANSWER_MILLIS: u32 = 5_000;
/// The beginning of a description that is shown in lists, characters.
const DESCRIPTION_CHARS: usize = 300;

/// What the marketplace was told last.
struct Last {
    version: u64,
    digest: Option<String>,
    told_at: UnixSeconds,
    attempts: u64,
    next_at: Option<UnixSeconds>,
}

/// When the marketplace is told next, if something is open.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub(super) fn next_due(sql: &impl Sql, listed: Listed) -> Result<Option<UnixSeconds>, SqlError> {
    match listed {
        Listed::No => Ok(None),
        Listed::Yes | Listed::Leaving => Ok(last(sql)?.and_then(|last| last.next_at)),
    }
}

/// Tells the marketplace what has changed, or that the host has left.
///
/// # Errors
/// [`SqlError`] if SQLite refuses. If the marketplace gives no answer, it is tried again later.
pub(super) async fn tell(shop: &Shop<'_, impl World>) -> Result<(), SqlError> {
    let (world, scope, now) = (shop.cx.world, shop.cx.scope, shop.cx.now());
    let last = match shop.profile.listed {
        Listed::No => return Ok(()),
        Listed::Yes | Listed::Leaving => last(world)?,
    };
    // Also after the storage was lost and rebuilt, the version has to grow.
    let version = last.as_ref().map_or(0, |last| last.version).saturating_add(1);
    let version = version.max(now.get().unsigned_abs());
    let attempts = last.as_ref().map_or(0, |last| last.attempts);
    let waits = last.as_ref().and_then(|last| last.next_at).filter(|next| *next > now);
    if waits.is_some() && attempts > 0 {
        return Ok(());
    }
    let (ask, digest) = match shop.profile.listed {
        Listed::No => return Ok(()),
        Listed::Leaving => (Ask::Leave { scope: scope.clone(), version }, None),
        Listed::Yes => {
            let listing = Listing { version: 0, ..listing(shop)? };
            let digest = alloy_primitives::hex::encode(Sha256::digest(json!(listing).to_string()));
            if let Some(rest) = rest(last, &digest, now) {
                // Every alarm comes here, and a write makes the object forget what it has read.
                return rest.map_or(Ok(()), |changed| note(world, &changed));
            }
            (Ask::Tell(Box::new(Listing { version, ..listing })), Some(digest))
        }
    };
    // Before the request: without an answer nobody knows what the marketplace knows.
    let failures = u32::try_from(attempts).unwrap_or(u32::MAX);
    let again = doubled(AGAIN_SECONDS, failures, AGAIN_SECONDS_MAX);
    let asked = Last {
        version,
        digest: None,
        told_at: now,
        attempts: attempts.saturating_add(1),
        next_at: Some(now.plus(again)),
    };
    note(world, &asked)?;
    let message = json!(ask).to_string();
    let answer = within(world, ANSWER_MILLIS, world.ask_market(&message)).await;
    let answer = answer.unwrap_or_else(|| Err("no answer in time".to_owned()));
    let is_listed = match answer.map(|text| serde_json::from_str(&text)) {
        Ok(Ok(Answer::Told(is_listed))) => is_listed,
        Ok(Ok(Answer::Found(..) | Answer::Invalid(_))) | Ok(Err(_)) | Err(_) => {
            world.line(Level::Warn, "the marketplace gave no answer", &[]);
            return Ok(());
        }
    };
    if !is_listed {
        world.line(Level::Warn, "the marketplace is full", &[]);
    }
    match digest {
        None => left(world, version),
        Some(digest) => {
            let known = Last { digest: Some(digest), attempts: 0, next_at: None, ..asked };
            let statement = "SELECT version FROM listing WHERE id = 1";
            let current = first(world, statement, &[])?.map(|mut it| it.count()).transpose()?;
            if current == Some(version) { note(world, &known) } else { Ok(()) }
        }
    }
}

/// The card of the host's MCP server.
pub(super) fn card(shop: &Shop<'_, impl World>) -> Result<Reply, Failure> {
    match shop.profile.listed {
        Listed::Yes => {
            let name = name(shop.cx.scope, &shop.profile.words.display_name);
            Ok(documents::host_card(shop.cx.config, shop.cx.scope.as_str(), &name))
        }
        Listed::No | Listed::Leaving => {
            let detail = "this host is not listed, so its server has no card";
            Err(Abort::new(Code::NotFound, detail).into())
        }
    }
}

/// The marketplace knows that the host has left.
fn left(world: &impl World, version: u64) -> Result<(), SqlError> {
    world.atomically(|| {
        let gone = "DELETE FROM listing WHERE version = ?1 RETURNING id";
        let version = SqlValue::Int(i64::try_from(version).unwrap_or(i64::MAX));
        if first(world, gone, &[version])?.is_some() {
            profile::has_left(world)?;
        }
        Ok(())
    })
}

/// What this host offers now.
fn listing(shop: &Shop<'_, impl World>) -> Result<Listing, SqlError> {
    let sold = "SELECT 1 FROM ledger WHERE entry = 'settled' LIMIT 1";
    let events = events(shop)?;
    let secrets = secrets(shop)?;
    let seats = OnSale {
        product: Product::Events,
        prices: range(events.iter().flat_map(|(event, most)| [event.price, *most])),
        subjects: events.iter().map(|(event, _)| event.id.to_string()).collect(),
    };
    let secrets = OnSale {
        product: Product::Vault,
        prices: range(secrets.iter().map(|secret| secret.price)),
        subjects: secrets.iter().map(|secret| secret.id.to_string()).collect(),
    };
    let on_sale = [seats, secrets];
    let own = OwnPrices::load(shop.cx.world)?;
    let listed = shop.profile.products.tools().map(|tool| listed_tool(shop, tool, &own, &on_sale));
    let tools = listed.filter_map(Result::transpose).take(TOOLS_MAX).collect::<Result<_, _>>()?;
    Ok(Listing {
        scope: shop.cx.scope.clone(),
        version: 0,
        name: name(shop.cx.scope, &shop.profile.words.display_name),
        about: shop.profile.words.about.clone(),
        has_sold: first(shop.cx.world, sold, &[])?.is_some(),
        pay_to: shop.profile.wallet,
        tools,
        events: events.into_iter().map(|(event, _)| event).collect(),
    })
}

/// A host without a name has the beginning of its scope.
fn name(scope: &ScopeId, display_name: &str) -> String {
    match display_name {
        "" => format!("Host {}", scope.as_str().get(..8).unwrap_or_default()),
        name => name.to_owned(),
    }
}

/// The events to come, each with its highest price.
fn events(shop: &Shop<'_, impl World>) -> Result<Vec<(ListedEvent, Usdc)>, SqlError> {
    if !shop.profile.products.has(Product::Events) {
        return Ok(Vec::new());
    }
    let now = shop.cx.now();
    let count = u32::try_from(EVENTS_MAX).unwrap_or(u32::MAX);
    let page = Page::of(&store::BY_START, count, None, now);
    let page = page.map_err(|field| SqlError(field.to_string()))?;
    let to_come = Filter { scheduled_at: Some(now), ..Filter::default() };
    let found = store::list(shop.cx.world, to_come, &page)?;
    Ok(found.entries.into_iter().map(|(event, seats)| listed_event(event, seats, now)).collect())
}

fn listed_event(event: Event, seats: Seats, now: UnixSeconds) -> (ListedEvent, Usdc) {
    let (least, most) = event.prices(now);
    let view = json!({
        "id": event.id,
        "title": event.title,
        "description": line(&event.description, DESCRIPTION_CHARS),
        "startsAt": event.starts_at.to_string(),
        "endsAt": event.ends_at.map(|end| end.to_string()),
        "timeZone": event.time_zone.as_str(),
        "location": event.location,
        "price": least.to_string(),
        "priceAtomic": least,
        "priceInWords": event.prices_in_words(now),
        "seatsLeft": event.seats_left(seats),
        "coverPath": event.cover_path(Cut::Wide),
    });
    let listed = ListedEvent {
        place: event.location.clone().unwrap_or_default(),
        starts_at: event.starts_at,
        ends_at: event.ends_at.unwrap_or(event.starts_at),
        price: least,
        view,
        id: event.id,
        title: event.title,
    };
    (listed, most)
}

/// What a product with goods of several prices sells now. A product without such goods has none.
struct OnSale {
    product: Product,
    /// The lowest and the highest price.
    prices: Option<(Usdc, Usdc)>,
    /// The ids of what it sells now.
    subjects: Vec<String>,
}

/// The ids of what a product sells now, the next first.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub(super) fn subjects(
    shop: &Shop<'_, impl World>,
    product: Product,
) -> Result<Vec<String>, SqlError> {
    // Other products sell nothing in particular.
    if product == Product::Events {
        return Ok(events(shop)?.iter().map(|(event, _)| event.id.to_string()).collect());
    }
    if product == Product::Vault {
        return Ok(secrets(shop)?.iter().map(|secret| secret.id.to_string()).collect());
    }
    Ok(Vec::new())
}

fn range(prices: impl Iterator<Item = Usdc>) -> Option<(Usdc, Usdc)> {
    prices.fold(None, |range, price| {
        let (min, max) = range.unwrap_or((price, price));
        Some((min.min(price), max.max(price)))
    })
}

fn secrets(shop: &Shop<'_, impl World>) -> Result<Vec<Secret>, SqlError> {
    if !shop.profile.products.has(Product::Vault) {
        return Ok(Vec::new());
    }
    let now = shop.cx.now();
    let page = Page::of(&vault::store::BY_AGE, PAGE_MAX, None, now);
    let page = page.map_err(|field| SqlError(field.to_string()))?;
    Ok(vault::store::list(shop.cx.world, Some(now), &page)?.entries)
}

/// A tool as it is listed; `None` if it is not for strangers. `prices_here` are what the host charges.
fn listed_tool(
    shop: &Shop<'_, impl World>,
    tool: Tool,
    prices_here: &OwnPrices,
    on_sale: &[OnSale],
) -> Result<Option<ListedTool>, SqlError> {
    let spec = tool.spec();
    let on_sale = on_sale.iter().find(|goods| goods.product == tool.product());
    let (prices, price_words) = match spec.access {
        Access::Owner | Access::Buyer => return Ok(None),
        Access::Free => (Some((Usdc::ZERO, Usdc::ZERO)), None),
        Access::Paid(Price::Fixed(usual), _) => {
            let price = prices_here.of(spec).map_or(usual, |own| own.amount);
            (Some((price, price)), None)
        }
        Access::Paid(Price::Varies(words), _) => {
            (on_sale.and_then(|goods| goods.prices), Some(words.to_owned()))
        }
    };
    let example = match spec.is_paid() {
        true => example(shop, tool, on_sale.map_or(&[], |goods| &goods.subjects))?,
        false => None,
    };
    Ok(Some(ListedTool {
        example,
        name: spec.name.to_owned(),
        title: spec.title.to_owned(),
        description: prices_here.description(spec),
        prices,
        price_words,
    }))
}

/// Whether nothing is told now, because the marketplace knows it or was told just before; and what is to be noted then.
fn rest(last: Option<Last>, digest: &str, now: UnixSeconds) -> Option<Option<Last>> {
    let last = last?;
    if last.digest.as_deref() == Some(digest) {
        let is_open = last.next_at.is_some();
        return Some(is_open.then_some(Last { next_at: None, ..last }));
    }
    let soonest = last.told_at.plus(APART_SECONDS);
    let waits = last.next_at.is_some_and(|next| next > now);
    (soonest > now).then(|| (!waits).then_some(Last { next_at: Some(soonest), ..last }))
}

fn last(sql: &impl Sql) -> Result<Option<Last>, SqlError> {
    let statement = "SELECT version, digest, told_at, attempts, next_at FROM listing WHERE id = 1";
    let Some(mut columns) = first(sql, statement, &[])? else { return Ok(None) };
    Ok(Some(Last {
        version: columns.count()?,
        digest: columns.optional_text()?,
        told_at: columns.moment()?,
        attempts: columns.count()?,
        next_at: columns.optional_int()?.map(UnixSeconds::new),
    }))
}

/// Notes what the marketplace was told, or is to be told.
fn note(sql: &impl Sql, last: &Last) -> Result<(), SqlError> {
    let statement = "INSERT INTO listing (id, version, digest, told_at, attempts, next_at) \
         VALUES (1, ?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO UPDATE SET version = excluded.version, \
         digest = excluded.digest, told_at = excluded.told_at, attempts = excluded.attempts, \
         next_at = excluded.next_at";
    let number = |number: u64| SqlValue::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let parameters = [
        number(last.version),
        last.digest.as_deref().into(),
        last.told_at.into(),
        number(last.attempts),
        last.next_at.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}
