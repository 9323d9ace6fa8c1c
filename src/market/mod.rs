//! The marketplace of the deployment: what its listed hosts offer, for agents (`/mcp`), programs (discovery files) and
//! people (`/discover`).
//!
//! A host is here only while it chose to be. Its object tells what it offers ([`listing`]) when that changes, and says when it
//! leaves; so everything here can be lost, and comes back. [`store`] keeps it, [`search`] and [`on_sale`] find in it, [`tools`] are the
//! tools of the marketplace's own MCP server, [`documents`] are the files that registries and scanners read, and [`resources`] is
//! the list that catalogues of x402 read.

pub mod documents;
pub mod listing;
mod offers;
pub mod on_sale;
pub mod pages;
pub mod resources;
pub mod search;
pub mod server;
pub mod store;
pub mod tools;

use serde::{Deserialize, Serialize};

use crate::base::id::ScopeId;
use crate::market::listing::Listing;
use crate::market::on_sale::ResourcesAsk;
use crate::market::search::{Answer, EventsAsk, HostsAsk, ToolsAsk};
use crate::ports::{Clock, Sql, SqlError, storage};

/// A request to the object of the marketplace. Only our own objects and the gateway send one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Ask {
    /// A host tells what it offers now.
    Tell(Box<Listing>),
    /// A host leaves. `version`: as in [`Listing`].
    Leave {
        scope: ScopeId,
        version: u64,
    },
    Hosts(HostsAsk),
    Events(EventsAsk),
    Tools(ToolsAsk),
    Resources(ResourcesAsk),
}

/// Handles a request.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; nothing is changed then.
pub fn answer(world: &(impl Sql + Clock), ask: Ask) -> Result<Answer, SqlError> {
    let now = world.now();
    storage::migrate(world, store::MIGRATIONS, now)?;
    match ask {
        Ask::Tell(listing) => {
            world.atomically(|| store::tell(world, &listing, now)).map(Answer::Told)
        }
        Ask::Leave { scope, version } => {
            world.atomically(|| store::leave(world, &scope, version)).map(|()| Answer::Told(true))
        }
        Ask::Hosts(asked) => search::hosts(world, &asked, now),
        Ask::Events(asked) => search::events(world, &asked, now),
        Ask::Tools(asked) => search::tools(world, &asked, now),
        Ask::Resources(asked) => on_sale::find(world, &asked),
    }
}
