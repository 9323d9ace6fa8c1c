//! The guest agent: a person, or a program, talks to it over WebSocket, and it talks to any door: it
//! connects, calls tools, handles "payment required" by itself, asks its person when the policy says so,
//! signs, repeats the call, and reports every step.
//!
//! Everything that has to outlive an eviction is in the object's storage; only what a server asks back while it is called
//! (`questions`) waits in memory for a person. One signature is made for a logical call, whatever becomes of the answer.
//!
//! [`messages`] is what goes over the socket, [`purchases`] what is paid for, `paying`, `asking` and `delivering`
//! how, `waking` looks after what is open, `kept` holds what nobody has heard yet, `seats` knows what the wallet has
//! already, `questions` asks what servers want to know, `door` what is said to doors, `outside` how it gets there,
//! [`owner`] whose a session is, `budget` what its owner spends, `export` writes its payments for spreadsheets, `talk`
//! understands words.

mod asking;
mod budget;
mod delivering;
mod door;
mod export;
mod kept;
pub mod knock;
pub mod messages;
mod outside;
pub mod owner;
mod paying;
pub mod purchases;
mod questions;
mod seats;
pub mod store;
mod talk;
mod waking;
mod wallets;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use alloy_primitives::Address;
use futures_util::lock::Mutex;

use crate::base::id::{PurchaseId, SessionId};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::config::Config;
use crate::guest::knock::SignIn;
use crate::guest::messages::{DeploymentView, In, MESSAGE_BYTES_MAX, Out, PaymentView};
use crate::guest::owner::Life;
use crate::guest::purchases::{Origin, State, open};
use crate::guest::questions::Questions;
use crate::guest::store::Owner;
use crate::host::command::SignedIn;
use crate::mcp::client::Rules;
use crate::ports::storage;
use crate::ports::{
    Alarm, Clock, Directory, Doors, Http, Level, Log, Random, SignOuts, Sockets, Sql, SqlError,
    Timer, Web,
};
use crate::wallets::budget::Budgets;

/// All that a guest asks of the world.
pub trait GuestWorld:
    Clock
    + Random
    + Sql
    + Http
    + Web
    + Doors
    + SignOuts
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
        + Doors
        + SignOuts
        + Budgets
        + Timer
        + Alarm
        + Directory
        + Sockets
        + Log,
> GuestWorld for T
{
}

/// Payments that are shown in a history.
const HISTORY_MAX: u32 = 50;

/// One guest session.
pub struct Guest<W> {
    world: W,
    config: Rc<Config>,
    rules: Rules,
    migrated: Cell<bool>,
    /// What the owner has spent in a day with a wallet, in all sessions, as far as was heard last.
    spent_day: RefCell<Option<(Address, Usdc)>>,
    /// Held while a payment is with a door, by its address.
    turns: RefCell<BTreeMap<String, Rc<Mutex<()>>>>,
    /// Purchases whose result is kept, and told to all in a moment.
    held: RefCell<BTreeSet<String>>,
    /// What servers ask.
    questions: Questions,
}

/// Why a socket is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotLetIn {
    /// There is no such session.
    NoSession,
    /// The token is not its own.
    WrongToken,
    /// It was not used for too long, or is too old.
    Ended,
    /// It has an owner, and nobody has signed in.
    SignInNeeded,
    /// It was begun by somebody else, or by nobody who had signed in.
    NotYours,
    /// Our storage failed.
    Storage(SqlError),
}

/// What went wrong with a message.
#[derive(Debug)]
enum Trouble {
    /// The person can do something about it.
    Said(String),
    /// Our storage failed.
    Storage(SqlError),
}

impl<W: GuestWorld> Guest<W> {
    /// A guest over `world`.
    #[must_use]
    pub fn new(world: W, config: Rc<Config>) -> Self {
        let rules =
            Rules { public_url: config.public_url.clone(), is_local: config.is_at_loopback() };
        Self {
            world,
            config,
            rules,
            migrated: Cell::new(false),
            spent_day: RefCell::default(),
            turns: RefCell::default(),
            held: RefCell::default(),
            questions: Questions::default(),
        }
    }

    /// The world, for the shell around the service.
    #[must_use]
    pub fn world(&self) -> &W {
        &self.world
    }

