//! Events that clients can poll (MCP extension `io.modelcontextprotocol/events`, SEP-3415). There are no streams and no
//! webhooks: what a stranger subscribes to would cost its host for as long as the stranger likes.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::mcp::eras::{Call, Era, Fault};
use crate::ports::World;
use crate::products::events::offered::{self, Heard};
use crate::rails::outcome::{Failure, Fatal};
use crate::sale::request::read_arguments;
use crate::shop::Shop;
use crate::shop::registry::{Product, Products};

/// The key of the extension in capabilities.
const EXTENSION: &str = "io.modelcontextprotocol/events";

const MILLIS_PER_SECOND: u32 = 1_000;

/// The parameters of `events/poll`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Poll {
    name: String,
    #[serde(default)]
    arguments: Map<String, Value>,
    cursor: Option<String>,
    max_age_ms: Option<u32>,
    /// A subscription has one event at most, so only its range counts.
    max_events: Option<u32>,
}

/// Whether there are events to poll for a call: the extension needs 2026-07-28.
#[must_use]
pub(super) fn are_there(call: &Call, products: Products) -> bool {
    call.era == Era::Modern && products.has(Product::Events)
}

/// Adds the extension to the server's capabilities. Some clients look for `events` beside `extensions`.
pub(super) fn declare(capabilities: &mut Value) {
    if let Some(members) = capabilities.as_object_mut() {
        members.insert("events".to_owned(), json!({}));
        members.insert("extensions".to_owned(), json!({EXTENSION: {}}));
    }
}

/// The result of `events/list`.
#[must_use]
pub(super) fn list() -> Value {
    json!({"events": [offered::definition()]})
}

/// The result of `events/poll`.
///
/// # Errors
///
/// [`Fault::NotFound`] for an event that is not listed and a place that is none; [`Fault::InvalidParams`] names the
/// parameter. `ours` makes the fault of a cause on our side.
pub(super) fn poll(
    shop: &Shop<'_, impl World>,
    params: &Map<String, Value>,
    ours: &dyn Fn(&str) -> Fault,
) -> Result<Value, Fault> {
    let in_params = |failure| fault(failure, ours);
    let mut params = params.clone();
    params.remove("_meta");
    let asked: Poll = read_arguments(params.into()).map_err(in_params)?;
    if asked.name != offered::NAME {
        let message = "NotFound: there is no such event; see events/list".to_owned();
        return Err(Fault::NotFound { message, kind: "event" });
    }
    if asked.max_events == Some(0) {
        return Err(invalid("maxEvents: must be at least 1"));
    }
    let until = asked.cursor.as_deref().map(|cursor| {
        let none = || invalid("cursor: is none of this event; leave it out to start from now");
        Heard::read(cursor).ok_or_else(none)
    });
    let age_max = asked.max_age_ms.map(|millis| i64::from(millis / MILLIS_PER_SECOND));
    let heard = Heard { until: until.transpose()?, age_max };
    let subscription = read_arguments(asked.arguments.into()).map_err(in_params)?;
    let found = offered::poll(&shop.cx, &subscription, heard).map_err(in_params)?;
    found.ok_or_else(|| {
        let message = "NotFound: there is no place on this waitlist with this key; getWaitlistPlace says why, and gives the key".to_owned();
        Fault::NotFound { message, kind: "subscription" }
    })
}

/// What a caller can mend is an error of the parameters.
fn fault(failure: Failure, ours: &dyn Fn(&str) -> Fault) -> Fault {
    match failure {
        Failure::Abort(abort) => invalid(&abort.detail),
        Failure::Unpaid(_) => ours("a poll asks for no payment"),
        Failure::Fatal(Fatal { what, .. }) => ours(&what),
    }
}

fn invalid(message: &str) -> Fault {
    Fault::InvalidParams { message: message.to_owned(), data: None }
}
