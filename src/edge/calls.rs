//! Calls of agents with a short body. `entry.mjs` passes each in one call to the gateway, and from there by RPC to the
//! host's object. Nothing of this is asynchronous unless the call itself has to wait.
//!
//! What is said in between is text: a line of JSON, then the body as it is.

#![expect(unreachable_pub, reason = "wasm_bindgen exports public functions only")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::task::{Poll, Waker};

use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;
use worker::Env;

use crate::base::http::{Headers, Reply};
use crate::base::id::{RequestId, ScopeId};
use crate::edge::convert;
use crate::edge::gate::Gate;
use crate::edge::host_object::Host;
use crate::edge::platform::{EdgeRandom, log, now, thrown};
use crate::edge::rpc::forwarded;
use crate::host::Request;
use crate::host::command::{Action, Command};
use crate::host::copies::{Copies, Known, Told};
use crate::http::problem;
use crate::http::route::{self, AtHost, Route};
use crate::ports::Level;
use crate::rails::outcome::{Fatal, Money};
use crate::rails::received;

thread_local! {
    /// What this isolate knows of hosts.
    static COPIES: RefCell<Copies> = RefCell::default();
}

/// A call as the gateway passes it to a host's object.
#[derive(Serialize, Deserialize)]
struct Passed {
    command: Command,
    /// The listed headers of the caller.
    headers: Vec<(String, String)>,
    /// Whether the gateway wants to know what the host's lists depend on.
    wants_known: bool,
}

/// The line before a reply's body.
#[derive(Serialize)]
struct Head<'a> {
    status: u16,
    #[serde(serialize_with = "as_map")]
    headers: &'a [(&'static str, String)],
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<Known>,
}

