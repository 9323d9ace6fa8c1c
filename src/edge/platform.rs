//! Functions of the platform for objects and the gateway: time, randomness, timers, logs, KV.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Date, Delay, Env, console_error, console_log, console_warn};

use crate::base::time::UnixSeconds;
use crate::ports::{KvError, Level, Random};

#[wasm_bindgen]
extern "C" {
    /// Defined by `shim.mjs`: `get`, `put` or `delete` of the namespace `SECRETS`; the value of a `get`.
    #[wasm_bindgen(catch, js_name = "__kv")]
    async fn ask_kv(
        env: &Env,
        what: &str,
        key: &str,
        value: Option<&str>,
    ) -> Result<JsValue, JsValue>;

    /// Defined by `shim.mjs`: a page of its keys, as JSON.
    #[wasm_bindgen(catch, js_name = "__kv_list")]
    async fn list_kv(env: &Env, prefix: &str, cursor: Option<&str>) -> Result<JsValue, JsValue>;
}

/// Does something with a published record; the value, for `get`.
pub(super) async fn kv(
    env: &Env,
    what: &str,
    key: &str,
    value: Option<&str>,
) -> Result<Option<String>, KvError> {
    let answer = ask_kv(env, what, key, value).await;
    answer.map(|value| value.as_string()).map_err(|error| kv_error(&error))
}

/// A page of the KV keys that begin with `prefix`, and the cursor of the next page.
pub(super) async fn list(
    env: &Env,
    prefix: &str,
    cursor: Option<&str>,
) -> Result<(Vec<String>, Option<String>), KvError> {
    let page = list_kv(env, prefix, cursor).await.map_err(|error| kv_error(&error))?;
    serde_json::from_str(&page.as_string().unwrap_or_default())
        .map_err(|error| KvError(error.to_string()))
}

fn kv_error(error: &JsValue) -> KvError {
    KvError(thrown(error).to_string())
}

/// What JavaScript has thrown.
pub(super) fn thrown(error: &JsValue) -> worker::Error {
    let said = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    said.unwrap_or_else(|| format!("{error:?}")).into()
}

/// Now, in whole seconds.
pub(super) fn now() -> UnixSeconds {
    UnixSeconds::new(i64::try_from(Date::now().as_millis() / 1000).unwrap_or(i64::MAX))
}

/// Random bytes of the platform.
pub(super) struct EdgeRandom;

impl Random for EdgeRandom {
    fn fill(&self, buffer: &mut [u8]) {
        if getrandom::fill(buffer).is_err() {
            // Failing this request is better than continuing with predictable bytes.
            wasm_bindgen::throw_str("the platform gives no random bytes");
        }
    }
}

/// Sleeps for this many milliseconds.
pub(super) async fn sleep(millis: u32) {
    Delay::from(Duration::from_millis(millis.into())).await;
}

thread_local! {
    /// Messages of [`log_once`]. They are constants of ours, so there are few.
    static SAID: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Logs a line about the settings once per isolate, not with every request.
pub(super) fn log_once(message: &str) {
    let is_new = SAID.with_borrow_mut(|said| said.insert(message.to_owned()));
    if is_new {
        log(Level::Error, message, &[]);
    }
}

/// Logs one JSON line: a readable message, and fields for searching.
pub(super) fn log(level: Level, message: &str, fields: &[(&str, &str)]) {
    let mut line = serde_json::Map::new();
    line.insert("message".to_owned(), message.into());
    for (name, value) in fields {
        line.insert((*name).to_owned(), (*value).into());
    }
    let line = serde_json::Value::Object(line);
    match level {
        Level::Info => console_log!("{line}"),
        Level::Warn => console_warn!("{line}"),
        Level::Error => console_error!("{line}"),
    }
}
