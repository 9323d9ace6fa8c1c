//! All that the core asks of the world. `edge` implements these on Workers, tests in memory.

mod inbox;
pub mod mail;
pub mod metered;
pub mod paging;
pub mod storage;

use std::future::Future;
use std::pin::pin;

use futures_util::future::{Either, select};
use serde::{Deserialize, Serialize};

use crate::base::http::Headers;
use crate::base::id::ScopeId;
pub use crate::base::random::Random;
use crate::base::signing_key::SigningKey;
use crate::base::time::UnixSeconds;
pub use inbox::Inbox;
pub use mail::{Delivery, Mail, MailError, Message, Sent};

/// The present moment.
pub trait Clock {
    /// Now.
    fn now(&self) -> UnixSeconds;
}

/// A value in SQLite. Integers must lie within ±(2^53 - 1); 256-bit numbers are kept as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlValue {
    /// `NULL`
    Null,
    /// `INTEGER`
    Int(i64),
    /// `TEXT`
    Text(String),
}

/// A statement that SQLite refused. The message is for us, never for a caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("storage: {0}")]
pub struct SqlError(pub String);

/// One row of an answer.
pub type Row = Vec<SqlValue>;

/// The object's own SQLite. Synchronous, so that nothing can run between reading and writing.
pub trait Sql {
    /// Runs one statement with numbered parameters `?1`, `?2`, …
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError>;

    /// Runs `block` so that either all of its writes stay or, if it answers an error, none.
    /// Not to be nested.
    ///
    /// # Errors
    /// The block's own error, or [`SqlError`] if SQLite refuses to commit.
    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E>;
}

/// The platform signs nothing with this key. The message is for us and repeats nothing of the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signing: {0}")]
pub struct SignError(pub String);

/// Signatures by the platform's own cryptography.
pub trait Signer {
    /// The signature of `message`: 64 bytes, as a JSON Web Signature has it (RFC 7518, section 3.4; RFC 8037,
    /// section 3.1).
    ///
    /// # Errors
    /// [`SignError`] if the platform does not take the key.
    fn sign(
        &self,
        key: &SigningKey,
        message: &[u8],
    ) -> impl Future<Output = Result<Vec<u8>, SignError>>;
}

/// An outgoing HTTP request with a JSON body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET` when there is no body, else `POST`.
    pub body: Option<String>,
    /// Absolute address.
    pub url: String,
    /// Headers besides `content-type`.
    pub headers: Vec<(String, String)>,
    /// When to give up, milliseconds.
    pub timeout_millis: u32,
    /// The longest answer we read, bytes.
    pub response_bytes_max: usize,
}

/// What came back, whatever the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

/// No answer that can be read came back. Whether the request arrived is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Nothing within the time limit.
    #[error("no answer within the time limit")]
    Timeout,
    /// The connection failed or broke.
    #[error("connection failed: {0}")]
    Connection(String),
    /// The answer was longer than allowed.
    #[error("the answer is too long")]
    TooLong,
    /// The server did not take the request and names another address for it (HTTP 301, 302, 307, 308). We do not
    /// go there: the operator decides whom we ask.
    #[error("HTTP {status}: it has moved to {to}")]
    Redirected {
        /// The status code.
        status: u16,
        /// Where to, without its query.
        to: String,
    },
}

/// Outgoing HTTP.
pub trait Http {
    /// Sends and reads the whole answer; redirects are not followed.
    fn send(&self, request: HttpRequest) -> impl Future<Output = Result<HttpResponse, HttpError>>;
}

/// An outgoing request to somebody else's server, of whatever kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebRequest {
    /// `GET`, `POST` or `DELETE`.
    pub method: WebMethod,
    /// Absolute address.
    pub url: String,
    /// All headers, `content-type` among them.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    pub body: Option<String>,
    /// When to give up, milliseconds.
    pub timeout_millis: u32,
    /// The longest answer we read, bytes.
    pub response_bytes_max: usize,
    /// Of an event stream we read no further than the JSON-RPC answer with this id.
    pub until_answer_to: Option<u64>,
    /// Gets the messages of an event stream while it comes, besides that answer.
    pub inbox: Option<Inbox>,
}

/// The method of a [`WebRequest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebMethod {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `DELETE`
    Delete,
}

/// What came back, whatever the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebResponse {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body as text.
    pub body: String,
}

/// The web, as a client of strangers' servers.
pub trait Web {
    /// Sends and reads the answer; redirects are not followed.
    fn exchange(&self, request: WebRequest)
    -> impl Future<Output = Result<WebResponse, HttpError>>;
}

/// The doors of this deployment, reached without leaving it.
pub trait Doors {
    /// One request to a host's door, as [`Web::exchange`] would send it to the door's address.
    fn knock(
        &self,
        door: &ScopeId,
        request: WebRequest,
    ) -> impl Future<Output = Result<WebResponse, HttpError>>;
}

/// A failure of KV. The message is for us, never for a caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("kv: {0}")]
pub struct KvError(pub String);

