//! The service behind one host's server, generic over the `World` it runs in. It turns a command into a reply.
//!
//! [`mcp`] answers agents over MCP and plain HTTP, what needs no storage is in [`lists`] ([`copies`]: at the gateway), [`api`] answers the host over REST with the types of [`views`],
//! [`tools`] calls a tool, [`caller`] says what a caller may do, [`credentials`] finds the caller, [`sign_in`] works
//! before there is a host, [`wake`] is the alarm, [`rebuild`] and [`restoring`] read lost storage back from KV, and
//! [`backup`] exports and restores. Sales are in [`crate::shop`].

pub mod api;
mod armed;
pub mod backup;
mod bought;
pub mod caller;
pub mod command;
pub mod copies;
pub mod credentials;
mod examples;
mod listing;
pub mod lists;
pub mod mcp;
pub mod object;
mod prepared;
pub mod prices;
mod probe;
pub mod profile;
mod public;
pub mod rebuild;
pub mod records;
pub mod resealing;
pub mod restoring;
pub mod sign_in;
mod subscriptions;
mod sweep;
pub mod tools;
pub mod views;
pub mod wake;

use std::cell::RefCell;
use std::rc::Rc;

use crate::base::code::Code;
use crate::base::http::{Headers, Reply};
use crate::base::rate_limit::RateLimiter;
use crate::config::Config;
use crate::host::armed::Armed;
use crate::host::backup::outgoing::OutPage;
use crate::host::command::{Action, Command, HttpCall};
use crate::host::copies::Known;
use crate::host::object::{Object, Storage};
use crate::host::prepared::Prepared;
use crate::host::rebuild::profile_or_rebuilt;
use crate::host::resealing::Resealing;
use crate::http::problem;
use crate::http::route::{AtHost, Own};
use crate::ledger::limits::Limits;
use crate::ledger::payments;
use crate::mail;
use crate::ports::{Level, Log, SqlError, World, storage};
use crate::products::{desk, events};
use crate::rails::outcome::{Abort, Failure, Fatal};
use crate::sale::cx::Cx;
use crate::sale::prices::Prices;
use crate::sale::request::ok;
use crate::shop::Shop;
use crate::shop::memory::Memory;
use crate::shop::profile::Profile;

/// The service of one host, in the host's object.
pub struct Host<W> {
    world: W,
    config: Rc<Config>,
    storage: Storage,
    /// In-memory state of the shop.
    memory: Memory,
    /// The progress of sealing the vault's values with a new master key.
    resealing: Resealing,
    /// The rate limit of a network address before sign-in, in the object that belongs to the address.
    sign_ins: RefCell<RateLimiter>,
    /// The rate limit of each credential.
    agent_calls: RefCell<RateLimiter>,
    armed: Armed,
    prepared: RefCell<Prepared>,
}

/// A command with the caller's headers and body.
pub struct Request {
    pub command: Command,
    /// The caller's headers, without internal ones.
    pub headers: Headers,
    pub body: Vec<u8>,
}

impl<W: World> Host<W> {
    #[must_use]
    pub fn new(world: W, config: Rc<Config>) -> Self {
        Self {
            world,
            config,
            storage: Storage::default(),
            memory: Memory::default(),
            resealing: Resealing::default(),
            sign_ins: RefCell::default(),
            agent_calls: RefCell::default(),
            armed: Armed::default(),
            prepared: RefCell::default(),
        }
    }

    /// The world, for the Durable Object.
    #[must_use]
    pub fn world(&self) -> &W {
        &self.world
    }