    /// Begins a new session; its greeting, with the token that resumes it.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub async fn begin(
        &self,
        session: &SessionId,
        who: Option<&SignedIn>,
    ) -> Result<Vec<Out>, SqlError> {
        self.migrate()?;
        let token = alloy_primitives::hex::encode(self.world.bytes::<32>());
        let owner = who.map(|who| Owner { user: who.user.clone(), sign_in: SignIn::of(who) });
        let now = self.world.now();
        self.world.wake_at(now.plus(owner::IDLE_SECONDS));
        store::create(&self.world, session, &token, owner.as_ref(), now)?;
        self.look_at_budget().await?;
        self.greeting(Some(token))
    }

    /// Whether this token resumes the session for who has signed in or not; then its greeting, with everything that waits.
    ///
    /// # Errors
    /// [`NotLetIn`].
    pub async fn resume(
        &self,
        token: &str,
        who: Option<&SignedIn>,
        signed_out_at: Option<UnixSeconds>,
    ) -> Result<Vec<Out>, NotLetIn> {
        if !storage::is_used(&self.world)? {
            return Err(NotLetIn::NoSession);
        }
        self.migrate()?;
        if store::session(&self.world)?.is_none() {
            return Err(NotLetIn::NoSession);
        }
        if !store::is_token(&self.world, token)? {
            return Err(NotLetIn::WrongToken);
        }
        let life = self.lets_in(who)?;
        self.hear_of_sign_out(signed_out_at)?;
        if life == Life::Live {
            self.touch()?;
        }
        // Whoever comes back wants to know what became of what they paid for.
        self.hurry()?;
        self.look_at_budget().await?;
        Ok(self.greeting(None)?)
    }

    /// What a socket is told that was let in with this sign-in and may not say anything any more; `None` if
    /// it may.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn silence(&self, sign_in: Option<SignIn>) -> Result<Option<Out>, SqlError> {
        let is_there = self.migrated.get() || storage::is_used(&self.world)?;
        let why = if is_there {
            self.migrate()?;
            self.is_silenced(sign_in)?
        } else {
            Some(owner::ENDED)
        };
        Ok(why.map(|why| Out::Error { message: why.to_owned() }))
    }

    /// Carries out one message of a socket that may speak.
    pub async fn hear(&self, text: &str) {
        if text.len() > MESSAGE_BYTES_MAX {
            return self.error(&format!("a message may have at most {MESSAGE_BYTES_MAX} bytes"));
        }
        let message = match serde_json::from_str::<In>(text) {
            Ok(message) => message,
            Err(error) => {
                let what: String = error.to_string().chars().take(200).collect();
                return self.error(&format!("this message is not understood: {what}"));
            }
        };
        // Who says something was there for what was told before.
        let done = match self.migrate().and_then(|()| self.left()).and_then(|()| self.touch()) {
            Ok(()) => self.act(message).await,
            Err(error) => Err(Trouble::Storage(error)),
        };
        match done {
            Ok(()) => {}
            Err(Trouble::Said(what)) => self.error(&what),
            Err(Trouble::Storage(error)) => {
                self.world.line(Level::Error, &error.to_string(), &[]);
                self.error("internal error; your money and your payments are looked after");
            }
        }
        self.rearm();
    }

    /// A socket that was told everything is alive, or has left in order: what was told is not kept any longer.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn left(&self) -> Result<(), SqlError> {
        if self.migrated.get() || storage::is_used(&self.world)? {
            self.migrate()?;
            kept::heard(&self.world)?;
        }
        Ok(())
    }

    async fn act(&self, message: In) -> Result<(), Trouble> {
        match message {
            In::ConnectMcp { url } => self.connect(&url).await,
            In::DisconnectMcp {} => self.leave(),
            In::CallTool { tool, arguments, call_id } => {
                self.call(&tool, arguments.into(), call_id, Origin::Call).await
            }
            In::Confirm { confirmation_id } => self.confirm(&purchase_id(&confirmation_id)?).await,
            In::Cancel { confirmation_id } => self.decline(&purchase_id(&confirmation_id)?).await,
            In::Signature { request_id, signature } => {
                self.signature(&purchase_id(&request_id)?, &signature).await
            }
            In::Chat { text } => self.talk(&text).await,
            In::ExportCsv {} => self.export_csv(),
            In::SetPolicy(changes) => self.set_policy(&changes.into()).await,
            In::UseWallet { kind, address } => self.use_wallet(kind, address.as_deref()).await,
        }
    }

    /// What a socket is told when it comes: whatever it may have missed.
    fn greeting(&self, token: Option<String>) -> Result<Vec<Out>, SqlError> {
        let session = store::session(&self.world)?.unwrap_or_default();
        let user_id = store::owner(&self.world)?.map(|owner| owner.user.to_string());
        let mut greeting = vec![Out::Welcome { session, token, user_id }, self.policy_message()?];
        if let Some(info) = self.known_wallet()? {
            greeting.push(Out::WalletInfo(info));
        }
        if let Some(connection) = store::connection(&self.world)? {
            greeting.push(self.connected_message(&connection)?);
        }
        greeting.push(self.history_message()?);
        for purchase in purchases::in_state(&self.world, State::Asked)? {
            greeting.push(self.question(&purchase, "it still waits for your answer"));
        }
        for purchase in purchases::in_state(&self.world, State::Signing)? {
            greeting.extend(self.sign_request(&purchase));
        }
        greeting.extend(self.questions.shown().map(|text| Out::Chat { text }));
        Ok(greeting)
    }

    fn history_message(&self) -> Result<Out, SqlError> {
        let (payments, deployments) = self.history()?;
        Ok(Out::History { payments, deployments })
    }

    fn history(&self) -> Result<(Vec<PaymentView>, Vec<DeploymentView>), SqlError> {
        let newest = purchases::newest(&self.world, HISTORY_MAX)?;
        Ok((
            newest.iter().map(|one| PaymentView::of(&self.config, one)).collect(),
            store::deployments(&self.world, &self.config)?,
        ))
    }

    fn export_csv(&self) -> Result<(), Trouble> {
        let (payments, deployments) = self.history()?;
        self.tell(&Out::Csv { text: export::to_csv(payments, deployments) });
        Ok(())
    }

    /// How far a purchase is now, why, and when it is looked after next; the alarm for that is set before. `false` if
    /// the purchase is over already.
    fn move_on(
        &self,
        id: &PurchaseId,
        state: State,
        reason: &str,
        next: Option<UnixSeconds>,
    ) -> Result<bool, SqlError> {
        if let Some(next) = next {
            self.world.wake_at(next);
        }
        purchases::set_state(&self.world, id, state, reason, next, self.world.now())
    }

    /// Looks after everything that is open, now.
    fn hurry(&self) -> Result<(), SqlError> {
        let now = self.world.now();
        if open::count(&self.world)? > 0 {
            self.world.wake_at(now);
            open::hurry(&self.world, now)?;
        }
        self.rearm();
        Ok(())
    }

    fn migrate(&self) -> Result<(), SqlError> {
        if !self.migrated.get() {
            storage::migrate(&self.world, store::MIGRATIONS, self.world.now())?;
            // An object has one instance at a time, so nothing of an earlier one is still under way.
            open::take_over(&self.world, self.world.now())?;
            self.migrated.set(true);
            self.rearm();
        }
        Ok(())
    }

    /// What was said while nobody was there to hear it, and what was bought and nobody has shown to have heard; for
    /// a socket that has just come. It is forgotten once a socket has shown that ([`Self::left`]).
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn missed(&self) -> Result<Vec<String>, SqlError> {
        let held = self.held.borrow();
        kept::tell(&self.world, |purchase| held.contains(purchase), self.world.now())
    }

    fn tell(&self, message: &Out) {
        // Text and numbers can always be written.
        let text = serde_json::to_string(message).unwrap_or_default();
        if self.world.tell_all(&text) || !message.is_an_answer() {
            return;
        }
        let text = if text.len() > kept::KEPT_BYTES_MAX { too_long_to_keep() } else { text };
        if let Err(error) = kept::miss(&self.world, &text) {
            self.world.line(Level::Error, &error.to_string(), &[]);
        }
    }

    fn error(&self, message: &str) {
        self.tell(&Out::Error { message: message.to_owned() });
    }

    /// A step that people should see.
    fn step(&self, log_type: &'static str, message: impl Into<String>) {
        let timestamp = self.world.now().get().saturating_mul(1_000);
        self.tell(&Out::Log { log_type, message: message.into(), timestamp });
    }
}

fn purchase_id(text: &str) -> Result<PurchaseId, Trouble> {
    PurchaseId::parse(text).map_err(|_| Trouble::Said("there is no such payment".to_owned()))
}

impl From<SqlError> for Trouble {
    fn from(error: SqlError) -> Self {
        Self::Storage(error)
    }
}

impl From<SqlError> for NotLetIn {
    fn from(error: SqlError) -> Self {
        Self::Storage(error)
    }
}

/// In the place of an answer that nobody was there to hear and that does not fit a row.
fn too_long_to_keep() -> String {
    let message = format!(
        "an answer came while nobody was connected, and is too long to be kept (more than {} bytes); call the tool again",
        kept::KEPT_BYTES_MAX
    );
    serde_json::to_string(&Out::Error { message }).unwrap_or_default()
}
