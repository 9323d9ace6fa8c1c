//! The parts of a mail (RFC 2045, RFC 2046): one text for people, and the names of attachments. Depth, number of parts and
//! length have bounds; what is beyond them is not read.

use serde::{Deserialize, Serialize};

use crate::base::text;
use crate::mail::inbound::fields::{Fields, next_line};
use crate::mail::inbound::{decode, html};

/// How deep parts are read in parts.
const DEPTH_MAX: usize = 8;
/// Parts of one mail.
const PARTS_MAX: usize = 60;
/// Attachments that are listed.
pub(super) const ATTACHMENTS_MAX: usize = 20;
/// The longest text that is read of a part, bytes.
const TEXT_BYTES_MAX: usize = 256 * 1024;
const NAME_CHARS_MAX: usize = 120;

/// A file that came with a mail. Its content is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Attachment {
    pub name: String,
    /// Its media type, as the sender says.
    #[serde(rename = "type")]
    pub media: String,
    /// Its length in bytes.
    #[cfg_attr(test, ts(type = "number"))]
    pub bytes: u64,
}

/// A mail that was taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    pub(super) fields: Fields,
    /// The first text for people; HTML is text already.
    pub(super) text: String,
    pub(super) attachments: Vec<Attachment>,
    /// Whether it is a report about another mail (RFC 6522).
    pub(super) is_report: bool,
}

#[derive(Default)]
struct Found {
    plain: Option<String>,
    html: Option<String>,
    attachments: Vec<Attachment>,
    parts: usize,
    is_report: bool,
}

impl Attachment {
    /// An attachment with a name and a type of one line each.
    #[must_use]
    pub fn new(name: &str, media: &str, bytes: u64) -> Self {
        let name = text::line(name, NAME_CHARS_MAX);
        let name = if text::is_blank(&name) { "without a name".to_owned() } else { name };
        Self { name, media: text::line(media, NAME_CHARS_MAX), bytes }
    }
}

impl Letter {
    /// Takes a raw mail apart.
    #[must_use]
    pub fn read(raw: &[u8]) -> Self {
        let mut found = Found::default();
        let (fields, body) = Fields::split(raw);
        found.part(&fields, body, 0);
        let text = found.plain.filter(|plain| !text::is_blank(plain));
        Self {
            fields,
            text: text.or(found.html).unwrap_or_default(),
            attachments: found.attachments,
            is_report: found.is_report,
        }
    }

    /// From what a provider has taken apart.
    #[must_use]
    pub fn of_parts(
        fields: Fields,
        plain: Option<&str>,
        html: Option<&str>,
        attachments: Vec<Attachment>,
    ) -> Self {
        let plain = plain.filter(|plain| !text::is_blank(plain)).map(str::to_owned);
        let text = plain.or_else(|| html.map(html::text)).unwrap_or_default();
        let is_report = fields.typed("content-type").kind == "multipart/report";
        Self {
            fields,
            text,
            attachments: attachments.into_iter().take(ATTACHMENTS_MAX).collect(),
            is_report,
        }
    }
}

impl Found {
    fn part(&mut self, fields: &Fields, body: &[u8], depth: usize) {
        self.parts = self.parts.saturating_add(1);
        if depth > DEPTH_MAX || self.parts > PARTS_MAX {
            return;
        }
        let typed = fields.typed("content-type");
        let kind = match typed.kind.as_str() {
            "" => "text/plain",
            kind => kind,
        };
        if let Some(boundary) =
            typed.parameter("boundary").filter(|_| kind.starts_with("multipart/"))
        {
            self.is_report |= kind == "multipart/report";
            for part in parts_of(body, boundary) {
                let (fields, body) = Fields::split(part);
                self.part(&fields, body, depth.saturating_add(1));
            }
            return;
        }
        let disposition = fields.typed("content-disposition");
        let name = disposition.shown("filename").or_else(|| typed.shown("name"));
        let is_file = disposition.kind == "attachment" || name.is_some();
        let text = match kind {
            "text/plain" if !is_file => &mut self.plain,
            "text/html" if !is_file => &mut self.html,
            _ => {
                let bytes = length(fields, body);
                if self.attachments.len() < ATTACHMENTS_MAX {
                    let name = name.unwrap_or_default();
                    self.attachments.push(Attachment::new(&name, kind, bytes));
                }
                return;
            }
        };
        if text.is_none() {
            let bytes = decoded(fields, body);
            let bytes = bytes.get(..TEXT_BYTES_MAX).unwrap_or(&bytes);
            let read = decode::text(bytes, typed.parameter("charset"));
            *text = Some(if kind == "text/html" { html::text(&read) } else { read });
        }
    }
}

