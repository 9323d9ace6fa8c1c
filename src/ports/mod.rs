//! The ports: everything that the core needs from outside. `edge` implements them on Workers, tests in memory.

mod inbox;
pub mod mail;
mod memo;
pub mod metered;
pub mod paging;
mod sql;
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
pub use memo::{Memo, may_write};
pub use sql::{Row, Sql, SqlError, SqlValue};

/// The source of the current time.
pub trait Clock {
    /// The current time, in whole seconds.
    fn now(&self) -> UnixSeconds;
}

/// The platform refused to sign with a key. The message is for our logs and repeats nothing of the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signing: {0}")]
pub struct SignError(pub String);

/// Signs with the platform's cryptography.
pub trait Signer {
    /// The 64-byte signature of `message`, in the form of a JSON Web Signature (RFC 7518, section 3.4; RFC 8037, section
    /// 3.1).
    ///
    /// # Errors
    /// [`SignError`] if the platform refuses the key.
    fn sign(
        &self,
        key: &SigningKey,
        message: &[u8],
    ) -> impl Future<Output = Result<Vec<u8>, SignError>>;
}

/// An outgoing HTTP request with a JSON body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// `None` sends a `GET`, a body a `POST`.
    pub body: Option<String>,
    pub url: String,
    /// All headers except `content-type`, which is added.
    pub headers: Vec<(String, String)>,
    /// The limit until the whole response is read, milliseconds.
    pub timeout_millis: u32,
    /// The longest response that is read, bytes.
    pub response_bytes_max: usize,
}

/// A complete response of any status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    pub status: u16,
    /// The body as text.
    pub body: String,
}

/// No readable response. It is not known whether the request arrived.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No response within the time limit.
    #[error("no answer within the time limit")]
    Timeout,
    /// The connection could not be made, or broke.
    #[error("connection failed: {0}")]
    Connection(String),
    /// The response is longer than the request allows.
    #[error("the answer is too long")]
    TooLong,
    /// The server redirects the request (HTTP 301, 302, 307, 308). Redirects are not followed, because the operator decides
    /// which servers are asked.
    #[error("HTTP {status}: it has moved to {to}")]
    Redirected {
        /// 301, 302, 307 or 308.
        status: u16,
        /// The target URL, without its query.
        to: String,
    },
}

/// Outgoing HTTP to services that the operator configured.
pub trait Http {
    /// Sends the request and reads the whole response. Redirects are not followed.
    fn send(&self, request: HttpRequest) -> impl Future<Output = Result<HttpResponse, HttpError>>;
}

/// An outgoing request to a server that a guest chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebRequest {
    pub method: WebMethod,
    pub url: String,
    /// All headers, including `content-type`.
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    /// The limit until the whole response is read, milliseconds.
    pub timeout_millis: u32,
    /// The longest response that is read, bytes.
    pub response_bytes_max: usize,
    /// Stop reading an event stream after the JSON-RPC response with this id.
    pub until_answer_to: Option<u64>,
    /// Receives the other messages of the event stream while it is open.
    pub inbox: Option<Inbox>,
}

/// The method of a [`WebRequest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebMethod {
    Get,
    Post,
    Delete,
}

/// A complete response of any status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebResponse {
    pub status: u16,
    pub headers: Headers,
    /// The body as text.
    pub body: String,
}

/// Outgoing HTTP to servers that a guest chose.
pub trait Web {
    /// Sends the request and reads the response. Redirects are not followed.
    fn exchange(&self, request: WebRequest)
    -> impl Future<Output = Result<WebResponse, HttpError>>;
}

/// The servers of this deployment, reached without a request over the network.
pub trait Servers {
    /// Sends one request to a host's server, as [`Web::exchange`] would to its URL.
    fn send_to_server(
        &self,
        server: &ScopeId,
        request: WebRequest,
    ) -> impl Future<Output = Result<WebResponse, HttpError>>;
}

/// KV failed. The message is for our logs, never for a caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("kv: {0}")]
pub struct KvError(pub String);

/// The store of published records (eventually consistent).
pub trait Kv {
    /// The value of a key, if it exists.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<String>, KvError>>;
    /// Writes a key; an earlier value is replaced.
    fn put(&self, key: &str, value: &str) -> impl Future<Output = Result<(), KvError>>;
    /// Removes a key. A missing key is no error.
    fn delete(&self, key: &str) -> impl Future<Output = Result<(), KvError>>;
    /// Up to 1,000 keys that begin with `prefix`, and the cursor of the next page.
    fn list(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<(Vec<String>, Option<String>), KvError>>;
}

/// A host's claim to a payment, against all hosts with the same payout address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayeeClaim {
    /// The payout address (EIP-55).
    pub pay_to: String,
    /// Key of the payment: network, token, payer and nonce.
    pub payment: String,
    /// The host that claims the payment.
    pub holder: ScopeId,
    /// When the payment's authorization expires.
    pub valid_before: UnixSeconds,
}