    /// The object, with or without a registered host.
    fn object(&self) -> Object<'_, W> {
        Object { world: &self.world, config: &self.config, storage: &self.storage }
    }

    /// The context of products.
    fn cx<'a>(&'a self, profile: &'a Profile) -> Cx<'a, W> {
        Cx { world: &self.world, config: &self.config, scope: &profile.scope }
    }

    /// The context of sales.
    fn shop<'a>(&'a self, profile: &'a Profile) -> Shop<'a, W> {
        Shop { cx: self.cx(profile), profile, memory: &self.memory }
    }

    /// Executes a command, then sets the alarm for what is due. A failure becomes a reply.
    pub async fn handle(&self, request: Request) -> Reply {
        let request_id = request.command.request_id.clone();
        let is_call =
            matches!(request.command.action, Action::AtHost(AtHost::Mcp | AtHost::Tool(_)));
        // Only browsers get errors as a page. Calls of agents are frequent, so their headers are not cloned.
        let headers = (!is_call).then(|| request.headers.clone());
        let reply = self.dispatch(request).await;
        if !(is_call && self.armed.covers_call(&self.world))
            && let Err(error) = self.rearm()
        {
            log_fatal(&self.world, &error.to_string(), request_id.as_str());
        }
        match reply {
            Ok(reply) => reply,
            Err(failure) => {
                if let Failure::Fatal(Fatal { what, .. }) = &failure {
                    log_fatal(&self.world, what, request_id.as_str());
                }
                let reply = problem::of_failure(&failure, &request_id);
                match headers {
                    Some(headers) => problem::readable(reply, &headers),
                    None => reply,
                }
            }
        }
    }

    async fn dispatch(&self, request: Request) -> Result<Reply, Failure> {
        self.open()?;
        let Request { command, headers, body } = request;
        if let Some(answer) = sign_in::before_sign_in(&self.object(), &self.sign_ins, &command) {
            return answer;
        }
        let command = sign_in::without_the_signed_out(&self.object(), command)?;
        let object = self.object();
        let is_restoring = matches!(command.action, Action::Own(Own::Restore));
        let profile = if is_restoring && backup::is_taking_in(&object)? {
            object.profile()?
        } else {
            profile_or_rebuilt(&object, &command.scope).await?
        };
        let caller = credentials::caller(&object, &self.memory, &command)?;
        if let Action::Own(own) = &command.action {
            self.memory.asked.write(&self.world)?;
            credentials::admit_agent(&object, &self.agent_calls, &caller)?;
            caller::check_own(&caller, own)?;
            // A caller who registers need not be a host yet.
            if *own == Own::Register {
                return profile::register(&object, &command, &body).await;
            }
            if is_restoring {
                return backup::take_in(&object, &self.resealing, &command, &body);
            }
        }
        let profile = profile.ok_or_else(no_such_host)?;
        match &command.action {
            Action::UseNonce { .. }
            | Action::EndSessions(_)
            | Action::SignedOutAt
            | Action::AdmitSource(_)
            | Action::SendCode { .. }
            | Action::CheckCode { .. }
            | Action::MailEvent { .. } => Err(no_such_host()),
            Action::Own(own) => self.own(&profile, &command, &caller, own, &body).await,
            Action::MailIn => mail_in(&self.cx(&profile), &body),
            Action::BoughtBy(ask) => bought::bought_by(&self.cx(&profile), &profile, ask),
            Action::Resealed => resealing::resealed(&object, &self.resealing, &profile),
            Action::AtHost(asked) => match asked {
                AtHost::Mcp => Ok(self.server(&profile, &command, &caller, &headers, &body).await),
                AtHost::Tool(name) => {
                    let asked = HttpCall { name, headers: &headers, body: &body, example: None };
                    self.tool_over_http(&profile, &command, caller, asked).await
                }
                AtHost::ToolPrice(tool) => {
                    probe::answer(self, &profile, &command, (tool, &headers)).await
                }
                AtHost::Manifest => Ok(api::manifest(&self.shop(&profile))?),
                AtHost::ServerCard => listing::card(&self.shop(&profile)),
                AtHost::HostPage => {
                    public::host_page(&self.shop(&profile), command.cursor.as_deref())
                }
                AtHost::EventPage(id) => {
                    public::event_page(&self.shop(&profile), id, command.is_owner())
                }
                AtHost::Calendar(id) => events::rest::calendar(&self.cx(&profile), id),
                AtHost::Share(id) => {
                    events::rest::share(&self.cx(&profile), &profile.words.display_name, id)
                }
                AtHost::Picture(name) => events::uploads::told(&self.cx(&profile), name),
                AtHost::Ticket(code) => public::ticket(&self.shop(&profile), code),
                AtHost::Question(key) => desk::status::page(&self.cx(&profile), key),
                AtHost::Reader(reader) => public::reader(&self.shop(&profile), reader, None),
                AtHost::SetReader(reader) => {
                    public::reader(&self.shop(&profile), reader, Some(&body))
                }
            },
        }
    }

    /// Runs once per instance: migrates storage that is in use, and takes over unfinished work of the previous
    /// instance. An unregistered object stores nothing.
    fn open(&self) -> Result<(), SqlError> {
        if !self.object().is_used() && storage::is_used(&self.world)? {
            self.object().create_storage()?;
            let now = self.world.now();
            self.world.atomically(|| {
                payments::take_over(&self.world, now)?;
                mail::outbox::take_over(&self.world, self.world.delivery(), now)
            })?;
            self.rearm()?;
        }
        Ok(())
    }

    /// Whether an object without a host has nothing left to store. The Durable Object then erases its storage.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn is_over(&self) -> Result<bool, SqlError> {
        sign_in::is_over(&self.object())
    }

    /// What the gateway may know of this host for a while, if there is a host.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn known(&self) -> Result<Option<Known>, SqlError> {
        let Some(profile) = self.object().profile()? else { return Ok(None) };
        let unpaid_per_minute = Limits::load(&self.world)?.unpaid_per_minute;
        let sold = (profile.products, Prices::load(&self.world)?);
        Ok(Some(Known { sold, unpaid_per_minute }))
    }

    /// A page of an export in progress, for the Durable Object, which streams it.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn export_page(&self, id: &str, number: u32) -> Result<Option<OutPage>, SqlError> {
        backup::export_page(&self.object(), id, number)
    }
}

fn log_fatal(log: &impl Log, what: &str, request_id: &str) {
    log.line(Level::Error, what, &[("requestId", request_id)]);
}

/// A customer's mail, as the gateway has read it.
fn mail_in(cx: &Cx<'_, impl World>, body: &[u8]) -> Result<Reply, Failure> {
    let mail = serde_json::from_slice(body);
    let mail = mail.map_err(|error| SqlError(format!("an incoming mail: {error}")))?;
    Ok(ok(&desk::incoming::receive(cx, &mail)?))
}

fn no_such_host() -> Failure {
    Abort::new(Code::NoSuchHost, "no host has a server at this address").into()
}
