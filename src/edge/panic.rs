//! Tells the JavaScript entry (`entry.mjs`) that the Wasm instance has panicked.
//!
//! A panic aborts the whole instance, and every request in flight would hang. `worker` marks the instance for
//! replacement and `console_error_panic_hook` logs the place. The requests in flight must be ended by JavaScript,
//! which survives the panic.

use std::panic;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Defined by `entry.mjs` before the instance starts.
    #[wasm_bindgen(catch, js_name = "__on_rust_panic")]
    fn on_rust_panic(message: &str) -> Result<(), JsValue>;
}

/// Adds the call to `globalThis.__on_rust_panic` to the panic hook. Call it once, from
/// `#[event(start)]`.
pub(crate) fn install() {
    let earlier = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        earlier(info);
        console_error_panic_hook::hook(info);
        // A hook cannot return an error, and the entry's function does not throw.
        on_rust_panic(&info.to_string()).unwrap_or_default();
    }));
}
