//! The URL standard and Unicode as the runtime has them.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::base::standards::{self, Standards};

#[wasm_bindgen]
extern "C" {
    /// The normal form of an address, from `shim.mjs`; nothing if it is none.
    #[wasm_bindgen(js_name = "__href")]
    fn href(address: &str, base: Option<&str>) -> Option<String>;

    /// From `shim.mjs`, as [`Standards::folded`].
    #[wasm_bindgen(js_name = "__folded")]
    fn folded(text: &str) -> String;

    /// From `shim.mjs`, as [`Standards::has_ink`].
    #[wasm_bindgen(js_name = "__has_ink")]
    fn has_ink(text: &str) -> bool;
}

struct Runtime;

impl Standards for Runtime {
    fn href(&self, address: &str, base: Option<&str>) -> Option<String> {
        href(address, base)
    }

    fn folded(&self, text: &str) -> String {
        folded(text)
    }

    fn has_ink(&self, text: &str) -> bool {
        has_ink(text)
    }
}

pub(super) fn install() {
    standards::install(&Runtime);
}
