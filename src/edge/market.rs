//! The marketplace at the gateway: its MCP server, its files, and its page.

use serde_json::{Value, json};
use worker::{Env, Response};

use crate::base::code::Code;
use crate::base::http::{Headers, Reply};
use crate::base::time::UnixSeconds;
use crate::base::web_address::Url;
use crate::edge::gate::Gate;
use crate::edge::gateway::{Gateway, Stop};
use crate::edge::platform::{log, now};
use crate::edge::rpc::ask_market;
use crate::http::admission::Cost;
use crate::http::route::{AtMarket, Route};
use crate::http::source::Source;
use crate::market::documents::{self, ENTRIES_MAX, Shelf};
use crate::market::resources::Wanted;
use crate::market::search::{Answer, EventsAsk, HostsAsk, Part, ToolsAsk};
use crate::market::server::{Market, add_addresses, serve};
use crate::market::tools::Tool;
use crate::market::{Ask, pages};
use crate::ports::{Clock, Level, Log};
use crate::rails::outcome::{Abort, Fatal, Money};

impl Gateway {
    pub(super) async fn market(
        &self,
        asked: AtMarket,
        url: &Url,
        (headers, body): (&Headers, &[u8]),
        origin: Option<&str>,
    ) -> Result<Response, Stop> {
        let world = self.marketplace(headers);
        let config = &self.gate.config;
        let reply = match asked {
            AtMarket::Mcp => serve(&world, config, (headers, body), &self.gate.request_id).await,
            AtMarket::File(file) => {
                let shelf = self.shelf(&world, documents::lists(file)).await?;
                documents::reply(file, config, &shelf, now())
                    .unwrap_or_else(|| crate::http::problem::not_found(&self.gate.request_id))
            }
            AtMarket::Page => self.discover(&world, url).await?,
        };
        // What everybody may read, every page may.
        let origin = if matches!(asked, AtMarket::File(_)) { None } else { origin };
        Ok(self.answer(reply, origin)?)
    }

    /// The page for people. Fields that cannot be read are left out of the search, and the page says so.
    async fn discover(&self, world: &EdgeMarket<'_>, url: &Url) -> Result<Reply, Stop> {
        let query = |name: &str| url.field(name).filter(|value| !value.trim().is_empty());
        let wanted = pages::Wanted::read(query, now());
        let ask = Ask::Events(wanted.ask());
        let (events, next) = self.found(world, Tool::FindEvents, ask).await?;
        let page = pages::page(&wanted, &events, next.as_deref(), now());
        page.map_err(|what| self.fatal(what))
    }

    /// What the listed hosts offer, for a file that reads these lists; the others stay empty.
    async fn shelf(&self, world: &EdgeMarket<'_>, lists: &[Tool]) -> Result<Shelf, Stop> {
        let part = || Part { limit: Some(ENTRIES_MAX), cursor: None };
        let mut shelf = Shelf::default();
        for tool in lists.iter().copied() {
            let (list, ask) = match tool {
                Tool::ListHosts => (&mut shelf.hosts, Ask::Hosts(HostsAsk { part: part() })),
                Tool::FindEvents => {
                    let ask = EventsAsk { part: part(), ..EventsAsk::default() };
                    (&mut shelf.events, Ask::Events(ask))
                }
                Tool::FindTools => {
                    let ask = ToolsAsk { part: part(), ..ToolsAsk::default() };
                    (&mut shelf.tools, Ask::Tools(ask))
                }
            };
            (*list, _) = self.found(world, tool, ask).await?;
        }
        Ok(shelf)
    }

    /// The entries that `tool` finds, with their addresses, and the cursor of the next page.
    async fn found(
        &self,
        world: &EdgeMarket<'_>,
        tool: Tool,
        ask: Ask,
    ) -> Result<(Vec<Value>, Option<String>), Stop> {
        match world.ask(ask).await {
            Ok(Answer::Found(mut entries, next)) => {
                entries.iter_mut().for_each(|entry| add_addresses(&self.gate.config, tool, entry));
                Ok((entries, next))
            }
            // A cursor that somebody has changed: the list begins anew.
            Ok(Answer::Invalid(_)) => Ok((Vec::new(), None)),
            Ok(Answer::Told(_)) => {
                Err(self.fatal("the marketplace has answered another question".to_owned()))
            }
            Err(what) => Err(self.fatal(what)),
        }
    }

    /// What listed hosts sell, for catalogues of x402.
    pub(super) async fn resources(&self, url: &Url, headers: &Headers) -> Result<Reply, Stop> {
        let query = |name: &str| url.field(name);
        let config = &self.gate.config;
        let wanted = Wanted::read(&query, config).map_err(|field| {
            let refused = Abort::new(Code::InvalidArguments, field.to_string()).with_status(400);
            Stop::Reply(self.gate.problem(&refused))
        })?;
        let Some(ask) = wanted.ask() else { return Ok(wanted.reply(config, (&[], None))) };
        let world = self.marketplace(headers);
        let (found, total) = self.found(&world, Tool::FindTools, Ask::Resources(ask)).await?;
        Ok(wanted.reply(config, (&found, total.as_deref())))
    }

    fn marketplace(&self, headers: &Headers) -> EdgeMarket<'_> {
        EdgeMarket { env: self.env.clone(), gate: &self.gate, source: Source::of(headers) }
    }

    fn fatal(&self, what: String) -> Stop {
        log(Level::Error, &what, &[("requestId", self.gate.request_id.as_str())]);
        let fatal = Fatal { what, money: Money::NotAsked };
        Stop::Reply(crate::http::problem::of_fatal(&fatal, &self.gate.request_id))
    }
}

/// The marketplace's object, the rate limit of who asks it, and a clock.
struct EdgeMarket<'a> {
    env: Env,
    gate: &'a Gate,
    source: Source,
}

impl Market for EdgeMarket<'_> {
    async fn ask(&self, ask: Ask) -> Result<Answer, String> {
        let answer = ask_market(&self.env, &json!(ask).to_string()).await;
        let answer = answer.map_err(|error| error.to_string())?;
        serde_json::from_str(&answer).map_err(|error| error.to_string())
    }

    fn admit_another(&self) -> Result<(), i64> {
        self.gate.admit(&self.source, Cost::of(&Route::Market(AtMarket::Mcp)))
    }
}

impl Clock for EdgeMarket<'_> {
    fn now(&self) -> UnixSeconds {
        now()
    }
}

impl Log for EdgeMarket<'_> {
    fn line(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        log(level, message, fields);
    }
}
