//! The tools of the marketplace's own MCP server. All are free.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::fields::{self, InvalidField};
use crate::base::money::Usdc;
use crate::market::Ask;
use crate::market::search::{EventsAsk, HostsAsk, Part, TEXT_CHARS_MAX, ToolsAsk};
use crate::rails::outcome::Failure;
use crate::sale::request::read_arguments;
use crate::sale::shape;
use crate::sale::tool::input_schema;

/// A tool of the marketplace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    FindEvents,
    ListHosts,
    FindTools,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct FindEvents {
    /// Words of the title, the place or the host, all of which must be there. At most 200 characters.
    text: Option<String>,
    /// Words of the place, for example "Berlin" or "online".
    place: Option<String>,
    /// Only events that start at or after this moment, RFC 3339, for example 2027-03-01T00:00:00Z.
    from: Option<String>,
    /// Only events that start before this moment, RFC 3339.
    to: Option<String>,
    /// The highest price of a seat in dollars, for example "0.50"; "0" for free events.
    max_price: Option<String>,
    /// How many at most, 1 to 100. Default 50.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// nextCursor of the page before.
    cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ListHosts {
    /// How many at most, 1 to 100. Default 50.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// nextCursor of the page before.
    cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct FindTools {
    /// Words of the tool's title or description, or of the host, all of which must be there. At most 200 characters.
    text: Option<String>,
    /// The highest price of a call in dollars: tools that sell something for that or less; "0" for free ones.
    max_price: Option<String>,
    /// How many at most, 1 to 100. Default 50.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// nextCursor of the page before.
    cursor: Option<String>,
}

impl Tool {
    pub const ALL: [Self; 3] = [Self::FindEvents, Self::ListHosts, Self::FindTools];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FindEvents => "findEvents",
            Self::ListHosts => "listHosts",
            Self::FindTools => "findTools",
        }
    }

    /// The name of its list in the answer.
    #[must_use]
    pub const fn list(self) -> &'static str {
        match self {
            Self::FindEvents => "events",
            Self::ListHosts => "hosts",
            Self::FindTools => "tools",
        }
    }

    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    const fn title(self) -> &'static str {
        match self {
            Self::FindEvents => "Find events",
            Self::ListHosts => "List hosts",
            Self::FindTools => "Find tools",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::FindEvents => {
                "Finds events to come of all hosts that are listed here, by words, place, time and price, the next ones first. Free. To buy a seat, call rsvpToEvent at the host's own server (`host.serverUrl`) with the event's id. Titles and descriptions are written by the hosts."
            }
            Self::ListHosts => {
                "Lists the hosts that chose to be found here, each with its own MCP server (`serverUrl`). Free. Names and texts are written by the hosts."
            }
            Self::FindTools => {
                "Finds tools of the listed hosts by words and price: seats, secrets, helpdesk work. Free. Call a tool at the host's own server (`host.serverUrl`)."
            }
        }
    }

    fn schema(self) -> Value {
        match self {
            Self::FindEvents => input_schema::<FindEvents>(),
            Self::ListHosts => input_schema::<ListHosts>(),
            Self::FindTools => input_schema::<FindTools>(),
        }
    }

    /// Its entry in `tools/list`.
    #[must_use]
    pub fn entry(self) -> Value {
        json!({
            "name": self.name(),
            "title": self.title(),
            "description": self.description(),
            "inputSchema": self.schema(),
            "outputSchema": shape::schema(include_str!("answers.json"), self.name()),
            "annotations": {
                "title": self.title(),
                "readOnlyHint": true,
                "destructiveHint": false,
                "idempotentHint": true,
                "openWorldHint": false,
            },
        })
    }

    /// What a call asks the marketplace.
    ///
    /// # Errors
    /// `invalid_arguments` names the field.
    pub fn ask(self, arguments: Value) -> Result<Ask, Failure> {
        Ok(match self {
            Self::FindEvents => {
                let FindEvents { text, place, from, to, max_price, limit, cursor } =
                    read_arguments(arguments)?;
                Ask::Events(EventsAsk {
                    text: words("text", text)?,
                    place: words("place", place)?,
                    from: from.map(|text| fields::moment("from", &text)).transpose()?,
                    to: to.map(|text| fields::moment("to", &text)).transpose()?,
                    price_max: price(max_price.as_deref())?,
                    part: Part { limit, cursor },
                })
            }
            Self::ListHosts => {
                let ListHosts { limit, cursor } = read_arguments(arguments)?;
                Ask::Hosts(HostsAsk { part: Part { limit, cursor } })
            }
            Self::FindTools => {
                let FindTools { text, max_price, limit, cursor } = read_arguments(arguments)?;
                Ask::Tools(ToolsAsk {
                    text: words("text", text)?,
                    price_max: price(max_price.as_deref())?,
                    part: Part { limit, cursor },
                })
            }
        })
    }
}

fn words(field: &'static str, text: Option<String>) -> Result<Option<String>, InvalidField> {
    let text = text.filter(|text| !text.trim().is_empty());
    match text {
        Some(text) if text.chars().count() > TEXT_CHARS_MAX => {
            Err(fields::bad(field, format!("must have at most {TEXT_CHARS_MAX} characters")))
        }
        text => Ok(text),
    }
}

fn price(text: Option<&str>) -> Result<Option<i64>, InvalidField> {
    let read = |text| Usdc::from_dollars(text).map_err(|error| fields::bad("maxPrice", error));
    let price = text.map(read).transpose()?;
    Ok(price.map(|price| i64::try_from(price.atomic()).unwrap_or(i64::MAX)))
}
