//! The header fields of a mail (RFC 5322, 2.2) and their values.

use crate::base::email::EmailAddress;
use crate::mail::inbound::decode;

/// Fields that are read; later ones are ignored.
const FIELDS_MAX: usize = 300;
/// The longest block of fields, bytes.
const BLOCK_BYTES_MAX: usize = 128 * 1024;
/// Message ids that are read from `In-Reply-To` and `References`.
const IDS_MAX: usize = 20;
/// The longest message id (RFC 5322 allows lines of 998 characters), bytes.
const ID_BYTES_MAX: usize = 250;

/// The fields of a mail or of a part, in their order: lower-case names, unfolded values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

/// A value with parameters, as in `text/plain; charset=utf-8`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    /// The media type in lower case.
    pub(super) kind: String,
    parameters: Vec<(String, String)>,
}

impl Fields {
    /// From names and values that somebody has read already.
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let pairs = pairs.into_iter().take(FIELDS_MAX);
        Self(pairs.map(|(name, value)| (name.trim().to_ascii_lowercase(), value)).collect())
    }

    /// Reads the fields at the beginning, and returns what follows the empty line.
    pub(super) fn split(raw: &[u8]) -> (Self, &[u8]) {
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut rest = raw;
        let mut left = BLOCK_BYTES_MAX;
        while let Some((line, after)) = next_line(rest) {
            if line.is_empty() {
                return (Self(fields), after);
            }
            rest = after;
            left = left.saturating_sub(line.len());
            if left == 0 {
                continue;
            }
            let text = decode::text(line, None);
            match fields.last_mut() {
                Some((_, value)) if text.starts_with([' ', '\t']) => value.push_str(&text),
                _ => {
                    let Some((name, value)) = text.split_once(':') else { continue };
                    if fields.len() < FIELDS_MAX {
                        fields.push((name.trim().to_ascii_lowercase(), value.to_owned()));
                    }
                }
            }
        }
        (Self(fields), rest)
    }

    /// The first field of this lower-case name, without white space around it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
    }

    /// A value for people, with its encoded words decoded.
    pub(super) fn shown(&self, name: &str) -> String {
        decode::words(self.get(name).unwrap_or_default())
    }

    /// A value with parameters.
    pub(super) fn typed(&self, name: &str) -> Typed {
        Typed::read(self.get(name).unwrap_or_default())
    }

    /// The address of the author. A mail has one; one with several authors is from the first (RFC 5322, 3.6.2).
    pub(super) fn author(&self) -> Option<EmailAddress> {
        addresses(self.get("from")?).into_iter().next()
    }

    /// The addresses of all fields that name recipients.
    pub(super) fn recipients(&self) -> Vec<EmailAddress> {
        let names = ["delivered-to", "x-original-to", "to", "cc"];
        names.iter().filter_map(|name| self.get(name)).flat_map(addresses).collect()
    }

    /// The message ids that this mail answers, without angle brackets, the nearest first.
    pub(super) fn answered(&self) -> Vec<String> {
        let mut found = ids(self.get("in-reply-to").unwrap_or_default());
        let mut before = ids(self.get("references").unwrap_or_default());
        before.reverse();
        found.extend(before);
        let mut distinct: Vec<String> = Vec::new();
        for id in found {
            if distinct.len() < IDS_MAX && !distinct.contains(&id) {
                distinct.push(id);
            }
        }
        distinct
    }
}

impl Typed {
    fn read(value: &str) -> Self {
        let mut parts = split_outside_quotes(value, ';').into_iter();
        let kind = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let parameters = parts.filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), unquoted(value.trim())))
        });
        Self { kind, parameters: parameters.collect() }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter for people: `name`, or `name*` in the form of RFC 2231.
    pub(super) fn shown(&self, name: &str) -> Option<String> {
        let extended = self.parameter(&format!("{name}*")).and_then(|value| {
            let (charset, rest) = value.split_once('\'')?;
            let (_, encoded) = rest.split_once('\'')?;
            let bytes = decode::quoted_printable(encoded.replace('%', "=").as_bytes(), false);
            Some(decode::text(&bytes, Some(charset)))
        });
        extended.or_else(|| self.parameter(name).map(decode::words))
    }
}

/// The next line without its end, and what follows.
pub(super) fn next_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.is_empty() {
        return None;
    }
    let end = text.iter().position(|b| *b == b'\n').unwrap_or(text.len());
    let (line, rest) = text.split_at_checked(end)?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Some((line, rest.strip_prefix(b"\n").unwrap_or(rest)))
}

/// The addresses in the value of a field. Display names and comments are ignored.
pub(super) fn addresses(value: &str) -> Vec<EmailAddress> {
    let one = |entry: String| {
        let inside = entry.rsplit_once('<').map(|(_, rest)| rest.split('>').next());
        let text = inside.flatten().unwrap_or(&entry);
        EmailAddress::parse(text).ok()
    };
    split_outside_quotes(value, ',').into_iter().take(IDS_MAX).filter_map(one).collect()
}

fn ids(value: &str) -> Vec<String> {
    let pieces = value.split('<').skip(1).filter_map(|piece| piece.split_once('>'));
    let fits = |id: &&str| {
        !id.is_empty() && id.len() <= ID_BYTES_MAX && id.bytes().all(|b| b.is_ascii_graphic())
    };
    pieces.map(|(id, _)| id).filter(fits).take(IDS_MAX).map(str::to_owned).collect()
}

pub(super) fn split_outside_quotes(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut is_quoted, mut is_escaped) = (false, false);
    for c in text.chars() {
        let is_end = c == at && !is_quoted;
        if is_end {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
    }
    parts
}

fn unquoted(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"') else { return value.to_owned() };
    let inside = inside.strip_suffix('"').unwrap_or(inside);
    let mut plain = String::new();
    let mut is_escaped = false;
    for c in inside.chars() {
        is_escaped = c == '\\' && !is_escaped;
        if !is_escaped {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_unfolded_and_the_first_of_a_name_counts() {
        let raw = b"From: \"Nowak, Anna\" <Anna@Example.org>\r\nSubject: a\r\n b\r\nno colon\nSubject: c\r\n\r\nbody";
        let (fields, body) = Fields::split(raw);
        assert_eq!(body, b"body");
        assert_eq!(fields.get("subject"), Some("a b"));
        assert_eq!(fields.author().unwrap().as_str(), "anna@example.org");
        assert_eq!(Fields::split(b"A: b").0.get("a"), Some("b"));
    }

    #[test]
    fn ids_are_found_nearest_first_and_each_once() {
        let fields = Fields::new([
            ("References".to_owned(), "<a@x> <b@x>\r\n <c@x> nonsense <>".to_owned()),
            ("In-Reply-To".to_owned(), "<c@x>".to_owned()),
        ]);
        assert_eq!(fields.answered(), ["c@x", "b@x", "a@x"]);
    }

    #[test]
    fn parameters_are_read_with_quotes_and_other_alphabets() {
        let typed = Typed::read("Multipart/Mixed; boundary=\"a;b\\\"c\"; Name*=utf-8''na%C3%AFve");
        assert_eq!(typed.kind, "multipart/mixed");
        assert_eq!(typed.parameter("boundary"), Some("a;b\"c"));
        assert_eq!(typed.shown("name").as_deref(), Some("naïve"));
    }
}
