//! The URL standard and Unicode, from whoever has their tables: the runtime of a Worker, which the edge installs, or the crates
//! that native tests link. A Worker that carried the tables would be a thirtieth larger. `tests/vectors/standards.json` has what
//! both must say: a rule that refuses an address must not differ between a test and a deployment.

use std::cell::Cell;

/// A source of both.
pub trait Standards {
    /// The normal form of a web address, or of one that is relative to `base` (the `href` of <https://url.spec.whatwg.org/>);
    /// `None` if it is no address.
    fn href(&self, address: &str, base: Option<&str>) -> Option<String>;

    /// A text in lower case and in compatibility form (NFKC), without characters that nobody sees, and with a space in place of
    /// each character that is neither letter nor number nor mark.
    fn folded(&self, text: &str) -> String;

    /// Whether a character of the text is visible on its own.
    fn has_ink(&self, text: &str) -> bool;
}

thread_local! {
    static SOURCE: Cell<&'static dyn Standards> = const { Cell::new(&Linked) };
}

/// Replaces the source from now on.
pub fn install(standards: &'static dyn Standards) {
    SOURCE.set(standards);
}

/// The source that is installed.
pub(super) fn standards() -> &'static dyn Standards {
    SOURCE.get()
}

/// The crates that are linked with this program; none in a Worker.
struct Linked;

#[cfg(target_arch = "wasm32")]
impl Standards for Linked {
    fn href(&self, _address: &str, _base: Option<&str>) -> Option<String> {
        None
    }

    fn folded(&self, _text: &str) -> String {
        String::new()
    }

    fn has_ink(&self, _text: &str) -> bool {
        false
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Standards for Linked {
    fn href(&self, address: &str, base: Option<&str>) -> Option<String> {
        let base = base.map(url::Url::parse).transpose().ok()?;
        url::Url::options().base_url(base.as_ref()).parse(address).ok().map(String::from)
    }

    fn folded(&self, text: &str) -> String {
        let form = icu_normalizer::ComposingNormalizerBorrowed::new_nfkc();
        let lower = form.normalize(text).to_lowercase();
        // As in all caseless comparison: the same letter is written in two ways.
        let lower = lower.replace('\u{df}', "ss").replace('\u{3c2}', "\u{3c3}");
        let seen = form
            .normalize(&lower)
            .chars()
            .filter(|c| !unicode::is_ignorable(*c))
            .collect::<String>();
        seen.chars()
            .map(|c| if c.is_alphanumeric() || unicode::is_mark(c) { c } else { ' ' })
            .collect()
    }

    fn has_ink(&self, text: &str) -> bool {
        text.chars().any(unicode::is_ink)
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod unicode {
    use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
    use icu_properties::{CodePointMapData, CodePointSetData};

    /// The Hangul fillers are letters, but nobody sees them.
    pub(super) fn is_ignorable(c: char) -> bool {
        CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
    }

    pub(super) fn is_mark(c: char) -> bool {
        GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c))
    }

    pub(super) fn is_ink(c: char) -> bool {
        // Two symbols of Unicode are blank: the empty Braille pattern and the null notehead.
        if c.is_whitespace() || matches!(c, '\u{2800}' | '\u{1d159}') {
            return false;
        }
        let is_inkless = GeneralCategoryGroup::Mark
            .union(GeneralCategoryGroup::Control)
            .union(GeneralCategoryGroup::Format)
            .union(GeneralCategoryGroup::Unassigned)
            .union(GeneralCategoryGroup::Separator);
        !is_inkless.contains(CodePointMapData::<GeneralCategory>::new().get(c)) && !is_ignorable(c)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Value, json};

    use super::*;

    const PLACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/standards.json");

    /// `tests/worker/standards.spec.mjs` asks the runtime the same.
    #[test]
    fn the_linked_crates_say_what_is_written_down() {
        let written = fs::read_to_string(PLACE).unwrap();
        let mut said: Value = serde_json::from_str(&written).unwrap();
        let text = |value: &Value, name: &str| value[name].as_str().map(str::to_owned);
        for one in said["addresses"].as_array_mut().unwrap() {
            let address = text(one, "address").unwrap();
            one["href"] = json!(Linked.href(&address, text(one, "base").as_deref()));
        }
        for one in said["texts"].as_array_mut().unwrap() {
            let given = text(one, "text").unwrap();
            one["folded"] = json!(Linked.folded(&given));
            one["hasInk"] = json!(Linked.has_ink(&given));
        }
        let said = ascii(&serde_json::to_string_pretty(&said).unwrap());
        let is_written = std::env::var_os("UPDATE_VECTORS").is_some();
        if is_written {
            fs::write(PLACE, &said).unwrap();
        }
        let is_same = is_written || said == written;
        assert!(is_same, "tests/vectors/standards.json is old: UPDATE_VECTORS=1 writes it");
    }

    /// JSON of ASCII alone, so that one sees what stands there.
    fn ascii(json: &str) -> String {
        let mut text = String::new();
        for c in json.chars() {
            if c.is_ascii() && c != '\u{7f}' {
                text.push(c);
            } else {
                text.extend(
                    c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")),
                );
            }
        }
        text + "\n"
    }
}