/// The object of the payout address gave no answer. It is not known whether it stored the claim; the same host may
/// retry. The message is for our logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("payee: {0}")]
pub struct PayeeError(pub String);

/// The objects of the payout addresses. Each is shared by all hosts that are paid there (`ledger::payee`).
pub trait Payees {
    /// Claims the payment; whether it belongs to the claiming host.
    fn claim(&self, claim: PayeeClaim) -> impl Future<Output = Result<bool, PayeeError>>;
}

/// The object of the marketplace (`market`), by its messages as JSON text.
pub trait Markets {
    /// Asks it. The text of an error is for our log; the message may have arrived all the same.
    fn ask_market(&self, message: &str) -> impl Future<Output = Result<String, String>>;
}

/// The alarm of the object. An object has one.
pub trait Alarm {
    /// Sets the alarm to `at`, unless it is set to an earlier time. The alarm is committed together with the storage writes
    /// before the next `await`, so a row never exists without its alarm.
    ///
    /// The alarm that an earlier instance set is not known. An instance that opens its storage must set the alarm for
    /// everything that is due.
    fn wake_at(&self, at: UnixSeconds);
}

/// The directory of objects with open work (`directory`).
pub trait Directory {
    /// Registers this object in the directory, so that the cron finds it even if its alarm is lost. Runs in the background.
    /// Sends a request at most every 30 minutes (`directory::NOTE_SECONDS`).
    fn note_open(&self);
}

/// The object of a user gave no answer. The message is for our logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sign-outs: {0}")]
pub struct SignOutsError(pub String);

/// The objects of users, which store the last sign-out (`identity::epoch`).
pub trait SignOuts {
    /// The last sign-out of the user with this scope, if it is still stored.
    fn signed_out_at(
        &self,
        scope: &ScopeId,
    ) -> impl Future<Output = Result<Option<UnixSeconds>, SignOutsError>>;
}

/// The sockets of a guest session, one for each browser tab.
pub trait Sockets {
    /// Closes the sockets whose sign-in is not later than this sign-out.
    fn dismiss(&self, signed_out_at: UnixSeconds);
    /// Sends text to all sockets; whether there is any.
    fn tell_all(&self, text: &str) -> bool;
    /// Whether a socket subscribes to the protocol exchanges with servers.
    fn is_watched(&self) -> bool;
    /// Sends text to the subscribed sockets.
    fn tell_watching(&self, text: &str);
}

/// The port for waiting. Other requests of the object run meanwhile.
pub trait Timer {
    /// Waits for `millis` milliseconds.
    fn sleep(&self, millis: u32) -> impl Future<Output = ()>;
}

/// Runs `work` with a time limit of `millis` milliseconds. After a timeout (`None`) `work` is dropped, but requests that
/// it has sent may still take effect.
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

/// Our own facilitator (`facilitator::own`), one object for each network.
pub trait Relayers {
    /// Sends an order to the object of a network (CAIP-2 id), on behalf of a host of this deployment.
    fn settle(
        &self,
        network: &'static str,
        order: RelayerOrder,
    ) -> impl Future<Output = Result<HttpResponse, HttpError>>;
}

/// What our own facilitator must do with a payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// Settle it, or report the outcome if that has happened before.
    #[default]
    Settle,
    /// Report the outcome only; move no money.
    Look,
}

/// An order of a host to our own facilitator: the body of a `/settle` request, and the host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RelayerOrder {
    /// Missing in orders of older versions, which settle.
    #[serde(default)]
    pub purpose: Purpose,
    /// The host that the settlement is for.
    pub claimant: String,
    /// The payment as received from the payer.
    pub payment: serde_json::Value,
    /// Our requirements, in the payment's x402 version.
    pub requirements: serde_json::Value,
}

/// The operator's log. Never holds bodies, secrets, signatures or e-mail addresses.
pub trait Log {
    /// Writes one line; `fields` are names and values.
    fn line(&self, level: Level, message: &str, fields: &[(&str, &str)]);
}

/// The severity of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Normal operation; nobody has to act.
    Info,
    /// Needs the operator's attention.
    Warn,
    /// A fault of this service.
    Error,
}

/// All ports of a host's object.
pub trait World:
    Clock
    + Random
    + Signer
    + Sql
    + Http
    + Web
    + Kv
    + Payees
    + Markets
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
        + Markets
        + Relayers
        + Mail
        + Alarm
        + Directory
        + Timer
        + Log,
> World for T
{
}