/// The published records (eventually consistent).
pub trait Kv {
    /// The value of a key.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<String>, KvError>>;
    /// Writes a key.
    fn put(&self, key: &str, value: &str) -> impl Future<Output = Result<(), KvError>>;
    /// Removes a key, if it is there.
    fn delete(&self, key: &str) -> impl Future<Output = Result<(), KvError>>;
    /// Up to 1,000 names that begin with `prefix`, and the cursor of the next page.
    fn list(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<(Vec<String>, Option<String>), KvError>>;
}

/// A payment that a host wants for itself, of all hosts with the same payout address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayeeClaim {
    /// The payout address (EIP-55).
    pub pay_to: String,
    /// Network, token, payer and nonce of the payment.
    pub payment: String,
    /// The host that asks.
    pub holder: ScopeId,
    /// When the payment runs out.
    pub valid_before: UnixSeconds,
}

/// The payout address's object cannot be asked. Whether it wrote the claim down is not known; the
/// same host may ask again. The message is for us.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("payee: {0}")]
pub struct PayeeError(pub String);

/// The objects of the payout addresses, each shared by all hosts that are paid there
/// ([`crate::ledger::payee`]).
pub trait Payees {
    /// Whether the payment belongs to the host that asks.
    fn claim(&self, claim: PayeeClaim) -> impl Future<Output = Result<bool, PayeeError>>;
}

/// The object's one alarm.
pub trait Alarm {
    /// Wakes the object at `at`, unless it is to wake earlier anyway. It is written together with what is
    /// written to storage before the next `await`, so there is never a row without the alarm that it needs.
    ///
    /// What an earlier instance has set is not known: whoever opens the object's storage sets the alarm for
    /// everything that is due there.
    fn wake_at(&self, at: UnixSeconds);
}

/// The directory of objects that have something open ([`crate::directory`]).
pub trait Directory {
    /// Notes that this object has something open, so that it is looked after even if its alarm is lost. Nobody
    /// waits for this. It costs something at most every [`crate::directory::NOTE_SECONDS`].
    fn note_open(&self);
}

/// A user's own object cannot be asked. The message is for us.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sign-outs: {0}")]
pub struct SignOutsError(pub String);

/// The users' own objects, which know who has signed out ([`crate::identity::epoch`]).
pub trait SignOuts {
    /// When the user of this scope signed out last, if that is remembered.
    fn signed_out_at(
        &self,
        scope: &ScopeId,
    ) -> impl Future<Output = Result<Option<UnixSeconds>, SignOutsError>>;
}

/// The sockets of a guest session, one for each tab.
pub trait Sockets {
    /// Closes those whose sign-in is not later than this sign-out.
    fn dismiss(&self, signed_out_at: UnixSeconds);
    /// Sends a text to all of them; whether there was any.
    fn tell_all(&self, text: &str) -> bool;
    /// Whether one of them wants to see what goes to doors and comes back.
    fn is_watched(&self) -> bool;
    /// Sends a text to those that do.
    fn tell_watching(&self, text: &str);
}

/// Waiting.
pub trait Timer {
    /// Goes on after so many milliseconds.
    fn sleep(&self, millis: u32) -> impl Future<Output = ()>;
}

/// What comes of `work` within so many milliseconds; `None` if that is over first. `work` is dropped then, and
/// what it has asked of others may still happen.
pub async fn within<T>(
    timer: &impl Timer,
    millis: u32,
    work: impl Future<Output = T>,
) -> Option<T> {
    match select(pin!(work), pin!(timer.sleep(millis))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(((), _)) => None,
    }
}

/// Our own facilitator ([`crate::facilitator::own`]), one object for each network.
pub trait Relayers {
    /// Asks the object of a network (CAIP-2 id), in the name of a host of this deployment.
    fn settle(
        &self,
        network: &'static str,
        order: RelayerOrder,
    ) -> impl Future<Output = Result<HttpResponse, HttpError>>;
}

/// What our own facilitator is to do with a payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// To move its money, or to say what became of that.
    #[default]
    Settle,
    /// To say what became of it, and to move nothing.
    Look,
}

/// What a host asks our own facilitator: the body of a `/settle`, and who asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RelayerOrder {
    /// What for.
    #[serde(default)]
    pub purpose: Purpose,
    /// Who gets the answer.
    pub claimant: String,
    /// The payment as received.
    pub payment: serde_json::Value,
    /// Our requirements.
    pub requirements: serde_json::Value,
}

/// Lines for us. Never bodies, secrets, signatures or e-mail addresses.
pub trait Log {
    /// One line with its level.
    fn line(&self, level: Level, message: &str, fields: &[(&str, &str)]);
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A step worth knowing.
    Info,
    /// Somebody should look.
    Warn,
    /// We are at fault.
    Error,
}

/// Everything a host's object may ask of the world.
pub trait World:
    Clock
    + Random
    + Signer
    + Sql
    + Http
    + Web
    + Kv
    + Payees
    + Relayers
    + Mail
    + Alarm
    + Directory
    + Timer
    + Log
{
}

impl<
    T: Clock
        + Random
        + Signer
        + Sql
        + Http
        + Web
        + Kv
        + Payees
        + Relayers
        + Mail
        + Alarm
        + Directory
        + Timer
        + Log,
> World for T
{
}
