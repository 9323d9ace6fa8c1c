//! Hostile text and JSON, and changes to JSON that was good.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

/// Texts that have broken something somewhere before.
const NASTY: &[&str] = &[
    "",
    " ",
    "\0",
    "\r\n",
    "\r",
    "\n",
    "\t",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{202e}",
    "\u{301}",
    "\u{1f600}",
    "\u{10ffff}",
    "\u{e9}",
    "<script>alert(1)</script>",
    "</title><img src=x onerror=a>",
    "\" onload=\"x",
    "' or 1=1 --",
    "{{ event.id }}",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    ",\"",
    "\";",
    "\\",
    "\\n",
    "BEGIN:VEVENT",
    "\r\nURL:https://elsewhere.example",
    "../../etc/passwd",
    "%2e%2e%2f",
    "__proto__",
    "constructor",
    "null",
    "true",
    "{}",
    "[]",
    "0x",
    "0x0",
    "e30=",
    "e30",
    "eyJhIjoxfQ==",
    "evt_c7ae046d0cf03937cd76d5b2",
    "evt_0123456789abcdef01234567",
    "event://evt_c7ae046d0cf03937cd76d5b2",
    "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    "0x0000000000000000000000000000000000000000",
    "2027-03-01T18:30:00Z",
    "2027-03-01T18:30:00+23:59",
    "9999-12-31T23:59:59Z",
    "-009999-01-01T00:00:00Z",
    "Europe/Berlin",
    "eip155:84532",
    "base-sepolia",
    "exact",
    "2026-07-28",
    "2025-03-26",
];

/// Numbers as JSON text, many of which no integer holds and some of which are no JSON.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-0.0",
    "1",
    "-1",
    "1.0",
    "1.5",
    "1e2",
    "1E+2",
    "1e400",
    "-1e400",
    "1e-400",
    "1e308",
    "9007199254740991",
    "9007199254740992",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "115792089237316195423570985008687907853269984665640564039457584007913129639936",
    "00",
    "+1",
    ".5",
    "1.",
    "0x10",
    "NaN",
    "1_000",
];

// The strategies are boxed because those of proptest stand on the stack as a whole, and ours is small.

/// Any text, most of it short and much of it hostile.
pub(super) fn text() -> BoxedStrategy<String> {
    let nasty = || select(NASTY).prop_map(str::to_owned);
    let long = (any::<char>(), 0..3_000_usize);
    prop_oneof![
        5 => nasty(),
        3 => any::<String>(),
        3 => "[ -~]{0,40}",
        2 => vec(nasty(), 2..5).prop_map(|parts| parts.concat()),
        2 => number(),
        1 => long.prop_map(|(c, times)| c.to_string().repeat(times)),
    ]
    .boxed()
}

/// A number as JSON writes it, or nearly.
pub(super) fn number() -> BoxedStrategy<String> {
    prop_oneof![
        4 => select(NUMBERS).prop_map(str::to_owned),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<u64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| format!("{number:e}")),
        1 => "-?[1-9][0-9]{0,90}",
        1 => "[0-9]{1,3}\\.[0-9]{1,9}",
        1 => (1..400_usize).prop_map(|digits| "9".repeat(digits)),
    ]
    .boxed()
}

/// JSON as a tree that also holds what [`Value`] cannot: numbers of any size, a key twice.
#[derive(Clone, Debug)]
pub(super) enum Json {
    /// As it stands.
    Raw(String),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
    /// So many lists around another value.
    Nested(usize, Box<Self>),
}

impl Json {
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Raw(value.to_string()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Object(members) => Self::Object(
                members.iter().map(|(name, value)| (name.clone(), Self::of(value))).collect(),
            ),
        }
    }

    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Raw(text) => out.push_str(text),
            Self::Text(text) => out.push_str(&Value::from(text.as_str()).to_string()),
            Self::List(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { "," });
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (place, (name, value)) in members.iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { "," });
                    out.push_str(&Value::from(name.as_str()).to_string());
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
            Self::Nested(depth, inner) => {
                out.push_str(&"[".repeat(*depth));
                inner.write(out);
                out.push_str(&"]".repeat(*depth));
            }
        }
    }

    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// The value at a place, counted in the order of the text; the rest of the count if there are
    /// fewer.
    fn at(&mut self, place: usize) -> Result<&mut Self, usize> {
        if place == 0 {
            return Ok(self);
        }
        let mut left = place - 1;
        let children: Box<dyn Iterator<Item = &mut Self>> = match self {
            Self::Raw(_) | Self::Text(_) => return Err(left),
            Self::List(items) => Box::new(items.iter_mut()),
            Self::Object(members) => Box::new(members.iter_mut().map(|(_, value)| value)),
            Self::Nested(_, inner) => Box::new(std::iter::once(&mut **inner)),
        };
        for child in children {
            match child.at(left) {
                Ok(found) => return Ok(found),
                Err(rest) => left = rest,
            }
        }
        Err(left)
    }

    fn count(&self) -> usize {
        1 + match self {
            Self::Raw(_) | Self::Text(_) => 0,
            Self::List(items) => items.iter().map(Self::count).sum(),
            Self::Object(members) => members.iter().map(|(_, value)| value.count()).sum(),
            Self::Nested(_, inner) => inner.count(),
        }
    }
}

