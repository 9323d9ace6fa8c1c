//! Typed calls between objects. An object is addressed by class and name, through a request that external callers
//! cannot make.

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Env, Method, Request, RequestInit, Response, Result, Stub};

use crate::base::http::Headers;
use crate::base::id::{RequestId, ScopeId};
use crate::base::time::UnixSeconds;
use crate::chain::networks::Network;
use crate::config::Config;
use crate::directory::rotation::{self, Resealed};
use crate::directory::{self, Kind, Listed};
use crate::edge::convert;
use crate::edge::platform::{EdgeRandom, log, thrown};
use crate::edge::shim;
use crate::facilitator::own::api;
use crate::guest::handshake::{self, Handshake};
use crate::host::command::{Action, Command, HEADER};
use crate::mail::inbound::Incoming;
use crate::ports::{Level, PayeeClaim, SqlError};
use crate::products::desk::incoming::Taken;
use crate::rails::mpp;
use crate::tickets::ask::{Ask, NotTold, Told};
use crate::wallets::budget;

/// The topic of a directory's requests about a key rotation.
pub(super) const ROTATION: &str = "rotation";
/// The topic of objects that have one.
const ONLY: &str = "";

/// The header of the cron's question. The gateway forwards only known headers, so a caller cannot set this one.
pub(super) const SWEEP: &str = "x-concierge-sweep";

/// The caller's headers that an object receives. All others are removed, including internal ones that a caller has
/// set.
const FORWARDED: &[&str] = &[
    "accept",
    "accept-payment",
    "content-type",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "payment-signature",
    "payment-transaction",
    "sign-in-with-x",
    "x-payment",
];

const NO_HEADERS: [(&str, &str); 0] = [];

/// A request to an object with a JSON message.
fn posted(class: &str, message: &impl Serialize) -> Result<Request> {
    let url = format!("https://{}.internal/", class.to_lowercase());
    shim::request("POST", &url, &NO_HEADERS, serde_json::to_string(message)?.as_bytes())
}

#[wasm_bindgen]
extern "C" {
    /// Defined by `shim.mjs`: an RPC to the object of this class and name, `ask(topic, message)`.
    #[wasm_bindgen(catch, js_name = "__ask")]
    async fn ask_object(
        env: &Env,
        class: &str,
        name: &str,
        topic: &str,
        message: &str,
    ) -> std::result::Result<JsValue, JsValue>;
}

/// Sends a message to the object of this class and name by RPC, and parses its answer.
async fn ask<A: DeserializeOwned>(
    env: &Env,
    (class, name): (&str, &str),
    topic: &str,
    message: &impl Serialize,
) -> Result<A> {
    let message = serde_json::to_string(message)?;
    let answer =
        ask_object(env, class, name, topic, &message).await.map_err(|error| thrown(&error))?;
    Ok(serde_json::from_str(&answer.as_string().unwrap_or_default())?)
}

/// The other side: answers a message that [`ask`] has sent.
pub(super) fn answer<M: DeserializeOwned, A: Serialize>(
    what: &str,
    message: &str,
    answer: impl FnOnce(M) -> std::result::Result<A, SqlError>,
) -> std::result::Result<String, JsValue> {
    let failed = |error: String| {
        log(Level::Error, what, &[("why", &error)]);
        JsValue::from(js_sys::Error::new(&error))
    };
    let message = serde_json::from_str(message).map_err(|error| failed(error.to_string()))?;
    let answer = answer(message).map_err(|error| failed(error.to_string()))?;
    serde_json::to_string(&answer).map_err(|error| failed(error.to_string()))
}

async fn answer_of<A: DeserializeOwned>(mut response: Response, class: &str) -> Result<A> {
    match response.status_code() {
        200 => response.json().await,
        status => Err(format!("the {class} object answers {status}").into()),
    }
}

/// Tells the directory that this object has open work.
pub(super) async fn note(env: &Env, kind: Kind, id: String) -> Result<()> {
    ask_directory(env, kind, &directory::Ask::Note(id)).await.map(drop)
}

/// Sends a command to the directory of a kind of objects.
pub(super) async fn ask_directory(
    env: &Env,
    kind: Kind,
    message: &directory::Ask,
) -> Result<Vec<Listed>> {
    ask(env, ("Directory", kind.name()), ONLY, message).await
}

/// Sends a request about a rotation of `MASTER_KEY` to the directory of hosts.
pub(super) async fn ask_rotation(env: &Env, message: &rotation::Ask) -> Result<rotation::Told> {
    ask(env, ("Directory", Kind::Host.name()), ROTATION, message).await
}

/// Claims a payment for a host at the object of its payout address.
pub(super) async fn ask_payee(env: &Env, claim: &PayeeClaim) -> Result<bool> {
    ask(env, ("Payee", &claim.pay_to), ONLY, claim).await
}

/// Sends a message to the object of the marketplace, and gives its answer; both are JSON text.
pub(super) async fn ask_market(env: &Env, message: &str) -> Result<String> {
    let answer = ask_object(env, "Market", "market", ONLY, message).await;
    Ok(answer.map_err(|error| thrown(&error))?.as_string().unwrap_or_default())
}

/// Sends a command to an owner's budget.
pub(super) async fn ask_budget(
    env: &Env,
    owner: &str,
    message: &budget::Ask,
) -> Result<budget::Told> {
    ask(env, ("Budget", owner), ONLY, message).await
}

