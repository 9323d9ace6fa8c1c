//! What every part of a guest session works with: the world, the settings, and what lives in memory only.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use alloy_primitives::Address;
use futures_util::lock::Mutex;
use serde_json::Value;

use crate::base::money::Usdc;
use crate::chain::rpc::Rpc;
use crate::config::Config;
use crate::guest::messages::Out;
use crate::guest::outbox;
use crate::guest::questions::Questions;
use crate::mcp::client::Rules;
use crate::ports::{
    Alarm, Clock, Directory, Http, Level, Log, Random, Relayers, Servers, SignOuts, Signer,
    Sockets, Sql, SqlError, Timer, Web,
};
use crate::tickets::ask::Purchases;
use crate::wallets::budget::Budgets;

/// How long another object of this deployment is waited for, milliseconds.
pub(super) const HOP_MILLIS: u32 = 10_000;
/// Servers for which it is remembered that a payment is with them.
const TURNS_MAX: usize = 50;

/// All that a guest asks of the world.
pub trait GuestWorld:
    Clock
    + Random
    + Sql
    + Http
    + Web
    + Servers
    + Relayers
    + Signer
    + SignOuts
    + Purchases
    + Budgets
    + Timer
    + Alarm
    + Directory
    + Sockets
    + Log
{
}

impl<
    T: Clock
        + Random
        + Sql
        + Http
        + Web
        + Servers
        + Relayers
        + Signer
        + SignOuts
        + Purchases
        + Budgets
        + Timer
        + Alarm
        + Directory
        + Sockets
        + Log,
> GuestWorld for T
{
}

/// One instance of a session: its world, its settings, its memory. An eviction ends it, and everything that has to
/// outlive that is in the storage.
pub(super) struct Cx<W> {
    pub(super) world: W,
    pub(super) config: Rc<Config>,
    pub(super) rules: Rules,
    /// Whether the storage is open.
    pub(super) migrated: Cell<bool>,
    /// What the owner has spent in a day with a wallet, in all sessions, as far as was heard last.
    pub(super) spent_day: RefCell<Option<(Address, Usdc)>>,
    /// Purchases whose result is kept, and told to all in a moment.
    pub(super) held: RefCell<BTreeSet<String>>,
    /// Questions of servers to the user (MCP elicitation).
    pub(super) questions: Questions,
    /// What became of the tool calls of a language model, which it has not heard yet.
    pub(super) reports: RefCell<VecDeque<Report>>,
    /// Held while a payment is with a server, by its URL.
    turns: RefCell<BTreeMap<String, Rc<Mutex<()>>>>,
}

/// What became of a tool call of a language model.
pub(super) struct Report {
    /// The model's id of the call.
    pub(super) id: String,
    pub(super) result: Value,
}

/// What went wrong with a message.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The person can do something about it.
    Said(String),
    Storage(SqlError),
}

impl<W: GuestWorld> Cx<W> {
    pub(super) fn new(world: W, config: Rc<Config>) -> Self {
        let rules =
            Rules { public_url: config.public_url.clone(), is_local: config.is_at_loopback() };
        Self {
            world,
            config,
            rules,
            migrated: Cell::new(false),
            spent_day: RefCell::default(),
            held: RefCell::default(),
            questions: Questions::default(),
            reports: RefCell::default(),
            turns: RefCell::default(),
        }
    }

    /// Sends a message to every socket. Without a socket an answer is kept for the next one.
    pub(super) fn tell(&self, message: &Out) {
        // Text and numbers can always be written.
        let text = serde_json::to_string(message).unwrap_or_default();
        if self.world.tell_all(&text) || !message.is_an_answer() {
            return;
        }
        let text = if text.len() > outbox::KEPT_BYTES_MAX { too_long_to_keep() } else { text };
        if let Err(error) = outbox::keep(&self.world, &text) {
            self.world.line(Level::Error, &error.to_string(), &[]);
        }
    }

    /// Says something in the chat.
    pub(super) fn say(&self, text: &str) {
        self.tell(&Out::chat(text));
    }

    /// Answers a message that cannot be carried out.
    pub(super) fn error(&self, message: &str) {
        self.tell(&Out::Error { message: message.to_owned() });
    }

    /// Tells people of a step: `info`, `payment` or `error`.
    pub(super) fn log(&self, log_type: &'static str, message: impl Into<String>) {
        let timestamp = self.world.now().get().saturating_mul(1_000);
        self.tell(&Out::Log { log_type, message: message.into(), timestamp });
    }

    /// The endpoint of a network (CAIP-2).
    pub(super) fn rpc_of(&self, network: &str) -> Option<Rpc> {
        self.config.rpc_urls.get(network).map(|url| Rpc { url: url.clone() })
    }

    /// The turn at a server: it carries out one payment of a wallet at a time, others would only be told to wait.
    pub(super) fn turn_at(&self, server: &str) -> Rc<Mutex<()>> {
        let mut turns = self.turns.borrow_mut();
        if turns.len() >= TURNS_MAX {
            turns.retain(|_, turn| Rc::strong_count(turn) > 1);
        }
        Rc::clone(turns.entry(server.to_owned()).or_default())
    }
}

impl From<SqlError> for Trouble {
    fn from(error: SqlError) -> Self {
        Self::Storage(error)
    }
}

/// In the place of an answer that nobody was there to hear and that does not fit a row.
fn too_long_to_keep() -> String {
    let message = format!(
        "an answer came while nobody was connected, and is too long to be kept (more than {} bytes); call the tool again",
        outbox::KEPT_BYTES_MAX
    );
    serde_json::to_string(&Out::Error { message }).unwrap_or_default()
}