/// Any JSON, or nearly.
pub(super) fn json() -> BoxedStrategy<Json> {
    let leaf = prop_oneof![
        2 => select(&["null", "true", "false"][..]).prop_map(|raw| Json::Raw(raw.to_owned())),
        3 => number().prop_map(Json::Raw),
        4 => text().prop_map(Json::Text),
    ];
    let more = |inner: BoxedStrategy<Json>| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::List),
            vec((text(), inner), 0..4).prop_map(Json::Object),
        ]
    };
    leaf.boxed().prop_recursive(3, 12, 4, more).boxed()
}

/// A change to JSON. Places are counted in the order of the text, and begin anew at the end.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    Replace(usize, Json),
    /// In a text: one of its hex digits becomes another one, so that its form stays.
    Digit(usize, usize, u8),
    /// In an object or list: its member at the second place goes.
    Remove(usize, usize),
    /// In an object or list: its member at the second place comes twice.
    Double(usize, usize),
    Rename(usize, usize, String),
    Add(usize, String, Json),
    Nest(usize, usize),
}

/// One to three changes.
pub(super) fn edits() -> BoxedStrategy<Vec<Edit>> {
    let place = || 0..64_usize;
    vec(
        prop_oneof![
            6 => (place(), json()).prop_map(|(place, json)| Edit::Replace(place, json)),
            4 => (place(), place(), 1..16_u8).prop_map(|(p, digit, by)| Edit::Digit(p, digit, by)),
            2 => (place(), place()).prop_map(|(place, member)| Edit::Remove(place, member)),
            1 => (place(), place()).prop_map(|(place, member)| Edit::Double(place, member)),
            1 => (place(), place(), text()).prop_map(|(p, m, name)| Edit::Rename(p, m, name)),
            2 => (place(), text(), json()).prop_map(|(p, name, json)| Edit::Add(p, name, json)),
            1 => (place(), 1..20_usize).prop_map(|(place, depth)| Edit::Nest(place, depth)),
        ],
        1..4,
    )
    .boxed()
}

/// The value with the changes, as text.
pub(super) fn edited(value: &Value, edits: &[Edit]) -> String {
    let mut json = Json::of(value);
    for edit in edits {
        apply(&mut json, edit);
    }
    json.to_text()
}

fn apply(json: &mut Json, edit: &Edit) {
    let (Edit::Replace(place, _)
    | Edit::Digit(place, ..)
    | Edit::Remove(place, _)
    | Edit::Double(place, _)
    | Edit::Rename(place, ..)
    | Edit::Add(place, ..)
    | Edit::Nest(place, _)) = edit;
    let place = place % json.count();
    let Ok(target) = json.at(place) else { return };
    match (edit, target) {
        (Edit::Replace(_, with), target) => *target = with.clone(),
        (Edit::Digit(_, digit, by), Json::Text(text)) => *text = other_digit(text, *digit, *by),
        (Edit::Nest(_, depth), target) => {
            *target = Json::Nested(*depth, Box::new(target.clone()));
        }
        (Edit::Remove(_, member), Json::Object(members)) if !members.is_empty() => {
            members.remove(member % members.len());
        }
        (Edit::Remove(_, member), Json::List(items)) if !items.is_empty() => {
            items.remove(member % items.len());
        }
        (Edit::Double(_, member), Json::Object(members)) if !members.is_empty() => {
            members.push(members[member % members.len()].clone());
        }
        (Edit::Double(_, member), Json::List(items)) if !items.is_empty() => {
            items.push(items[member % items.len()].clone());
        }
        (Edit::Rename(_, member, name), Json::Object(members)) if !members.is_empty() => {
            let member = member % members.len();
            members[member].0.clone_from(name);
        }
        (Edit::Add(_, name, with), Json::Object(members)) => {
            members.push((name.clone(), with.clone()));
        }
        (Edit::Add(_, _, with), Json::List(items)) => items.push(with.clone()),
        _ => {}
    }
}

/// The text with its hex digit at a place, counted from the end, increased; decimal digits stay
/// decimal.
pub(super) fn other_digit(text: &str, place: usize, by: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let digits: Vec<usize> =
        (0..bytes.len()).rev().filter(|place| bytes[*place].is_ascii_hexdigit()).collect();
    if digits.is_empty() {
        return text.to_owned();
    }
    let digit = &mut bytes[digits[place % digits.len()]];
    let (first, count) = match *digit {
        b'0'..=b'9' => (b'0', 10),
        b'a'..=b'f' => (b'a', 6),
        _ => (b'A', 6),
    };
    *digit = first + (*digit - first + by) % count;
    String::from_utf8_lossy(&bytes).into_owned()
}
