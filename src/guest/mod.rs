//! The guest agent: a person, or a program, talks to it over WebSocket, and it talks to any MCP server: it connects,
//! calls tools, handles "payment required" by itself, asks its person when the policy says so, signs, repeats the call,
//! and reports every step.
//!
//! Everything that has to outlive an eviction is in the object's storage; only what a server asks back while it is called
//! (`questions`) waits in memory for a person. One signature is made for a logical call, whatever becomes of the answer.
//!
//! From the lowest to the highest: [`messages`] goes over the socket, [`handshake`] is how a socket comes, `session` and
//! `outbox` are rows, `cx` is what every function gets, `questions` and `outside` belong to the MCP client, `owner`,
//! `budget`, `wallets`, `seats`, `history` and `report` each do one thing, [`purchase`] pays for a call, [`withdrawal`]
//! sends money out of a wallet that is kept, `custody` shows these, `server` calls
//! tools, `chat` understands words, `alarm` looks after what is open. Imports point one way.

mod abilities;
mod again;
mod alarm;
mod budget;
mod chat;
mod connection;
mod custody;
mod cx;
mod everything;
mod free;
pub mod handshake;
mod held;
mod history;
mod lists;
pub mod messages;
mod outbox;
mod outside;
mod owner;
mod party;
pub mod purchase;
mod questions;
mod refunds;
mod report;
mod seats;
mod server;
mod session;
mod sums;
pub mod views;
mod wallets;
mod wishes;
pub mod withdrawal;

use std::rc::Rc;

pub use cx::GuestWorld;
pub use owner::{ENDED, NotLetIn};
pub use session::MIGRATIONS;

use crate::base::id::{PurchaseId, SessionId};
use crate::base::time::UnixSeconds;
use crate::config::Config;
use crate::guest::cx::{Cx, Trouble};
use crate::guest::handshake::SignIn;
use crate::guest::messages::{In, MESSAGE_BYTES_MAX, Out};
use crate::guest::owner::Life;
use crate::guest::purchase::machine::Event;
use crate::guest::purchase::model::{Origin, State};
use crate::guest::purchase::offer::{question, sign_request};
use crate::guest::purchase::{run, store};
use crate::guest::session::Owner;
use crate::host::command::SignedIn;
use crate::ports::{Level, SqlError, storage};

/// The service of one guest session, in the session's object.
pub struct Guest<W> {
    cx: Cx<W>,
}

impl<W: GuestWorld> Guest<W> {
    /// A guest over `world`.
    #[must_use]
    pub fn new(world: W, config: Rc<Config>) -> Self {
        Self { cx: Cx::new(world, config) }
    }

    /// The world, for the shell around the service.
    #[must_use]
    pub fn world(&self) -> &W {
        &self.cx.world
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
        let cx = &self.cx;
        alarm::open(cx)?;
        let token = alloy_primitives::hex::encode(cx.world.bytes::<32>());
        let owner = who.map(|who| Owner { user: who.user.clone(), sign_in: SignIn::of(who) });
        let now = cx.world.now();
        cx.world.wake_at(now.plus(session::IDLE_SECONDS));
        session::create(&cx.world, session, &token, owner.as_ref(), now)?;
        budget::look_at_budget(cx).await?;
        greeting(cx, Some(token))
    }

    /// Whether this token resumes the session for this sign-in; then its greeting, with everything that waits.
    ///
    /// # Errors
    /// [`NotLetIn`].
    pub async fn resume(
        &self,
        token: &str,
        who: Option<&SignedIn>,
        signed_out_at: Option<UnixSeconds>,
    ) -> Result<Vec<Out>, NotLetIn> {
        let cx = &self.cx;
        if !storage::is_used(&cx.world)? {
            return Err(NotLetIn::NoSession);
        }
        alarm::open(cx)?;
        if session::id(&cx.world)?.is_none() {
            return Err(NotLetIn::NoSession);
        }
        if !session::is_token(&cx.world, token)? {
            return Err(NotLetIn::WrongToken);
        }
        let life = owner::lets_in(cx, who)?;
        owner::hear_of_sign_out(cx, signed_out_at)?;
        if life == Life::Live {
            owner::touch(cx)?;
        }
        // A person who comes back wants to know what became of the payments.
        alarm::hurry(cx)?;
        budget::look_at_budget(cx).await?;
        Ok(greeting(cx, None)?)
    }