/// Sends a command to the relayer of a network.
pub(super) async fn ask_relayer(
    env: &Env,
    network: &'static Network,
    command: &api::Command,
) -> Result<Response> {
    let relayer = relayer_of(env, network)?.ok_or("there is no relayer without a key")?;
    relayer.fetch_with_request(posted("Relayer", command)?).await
}

/// The object of a network's relayer; `None` if there is no key.
pub(super) fn relayer_of(env: &Env, network: &Network) -> Result<Option<Stub>> {
    let config = convert::config(env)?;
    let Some(name) = name_of(&config, network) else { return Ok(None) };
    env.durable_object("Relayer")?.get_by_name(&name).map(Some)
}

/// The name of a network's relayer; `None` if there is no key.
pub(super) fn name_of(config: &Config, network: &Network) -> Option<String> {
    let address = config.relayer.as_ref()?.address().to_checksum(None);
    Some(format!("{}/{address}", network.caip2))
}

/// Makes an object set its alarm, and returns whether it has open work.
pub(super) async fn sweep_object(object: &Stub, kind: Kind) -> Result<bool> {
    let request =
        shim::request("POST", &format!("https://{}.internal/", kind.name()), &[(SWEEP, "1")], &[])?;
    answer_of(object.fetch_with_request(request).await?, kind.name()).await
}

/// Opens a WebSocket to a guest session.
pub(super) async fn open_session(env: &Env, handshake: &Handshake) -> Result<Response> {
    let forwarded = worker::Headers::new();
    forwarded.set("upgrade", "websocket")?;
    forwarded.set(handshake::HEADER, &serde_json::to_string(handshake)?)?;
    let mut init = RequestInit::new();
    init.with_method(Method::Get).with_headers(forwarded);
    let request = Request::new_with_init("https://guest.internal/", &init)?;
    let stub = env.durable_object("Guest")?.get_by_name(handshake.session.as_str())?;
    stub.fetch_with_request(request).await
}

/// The headers of a caller that an object may receive.
pub(super) fn forwarded(headers: &Headers) -> Vec<(String, String)> {
    let listed = FORWARDED.iter().filter_map(|name| Some((*name, headers.get(name)?)));
    // A credential of MPP. Other schemes are the gateway's business.
    let credential = headers.get("authorization").and_then(mpp::credential_in);
    let credential = credential.map(|credential| (mpp::HEADER, credential));
    let all = listed.chain(credential);
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The object of a command's scope, and the request with the command and the headers it may receive.
pub(super) fn to_host(
    env: &Env,
    command: &Command,
    headers: &Headers,
    body: &[u8],
) -> Result<(Stub, Request)> {
    let mut passed = forwarded(headers);
    passed.push((HEADER.to_owned(), serde_json::to_string(command)?));
    let request = shim::request("POST", "https://host.internal/", &passed, body)?;
    let stub = env.durable_object("Host")?.get_by_name(command.scope.as_str())?;
    Ok((stub, request))
}

/// Sends an action of ours to the object of a scope.
async fn ask_host(env: &Env, scope: &ScopeId, action: Action, body: &[u8]) -> Result<Response> {
    let command = Command::of_ours(RequestId::random(&EdgeRandom), scope.clone(), action);
    let (stub, request) = to_host(env, &command, &Headers::default(), body)?;
    stub.fetch_with_request(request).await
}

/// Asks a host's object whether it still needs the previous master key.
pub(super) async fn resealed(env: &Env, scope: &ScopeId) -> Result<Resealed> {
    let response = ask_host(env, scope, Action::Resealed, &[]).await?;
    match response.status_code() {
        // There is no host, so there is nothing to seal.
        404 => Ok(Resealed::default()),
        _ => answer_of(response, "Host").await,
    }
}

/// Asks a host's object what wallets have bought there.
pub(super) async fn bought_by(
    env: &Env,
    host: &ScopeId,
    ask: Ask,
) -> Result<std::result::Result<Told, NotTold>> {
    let response = ask_host(env, host, Action::BoughtBy(ask), &[]).await?;
    match response.status_code() {
        404 => Ok(Err(NotTold::Gone)),
        503 => Ok(Err(NotTold::BeingRestored)),
        _ => answer_of(response, "Host").await.map(Ok),
    }
}

/// Gives a mail to the object of the host that it seems to be for. `None`: there is no such host.
pub(super) async fn mail_in(env: &Env, host: &ScopeId, mail: &Incoming) -> Result<Option<Taken>> {
    let response = ask_host(env, host, Action::MailIn, &serde_json::to_vec(mail)?).await?;
    match response.status_code() {
        404 => Ok(None),
        _ => answer_of(response, "Host").await.map(Some),
    }
}

/// Uses up a nonce in a user's object; `false` if it was used before.
pub(super) async fn use_nonce(
    env: &Env,
    user: &ScopeId,
    nonce: &str,
    expires_at: UnixSeconds,
) -> Result<bool> {
    let action = Action::UseNonce { nonce: nonce.to_owned(), expires_at };
    match ask_host(env, user, action, &[]).await?.status_code() {
        204 => Ok(true),
        401 => Ok(false),
        status => Err(format!("the object of a user answers {status}").into()),
    }
}

/// Asks a user's object when the user last signed out.
pub(super) async fn signed_out_at(env: &Env, scope: &ScopeId) -> Result<Option<UnixSeconds>> {
    let response = ask_host(env, scope, Action::SignedOutAt, &[]).await?;
    Ok(answer_of::<Option<i64>>(response, "Host").await?.map(UnixSeconds::new))
}
