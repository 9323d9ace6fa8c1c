//! Time zones as the runtime's `Intl` knows them.

use jiff::Timestamp;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::base::zones::{self, Local, Zones};

#[wasm_bindgen]
extern "C" {
    /// The spelling of a name, from `shim.mjs`; nothing if there is no such zone.
    #[wasm_bindgen(js_name = "__zone_spelling")]
    fn zone_spelling(name: &str) -> Option<String>;

    /// The zone at a moment, from `shim.mjs`. `moment` is RFC 3339; the answer is JSON: the offset in seconds, and the abbreviation.
    #[wasm_bindgen(js_name = "__zone_at")]
    fn zone_at(name: &str, moment: &str) -> Option<String>;
}

struct Intl;

impl Zones for Intl {
    fn spelling(&self, name: &str) -> Option<String> {
        zone_spelling(name)
    }

    fn at(&self, name: &str, moment: Timestamp) -> Option<Local> {
        let (offset, name) = serde_json::from_str(&zone_at(name, &moment.to_string())?).ok()?;
        Some(Local { offset, name })
    }
}

pub(super) fn install() {
    zones::install(&Intl);
}
