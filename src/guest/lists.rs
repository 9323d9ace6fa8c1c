//! Everything that the connected server lists at this moment, for questions in words: all pages, within limits.

use serde_json::{Map, Value, json};

use crate::base::money::Usdc;
use crate::base::text;
use crate::base::time::{UnixSeconds, ZoneName};
use crate::chat::intents::{KnownEvent, KnownSecret, Lists};
use crate::guest::connection::{here, keep, note_prices};
use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::{outside, session};
use crate::mcp::client::{Client, Connection, ServerTool};
use crate::ports::within;

/// Events, or secrets, that are read.
const ITEMS_MAX: usize = 500;
const PAGES_MAX: usize = 20;
const CURSOR_BYTES_MAX: usize = 4_096;
/// How long all pages together are waited for, milliseconds.
const READ_MILLIS: u32 = 15_000;
/// Events that began so long ago may still go on, seconds.
const BEGAN_SECONDS: i64 = 7 * 86_400;
const DESCRIPTION_CHARS_MAX: usize = 2_000;

/// What a server lists.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    pub(super) lists: Lists,
    /// The same as it came, by id: what cards show.
    raw: Map<String, Value>,
}

/// A list of a server: the free tool that reads it, and the member of its results.
#[derive(Clone, Copy)]
struct List {
    tool: &'static str,
    member: &'static str,
}

const EVENTS: List = List { tool: "listEvents", member: "events" };
const SECRETS: List = List { tool: "listSecrets", member: "secrets" };

impl Catalog {
    /// These events or secrets, as they came.
    pub(super) fn cards(&self, ids: &[String]) -> Vec<Value> {
        ids.iter().filter_map(|id| self.raw.get(id)).cloned().collect()
    }
}

/// Reads what the server lists. A list that it does not have is empty.
///
/// # Errors
/// [`Trouble::Said`] if a list cannot be read to its end.
pub(super) async fn read<W: GuestWorld>(cx: &Cx<W>) -> Result<Catalog, Trouble> {
    let mut connection = here(cx)?;
    let tools = session::tools(&cx.world)?;
    let reading = Box::pin(async {
        let events = pages(cx, &mut connection, &tools, EVENTS).await?;
        let secrets = pages(cx, &mut connection, &tools, SECRETS).await?;
        Ok::<_, Trouble>((events, secrets))
    });
    let done = within(&cx.world, READ_MILLIS, reading).await;
    let (events, secrets) = done.unwrap_or_else(|| Err(not_read("it takes too long")))?;
    keep(cx, &connection)?;
    let mut raw = Map::new();
    let mut known_events = Vec::new();
    for event in events {
        if let Some(known) = read_event(&event, cx.world.now()) {
            raw.insert(known.id.clone(), event);
            known_events.push(known);
        }
    }
    let mut known_secrets = Vec::new();
    for secret in secrets {
        if let Some(known) = read_secret(&secret) {
            raw.insert(known.id.clone(), secret);
            known_secrets.push(known);
        }
    }
    Ok(Catalog { lists: Lists::of(known_events, known_secrets), raw })
}

async fn pages<W: GuestWorld>(
    cx: &Cx<W>,
    connection: &mut Connection,
    tools: &[ServerTool],
    list: List,
) -> Result<Vec<Value>, Trouble> {
    let Some(tool) = tools.iter().find(|tool| tool.name == list.tool && !tool.is_paid) else {
        return Ok(Vec::new());
    };
    let takes =
        |name: &str| tool.input_schema.get("properties").and_then(|all| all.get(name)).is_some();
    let mut arguments = Map::new();
    if takes("from") {
        let from = cx.world.now().plus(-BEGAN_SECONDS).to_string();
        arguments.insert("from".to_owned(), json!(from));
    }
    if takes("limit") && list.tool == EVENTS.tool {
        arguments.insert("limit".to_owned(), json!(100));
    }
    let outside = outside::outside(cx)?;
    let client = Client::new(&outside, &cx.rules);
    let mut items = Vec::new();
    for _ in 0..PAGES_MAX {
        let page =
            client.call_tool(connection, list.tool, &Value::Object(arguments.clone()), None).await;
        let page = page.map_err(|error| not_read(&error.to_string()))?;
        if page.get("isError").and_then(Value::as_bool) == Some(true) {
            return Err(not_read("it refuses"));
        }
        note_prices(cx, &connection.url, &page)?;
        let content = page.get("structuredContent").unwrap_or(&Value::Null);
        let listed = content.get(list.member).and_then(Value::as_array);
        items.extend(
            listed.into_iter().flatten().take(ITEMS_MAX.saturating_sub(items.len())).cloned(),
        );
        let next = content
            .get("nextCursor")
            .and_then(Value::as_str)
            .filter(|next| next.len() <= CURSOR_BYTES_MAX);
        // A server that repeats its first page would never end.
        let is_new = next.is_some() && arguments.get("cursor").and_then(Value::as_str) != next;
        match next.filter(|_| is_new && items.len() < ITEMS_MAX && takes("cursor")) {
            Some(next) => arguments.insert("cursor".to_owned(), json!(next)),
            None => break,
        };
    }
    Ok(items)
}

fn not_read(why: &str) -> Trouble {
    Trouble::Said(format!(
        "the host's list cannot be read now ({}); try again in a moment",
        text::line(why, 200)
    ))
}

fn read_event(event: &Value, now: UnixSeconds) -> Option<KnownEvent> {
    let word = |key: &str| event.get(key).and_then(Value::as_str);
    let starts_at = UnixSeconds::from_rfc3339(word("startsAt")?).ok()?;
    let ends_at = word("endsAt").and_then(|end| UnixSeconds::from_rfc3339(end).ok());
    let is_scheduled = word("status").is_none_or(|status| status == "scheduled");
    let place = word("location").map(|place| text::line(place, 300));
    Some(KnownEvent {
        id: text::line(word("id")?, 80),
        title: text::line(word("title")?, 200),
        about: text::line(word("description").unwrap_or_default(), DESCRIPTION_CHARS_MAX),
        place: place.filter(|place| !place.is_empty()),
        price: price(event)?,
        seats_left: event.get("seatsLeft").and_then(Value::as_u64),
        starts_at,
        zone: word("timeZone")
            .and_then(|zone| ZoneName::parse(zone).ok())
            .unwrap_or_else(ZoneName::utc),
        is_on_sale: is_scheduled && ends_at.unwrap_or(starts_at) > now,
    })
}

fn read_secret(secret: &Value) -> Option<KnownSecret> {
    let word = |key: &str| secret.get(key).and_then(Value::as_str);
    word("status").is_none_or(|status| status == "active").then_some(())?;
    Some(KnownSecret {
        id: text::line(word("id")?, 80),
        name: text::line(word("name")?, 200),
        about: text::line(word("description").unwrap_or_default(), DESCRIPTION_CHARS_MAX),
        price: price(secret)?,
    })
}

fn price(item: &Value) -> Option<Usdc> {
    let atomic = item.get("priceAtomic").and_then(Value::as_str)?.parse().ok()?;
    Usdc::from_atomic(atomic).ok()
}