    /// What a socket is told that was let in with this sign-in and may not send messages any more; `None` if it may.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn silence(&self, sign_in: Option<SignIn>) -> Result<Option<Out>, SqlError> {
        let is_there = alarm::open_if_used(&self.cx)?;
        let why = if is_there { owner::is_silenced(&self.cx, sign_in)? } else { Some(ENDED) };
        Ok(why.map(|why| Out::Error { message: why.to_owned() }))
    }

    /// Carries out one message of a socket that may send.
    pub async fn hear(&self, text: &str) {
        self.hear_from(text, None).await;
    }

    /// The same of a socket that came with this sign-in, which a withdrawal needs.
    pub async fn hear_from(&self, text: &str, sign_in: Option<SignIn>) {
        let cx = &self.cx;
        if text.len() > MESSAGE_BYTES_MAX {
            return cx.error(&format!("a message may have at most {MESSAGE_BYTES_MAX} bytes"));
        }
        let message = match serde_json::from_str::<In>(text) {
            Ok(message) => message,
            Err(error) => {
                let what: String = error.to_string().chars().take(200).collect();
                return cx.error(&format!("this message is not understood: {what}"));
            }
        };
        // A client that sends a message was there for what was told before.
        let ready = alarm::open(cx).and_then(|()| self.left()).and_then(|()| owner::touch(cx));
        let done = match ready {
            Ok(()) => act(cx, message, sign_in).await,
            Err(error) => Err(Trouble::Storage(error)),
        };
        answer(cx, done);
        answer(cx, chat::hear_reports(cx).await);
        alarm::rearm(cx);
    }

    /// A socket that was told everything is alive, or has closed in order: what was told is not kept any longer.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn left(&self) -> Result<(), SqlError> {
        if alarm::open_if_used(&self.cx)? {
            outbox::heard(&self.cx.world)?;
        }
        Ok(())
    }

    /// The kept messages for a socket that has just come: answers that no socket was there for, and results that no
    /// client has shown to have. They are forgotten after [`Self::left`].
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn missed(&self) -> Result<Vec<String>, SqlError> {
        let held = self.cx.held.borrow();
        outbox::tell(&self.cx.world, |purchase| held.contains(purchase), self.cx.world.now())
    }

    /// Does what is due. It never fails: what goes wrong is logged, stops nothing else, and is tried again.
    pub async fn wake(&self) {
        let cx = &self.cx;
        alarm::wake(cx).await;
        if let Err(Trouble::Storage(error)) = chat::hear_reports(cx).await {
            cx.world.line(Level::Error, &error.to_string(), &[]);
        }
    }

    /// Sets the alarm for everything that is due; whether a purchase is open. The cron asks this
    /// ([`crate::directory`]).
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn sweep(&self) -> Result<bool, SqlError> {
        alarm::sweep(&self.cx)
    }

    /// Whether the session is over and nothing that was paid for is waited for. If so, this service has forgotten its
    /// storage, and the shell erases it before anything else happens.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn is_over(&self) -> Result<bool, SqlError> {
        owner::is_over(&self.cx)
    }
}

async fn act<W: GuestWorld>(
    cx: &Cx<W>,
    message: In,
    sign_in: Option<SignIn>,
) -> Result<(), Trouble> {
    match message {
        In::ConnectMcp { url } => server::connect(cx, &url).await,
        In::DisconnectMcp {} => server::leave(cx),
        In::CallTool { tool, arguments, call_id } => {
            server::call(cx, &tool, arguments.into(), call_id, Origin::Call).await
        }
        In::Confirm { confirmation_id } => {
            run::feed_message(cx, &purchase_id(&confirmation_id)?, Event::Confirmed).await
        }
        In::Cancel { confirmation_id } => {
            if let Some((tool, taker)) = again::declined(cx, &confirmation_id)? {
                free::declined(cx, &tool, taker.as_ref());
                return Ok(());
            }
            run::feed_message(cx, &purchase_id(&confirmation_id)?, Event::Declined).await
        }
        In::Signature { request_id, signature } => {
            if let Some(signed) = Box::pin(again::signed(cx, &request_id, &signature)).await? {
                return match signed.taker {
                    Some(_) => free::signed(cx, signed),
                    None => wishes::shown_again(cx, &signed.tool, signed.again),
                };
            }
            let event = Event::SignatureReceived(signature);
            run::feed_message(cx, &purchase_id(&request_id)?, event).await
        }
        In::Chat { text } => Box::pin(chat::talk(cx, &text)).await,
        In::ExportCsv {} => {
            cx.tell(&history::csv_message(cx)?);
            Ok(())
        }
        In::SetPolicy(changes) => budget::set_policy(cx, &changes.into()).await,
        In::UseWallet { kind, address } => wallets::use_wallet(cx, kind, address.as_deref()).await,
        In::ShowCustody {} => Box::pin(custody::show(cx)).await,
        In::Withdraw { request_id, from, network, to, amount, token } => {
            let asked =
                withdrawal::ask::Asked { request_id, from, network, to, amount, token, sign_in };
            Box::pin(withdrawal::ask::withdraw(cx, asked)).await
        }
    }
}

fn answer<W: GuestWorld>(cx: &Cx<W>, done: Result<(), Trouble>) {
    match done {
        Ok(()) => {}
        Err(Trouble::Said(what)) => cx.error(&what),
        Err(Trouble::Storage(error)) => {
            cx.world.line(Level::Error, &error.to_string(), &[]);
            cx.error("internal error; your money and your payments are looked after");
        }
    }
}

/// What a socket is told when it comes: the state of the session, and the questions that wait.
fn greeting<W: GuestWorld>(cx: &Cx<W>, token: Option<String>) -> Result<Vec<Out>, SqlError> {
    let session = session::id(&cx.world)?.unwrap_or_default();
    let user_id = session::owner(&cx.world)?.map(|owner| owner.user.to_string());
    let mut greeting = vec![Out::Welcome { session, token, user_id }, budget::policy_message(cx)?];
    if let Some(info) = wallets::known_wallet(cx)? {
        greeting.push(Out::WalletInfo(info));
    }
    if let Some(connection) = session::connection(&cx.world)? {
        greeting.push(server::connected_message(cx, &connection)?);
    }
    greeting.push(history::message(cx)?);
    for purchase in store::in_state(&cx.world, State::Asked)? {
        greeting.push(question(&purchase, "it still waits for your answer"));
    }
    for purchase in store::in_state(&cx.world, State::Signing)? {
        if wallets::is_signed_in_browser(cx, &purchase)? {
            greeting.extend(sign_request(&purchase));
        }
    }
    greeting.extend(again::waiting(cx)?);
    greeting.extend(cx.questions.shown().map(Out::chat));
    Ok(greeting)
}

fn purchase_id(text: &str) -> Result<PurchaseId, Trouble> {
    PurchaseId::parse(text).map_err(|_| Trouble::Said("there is no such payment".to_owned()))
}
