//! Answers to MCP methods that read no storage: what the server is, and its lists of tools, templates and prompts.
//! The gateway gives them too, from a copy of what they depend on ([`crate::host::copies`]).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use crate::base::http::Reply;
use crate::host::caller::check;
use crate::host::subscriptions;
use crate::identity::access::Caller;
use crate::mcp::catalog;
use crate::mcp::eras::{self, Cache, CacheScope, Call, Fault};
use crate::sale::prices::Prices;
use crate::shop::registry::Products;

const INSTRUCTIONS: &str = "This is the server of one host. Lists are free; what is sold (a seat with rsvpToEvent, a secret with retrieveSecret) costs the price that its list names, in USDC, paid with x402: call the tool, pay the challenge, call it again with the payment. If an answer is lost or a payment's outcome is unknown, repeat the same call with exactly the same payment; it is never charged twice. If that says proof_needed, as it does for x402 version 1, call with a SIGN-IN-WITH-X header of the wallet that paid.";
const MINUTE_MILLIS: u64 = 60_000;
const HOUR_MILLIS: u64 = 60 * MINUTE_MILLIS;

thread_local! {
    /// The list of tools for strangers as JSON text, by products and prices: it is what agents ask for most.
    static FOR_STRANGERS: RefCell<BTreeMap<Sold, Rc<str>>> = RefCell::default();
}

/// What is sold, on which the lists depend.
pub type Sold = (Products, Prices);

/// Lists of different hosts that are kept.
const KEPT_MAX: usize = 200;

/// The answer to a method, if it is one of these. `age_millis`: the age of `sold`; the answer is fresh for that much
/// less.
#[must_use]
pub fn answer(call: &Call, sold: &Sold, caller: &Caller, age_millis: u64) -> Option<Reply> {
    let fresh = |ttl_millis: u64| {
        let ttl_millis = ttl_millis.saturating_sub(age_millis);
        Some(Cache { ttl_millis, scope: CacheScope::Private })
    };
    let (result, cache) = match call.method.as_str() {
        "server/discover" => {
            let mut capabilities = capabilities();
            if subscriptions::are_there(call, sold.0) {
                subscriptions::declare(&mut capabilities);
            }
            (Ok(eras::discover(capabilities, INSTRUCTIONS)), fresh(HOUR_MILLIS))
        }
        "initialize" => (eras::initialize(&call.params, capabilities(), INSTRUCTIONS), None),
        "ping" => (Ok(json!({})), None),
        "tools/list" => {
            let cache = fresh(MINUTE_MILLIS);
            return Some(match one_page(&call.params) {
                Ok(()) => eras::answer_text(call, &tools(sold, caller), Map::new(), cache),
                Err(fault) => eras::answer(call, Err(fault), None),
            });
        }
        "resources/templates/list" => {
            (one_page(&call.params).map(|()| templates()), fresh(HOUR_MILLIS))
        }
        "prompts/list" => (one_page(&call.params).map(|()| prompts()), fresh(HOUR_MILLIS)),
        "events/list" if subscriptions::are_there(call, sold.0) => {
            (one_page(&call.params).map(|()| subscriptions::list()), None)
        }
        "prompts/get" => (prompt(&call.params), None),
        _ => return None,
    };
    Some(eras::answer(call, result, cache))
}

/// The result of `tools/list` as JSON text.
fn tools(sold: &Sold, caller: &Caller) -> Rc<str> {
    let listed = || {
        let may_call = |tool| check(caller, tool).is_ok();
        Rc::from(json!({"tools": catalog::list(sold.0, &sold.1, may_call)}).to_string())
    };
    match caller {
        Caller::Owner | Caller::Agent(_) => listed(),
        Caller::Stranger => FOR_STRANGERS.with_borrow_mut(|lists| {
            if let Some(known) = lists.get(sold) {
                return Rc::clone(known);
            }
            // The gateway has the lists of many hosts, and each may have many prices over time.
            if lists.len() >= KEPT_MAX {
                lists.clear();
            }
            Rc::clone(lists.entry(sold.clone()).or_insert_with(listed))
        }),
    }
}

/// The server's MCP capabilities. It sends no change notifications.
fn capabilities() -> Value {
    // draft-payment-transport-mcp-00, "Capability Advertisement".
    let payment = json!({"methods": {"evm": {"intents": ["charge"]}}});
    json!({"tools": {}, "resources": {}, "prompts": {}, "experimental": {"payment": payment}})
}

fn templates() -> Value {
    json!({"resourceTemplates": [{
        "uriTemplate": "event://{id}",
        "name": "event",
        "title": "An event of this host",
        "mimeType": "application/json",
    }]})
}

fn prompts() -> Value {
    json!({"prompts": [{
        "name": "rsvp",
        "title": "RSVP to an event",
        "description": "Buy a seat at one of this host's events.",
        "arguments": [
            {"name": "event", "description": "Title or id of the event", "required": false},
            {"name": "maxPrice", "description": "The most to pay, in US dollars", "required": false},
        ],
    }]})
}

fn prompt(params: &Map<String, Value>) -> Result<Value, Fault> {
    if params.get("name").and_then(Value::as_str) != Some("rsvp") {
        let message = "Unknown prompt; see prompts/list".to_owned();
        return Err(Fault::InvalidParams { message, data: None });
    }
    let argument = |name: &str| {
        let value = params.get("arguments").and_then(|arguments| arguments.get(name));
        value.and_then(Value::as_str).map(|text| text.chars().take(300).collect::<String>())
    };
    let which = argument("event").map_or("an event that suits me".to_owned(), |event| {
        format!("the event {}", Value::String(event))
    });
    let limit = argument("maxPrice").map_or(String::new(), |price| {
        format!(" Do not pay more than {} US dollars.", Value::String(price))
    });
    let text = format!(
        "Find {which} with listEvents and tell me its time, place and price. Then buy a seat with rsvpToEvent and show me the ticket and the transaction.{limit} If an answer is lost, repeat the same call with exactly the same payment."
    );
    Ok(json!({
        "description": "Buy a seat",
        "messages": [{"role": "user", "content": {"type": "text", "text": text}}],
    }))
}

fn one_page(params: &Map<String, Value>) -> Result<(), Fault> {
    match params.get("cursor") {
        None | Some(Value::Null) => Ok(()),
        Some(_) => Err(bad_cursor()),
    }
}

pub(super) fn bad_cursor() -> Fault {
    let message = "cursor: is not a nextCursor of this list".to_owned();
    Fault::InvalidParams { message, data: None }
}
