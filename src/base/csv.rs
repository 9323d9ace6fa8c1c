//! CSV for spreadsheets (RFC 4180). Every CSV file of the service is written here.

use crate::base::text::is_shown;

/// Marks the file as UTF-8. Without it Excel assumes the legacy encoding of the locale.
pub const BYTE_ORDER_MARK: char = '\u{feff}';

/// Characters that start a formula: `=`, `+`, `-`, `@`, their full-width and small forms, and U+2212.
const FORMULA: [char; 13] = [
    '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{fe62}', '\u{fe63}',
    '\u{fe66}', '\u{fe6b}', '\u{2212}',
];

/// A whole file: byte-order mark, header line, data lines.
#[must_use]
pub fn file<const N: usize>(names: [&str; N], lines: impl Iterator<Item = [String; N]>) -> String {
    file_of(&names.map(str::to_owned), lines)
}

/// As [`file()`], with as many columns as there are names.
#[must_use]
pub fn file_of(names: &[String], lines: impl Iterator<Item = impl AsRef<[String]>>) -> String {
    let mut text = BYTE_ORDER_MARK.to_string();
    text.push_str(&line(names));
    for fields in lines {
        text.push_str(&line(fields.as_ref()));
    }
    text
}

/// One line, with CRLF at its end.
#[must_use]
pub fn line(fields: &[String]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| quoted(&guarded(field))).collect();
    format!("{}\r\n", fields.join(","))
}

/// Puts an apostrophe in front of every formula, because callers choose some of the fields. A formula may also start in
/// the middle of a field: in locales with a decimal comma, spreadsheets split quoted fields at semicolons, and others
/// can be set to split at tabs.
fn guarded(field: &str) -> String {
    let mut safe = String::with_capacity(field.len());
    let mut is_at_start = true;
    for c in field.chars() {
        if is_at_start && FORMULA.contains(&c) {
            safe.push('\'');
        }
        let splits = matches!(c, ',' | ';' | '\t' | '\r' | '\n');
        let is_passed_over = c.is_whitespace() || c == '"' || !is_shown(c);
        is_at_start = splits || (is_at_start && is_passed_over);
        safe.push(c);
    }
    // Some spreadsheets also read these as the start of a formula.
    if safe.starts_with(['\t', '\r', '\n']) { format!("'{safe}") } else { safe }
}

/// Quotes a field if a spreadsheet could split or trim it.
fn quoted(field: &str) -> String {
    let is_plain = !field.contains([',', ';', '"', '\'', '\t', '\n', '\r']);
    if is_plain && field.trim() == field {
        return field.to_owned();
    }
    format!("\"{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csv_field_is_neither_split_nor_run() {
        for (field, expected) in [
            ("Ada", "Ada"),
            ("Lovelace, Ada", "\"Lovelace, Ada\""),
            ("\"Ada\"", "\"\"\"Ada\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("+49 1", "\"'+49 1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t'=1\""),
            ("\r=1", "\"'\r'=1\""),
            ("  =1", "\"  '=1\""),
            ("\u{3000}\u{200b}=1", "\"\u{3000}\u{200b}'=1\""),
            ("\u{ff1d}1", "\"'\u{ff1d}1\""),
            ("\u{ff0b}1", "\"'\u{ff0b}1\""),
            ("\u{ff0d}1", "\"'\u{ff0d}1\""),
            ("\u{ff20}A", "\"'\u{ff20}A\""),
            ("a;=1", "\"a;'=1\""),
            ("a\n-1", "\"a\n'-1\""),
            ("\"=1", "\"\"\"'=1\""),
            ("1-1=0", "1-1=0"),
            ("a@b.example", "a@b.example"),
            ("2027-03-01T18:30:00Z", "2027-03-01T18:30:00Z"),
        ] {
            assert_eq!(line(&[field.to_owned()]), format!("{expected}\r\n"));
        }
    }

    #[test]
    fn a_file_says_that_it_is_utf_8() {
        let lines = [["J\u{f6}rg".to_owned(), "1".to_owned()]];
        assert_eq!(
            file(["name", "seats"], lines.into_iter()),
            "\u{feff}name,seats\r\nJ\u{f6}rg,1\r\n"
        );
    }
}