/// An object is faster for the runtime than pairs. No answer to a call has two headers of one name.
fn as_map<S: serde::Serializer>(
    headers: &[(&'static str, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(headers.iter().map(|(name, value)| (name, value)))
}

/// The line before a [`Passed`].
#[derive(Serialize)]
struct To<'a> {
    scope: &'a ScopeId,
}

/// A call at the gateway: the reply, or what to pass to which object. Nothing if it is no call, or if the settings have
/// faults; `fetch` has the answer then.
#[wasm_bindgen(js_name = "__gate")]
pub fn gate(path: &str, headers: &str, body: &[u8], env: &Env) -> Option<String> {
    let config = convert::config(env).ok()?;
    let route = route::parse("POST", path).ok()?;
    if !matches!(route, Route::Host(_, AtHost::Mcp | AtHost::Tool(_))) {
        return None;
    }
    let headers = Headers::new(serde_json::from_str(headers).ok()?);
    let gate = Gate { config, request_id: RequestId::random(&EdgeRandom) };
    let origin = headers.get("origin");
    let reply = |reply: Reply, origin| said(reply, &gate.request_id, origin, None);
    let source = match gate.let_in(&headers, Some(&route)) {
        Ok(source) => source,
        Err((refused, origin)) => return Some(reply(refused, origin)),
    };
    let checked = gate.check_head(&headers, &route).and_then(|()| gate.caller(&headers, &route));
    let (credential, user) = match checked {
        Ok(caller) => caller,
        Err(refused) => return Some(reply(refused, origin)),
    };
    let Route::Host(scope, asked) = route else { return None };
    let mut wants_known = false;
    if credential.is_none() && user.is_none() && asked == AtHost::Mcp {
        let copies = |copies: &mut Copies| copies.answer((&scope, &source), &headers, body, now());
        match COPIES.with_borrow_mut(copies) {
            Told::Reply(found) => return Some(reply(found, origin)),
            Told::NoCopy => wants_known = true,
            Told::NoList => {}
        }
    }
    let command = Command {
        request_id: gate.request_id.clone(),
        scope,
        user,
        // Only the token's digest is passed on.
        credential: credential.map(|token| token.digest()),
        source,
        origin: origin.map(str::to_owned),
        action: Action::AtHost(asked),
        cursor: None,
    };
    let to = line(&To { scope: &command.scope });
    let headers = forwarded(&headers);
    Some(format!("{to}\n{}", line(&Passed { command, headers, wants_known })))
}

/// Keeps what a host has said of itself.
#[wasm_bindgen(js_name = "__keep")]
pub fn keep(scope: &str, known: &str) {
    if let (Ok(scope), Ok(known)) = (ScopeId::parse(scope), serde_json::from_str(known)) {
        COPIES.with_borrow_mut(|copies| copies.keep(scope, known, now()));
    }
}

/// Forgets what is known of a host that may change.
pub(super) fn forget(scope: &ScopeId) {
    COPIES.with_borrow_mut(|copies| copies.forget(scope));
}

/// The reply to a call that got none from the object, which may have moved money before.
#[wasm_bindgen(js_name = "__no_answer")]
pub fn no_answer(passed: &str, body: &[u8], error: String) -> String {
    let passed: Option<Passed> = serde_json::from_str(passed).ok();
    let (command, headers) = passed.map(|passed| (passed.command, passed.headers)).unzip();
    let headers = Headers::new(headers.unwrap_or_default());
    let may_pay = received::may_carry(&headers, body);
    let money = if may_pay { Money::MayHaveMoved } else { Money::NotAsked };
    let request_id = command.as_ref().map(|command| command.request_id.clone());
    let request_id = request_id.unwrap_or_else(|| RequestId::random(&EdgeRandom));
    log(Level::Error, &error, &[("requestId", request_id.as_str())]);
    let fatal = Fatal { what: error, money };
    let origin = command.as_ref().and_then(|command| command.origin.as_deref());
    said(problem::of_fatal(&fatal, &request_id), &request_id, origin, None)
}

#[wasm_bindgen]
impl Host {
    /// A call at the host's object: the reply, or a promise of it.
    ///
    /// # Errors
    /// If the settings have faults, or the call is not what the gateway passes.
    pub fn call(&self, passed: &str, body: Vec<u8>) -> Result<JsValue, JsValue> {
        let service = self.service().map_err(JsValue::from)?;
        let passed: Passed =
            serde_json::from_str(passed).map_err(|error| JsValue::from(error.to_string()))?;
        let Passed { command, headers, wants_known } = passed;
        let request_id = command.request_id.clone();
        let origin = command.origin.clone();
        let service = Rc::clone(service);
        Ok(at_once_or_later(async move {
            let headers = Headers::new(headers);
            let reply = service.handle(Request { command, headers, body }).await;
            let known = if wants_known { service.known().ok().flatten() } else { None };
            said(reply, &request_id, origin.as_deref(), known)
        }))
    }
}

#[wasm_bindgen]
extern "C" {
    /// Defined by `shim.mjs`: the RPC `call(passed, body)` at a host's object.
    #[wasm_bindgen(catch, js_name = "__call")]
    async fn call_host(
        env: &Env,
        scope: &str,
        passed: &str,
        body: &[u8],
    ) -> Result<JsValue, JsValue>;
}

/// A reply as text, in its parts.
#[derive(Deserialize)]
struct Said {
    status: u16,
    headers: BTreeMap<String, String>,
}

/// A call of ours at a host's object: the status, the headers and the body of the reply.
pub(super) async fn call(
    env: &Env,
    command: Command,
    headers: &Headers,
    body: &[u8],
) -> worker::Result<(u16, Headers, String)> {
    let scope = command.scope.clone();
    let passed = line(&Passed { command, headers: forwarded(headers), wants_known: false });
    let answer = call_host(env, scope.as_str(), &passed, body).await;
    let answer = answer.map_err(|error| thrown(&error))?.as_string().unwrap_or_default();
    let (head, body) = answer.split_once('\n').unwrap_or_default();
    let Said { status, headers } = serde_json::from_str(head)?;
    Ok((status, Headers::new(headers.into_iter().collect()), body.to_owned()))
}

/// Runs it as far as it comes without waiting: most calls come to their end. The rest becomes a promise.
fn at_once_or_later(call: impl Future<Output = String> + 'static) -> JsValue {
    let mut call = Box::pin(call);
    match call.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Ready(text) => text.into(),
        // It is polled again at once, with a waker, so nothing that has happened meanwhile is missed.
        Poll::Pending => future_to_promise(async move { Ok(call.await.into()) }).into(),
    }
}

/// A reply as text.
fn said(
    reply: Reply,
    request_id: &RequestId,
    origin: Option<&str>,
    known: Option<Known>,
) -> String {
    let reply = convert::with_shared_headers(reply, request_id, origin);
    let head = line(&Head { status: reply.status, headers: &reply.headers, known });
    format!("{head}\n{}", reply.body)
}

/// A line of JSON.
fn line(head: &impl Serialize) -> String {
    // Plain structs of text and numbers always have a JSON form.
    serde_json::to_string(head).unwrap_or_default()
}
