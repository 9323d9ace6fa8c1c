//! What a host tells the marketplace. Hosts write these texts, so they are bounded here again, whatever the host's object
//! has checked.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::id::{EventId, ScopeId};
use crate::base::money::Usdc;
use crate::base::text::line;
use crate::base::time::UnixSeconds;

/// Events of one host at most, the next ones.
pub const EVENTS_MAX: usize = 50;
/// Tools of one host at most.
pub const TOOLS_MAX: usize = 40;
const NAME_CHARS_MAX: usize = 80;
const ABOUT_CHARS_MAX: usize = 500;
const TITLE_CHARS_MAX: usize = 200;
const PLACE_CHARS_MAX: usize = 300;
const DESCRIPTION_CHARS_MAX: usize = 1_000;

/// What a host offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    pub scope: ScopeId,
    /// Grows with each thing that the host tells.
    pub version: u64,
    /// Its name, or what stands for it.
    pub name: String,
    pub about: String,
    /// Where its money goes.
    pub pay_to: Address,
    /// Whether anybody has paid there.
    pub has_sold: bool,
    pub events: Vec<ListedEvent>,
    pub tools: Vec<ListedTool>,
}

/// An event to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedEvent {
    pub id: EventId,
    pub title: String,
    pub place: String,
    pub starts_at: UnixSeconds,
    /// When it is over.
    pub ends_at: UnixSeconds,
    pub price: Usdc,
    /// What strangers are shown of it, as JSON.
    pub view: Value,
}

/// A tool that strangers may call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedTool {
    pub name: String,
    pub title: String,
    pub description: String,
    /// The lowest and the highest price of what it sells now; `None` if it is for sale and there is nothing to sell.
    pub prices: Option<(Usdc, Usdc)>,
    /// The price in words, if it depends on what is bought.
    pub price_words: Option<String>,
    pub example: Option<Example>,
}

/// A call that buys something now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    pub arguments: Value,
    /// What it costs; never nothing.
    pub price: Usdc,
}

impl Listing {
    /// The same within the bounds.
    #[must_use]
    pub fn bounded(&self) -> Self {
        let mut bounded = self.clone();
        bounded.name = line(&self.name, NAME_CHARS_MAX);
        bounded.about = line(&self.about, ABOUT_CHARS_MAX);
        bounded.events.truncate(EVENTS_MAX);
        bounded.tools.truncate(TOOLS_MAX);
        for event in &mut bounded.events {
            event.title = line(&event.title, TITLE_CHARS_MAX);
            event.place = line(&event.place, PLACE_CHARS_MAX);
        }
        for tool in &mut bounded.tools {
            tool.title = line(&tool.title, TITLE_CHARS_MAX);
            tool.description = line(&tool.description, DESCRIPTION_CHARS_MAX);
        }
        bounded
    }
}