fn decoded(fields: &Fields, body: &[u8]) -> Vec<u8> {
    let encoding = fields.get("content-transfer-encoding").unwrap_or_default();
    // Four bytes of each encoding are at least one of text.
    let body = body.get(..TEXT_BYTES_MAX.saturating_mul(4)).unwrap_or(body);
    match encoding.to_ascii_lowercase().as_str() {
        "base64" => decode::base64(body),
        "quoted-printable" => decode::quoted_printable(body, false),
        _ => body.to_vec(),
    }
}

/// The length of a file, without decoding it.
fn length(fields: &Fields, body: &[u8]) -> u64 {
    let encoding = fields.get("content-transfer-encoding").unwrap_or_default();
    let bytes = match encoding.eq_ignore_ascii_case("base64") {
        true => {
            let is_digit = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
            body.iter().filter(is_digit).count().saturating_mul(3) / 4
        }
        false => body.len(),
    };
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// The parts between lines of `--boundary` (RFC 2046, 5.1.1).
fn parts_of<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut begin: Option<&'a [u8]> = None;
    let mut rest = body;
    if boundary.is_empty() {
        return parts;
    }
    while let Some((line, after)) = next_line(rest) {
        let mark = line.strip_prefix(b"--").and_then(|it| it.strip_prefix(boundary.as_bytes()));
        if let Some(mark) = mark {
            let before = begin.and_then(|part| part.get(..part.len().saturating_sub(rest.len())));
            parts.extend(before.map(without_end));
            begin = (!mark.starts_with(b"--")).then_some(after);
            if begin.is_none() || parts.len() > PARTS_MAX {
                return parts;
            }
        }
        rest = after;
    }
    // A mail that was cut off has no last boundary.
    parts.extend(begin);
    parts
}

/// The line end before a boundary belongs to the boundary.
fn without_end(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_preferred_and_files_are_listed() {
        let raw = b"Content-Type: multipart/mixed; boundary=\"o\"\r\n\r\npreamble\r\n--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\nContent-Type: text/html\r\n\r\n<b>html</b>\r\n--i\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n--i--\r\n--o\r\nContent-Type: application/pdf; name=\"=?utf-8?Q?Pl=C3=A4ne?=.pdf\"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--o--\r\nepilogue";
        let letter = Letter::read(raw);
        assert_eq!(letter.text, "Grüße");
        let file = Attachment {
            name: "Pläne.pdf".to_owned(),
            media: "application/pdf".to_owned(),
            bytes: 5,
        };
        assert_eq!(letter.attachments, [file]);
    }

    #[test]
    fn bounds_hold_for_depth_parts_and_length() {
        let mut deep = String::new();
        for level in 0..200 {
            deep.push_str(&format!(
                "Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"
            ));
        }
        deep.push_str("Content-Type: text/plain\n\nfound");
        assert_eq!(Letter::read(deep.as_bytes()).text, "");
        let many = "--b\nContent-Disposition: attachment\n\nx\n".repeat(5_000);
        let many =
            Letter::read(format!("Content-Type: multipart/mixed; boundary=b\n\n{many}").as_bytes());
        assert_eq!(many.attachments.len(), ATTACHMENTS_MAX);
        let long = format!("Subject: x\n\n{}", "a".repeat(3 * TEXT_BYTES_MAX));
        assert_eq!(Letter::read(long.as_bytes()).text.len(), TEXT_BYTES_MAX);
    }

    #[test]
    fn html_alone_and_mails_that_are_cut_off_are_read() {
        let html = b"Content-Type: text/html\n\n<p>a</p><p>b</p>";
        assert_eq!(Letter::read(html).text, "a\n\nb");
        let cut = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nthe text";
        assert_eq!(Letter::read(cut).text, "the text");
        assert_eq!(Letter::read(b"").text, "");
    }
}
