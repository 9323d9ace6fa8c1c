//! The terms of a full-text index, and of its queries.
//!
//! SQLite's FTS5 finds tokens, but none of its tokenizers fits all scripts: `unicode61` reads a whole Chinese
//! sentence as one token, and `trigram` finds nothing shorter than three characters, which most Chinese and Japanese
//! words are. So the text is split here, and `unicode61` only splits at our spaces (marks count as parts of words,
//! which it drops otherwise):
//!
//! - Unicode forms: compatibility forms and cases are folded first (NFKC, lower case, invisible characters dropped).
//!   `unicode61` takes accents off Latin letters, for the index and for queries.
//! - Scripts with spaces between words: words as they are. `porter` reduces English words to their stem. A query
//!   matches beginnings of words, and for a long word a shorter beginning too, since endings change in most languages.
//! - Scripts without spaces (Han, Kana, Thai, Lao, Khmer, Burmese …), and Hangul, whose words grow at their end:
//!   every pair of neighbouring characters.

use crate::base::standards::standards;

/// The version of these rules. Text that was indexed by another version is indexed again.
pub const VERSION: u32 = 2;
/// Terms of a query that are used.
const TERMS_MAX: usize = 24;
/// Words of a query that have to be there.
const WORDS_MAX: usize = 12;
/// The longest term, characters; the rest of a longer word is dropped.
const WORD_CHARS_MAX: usize = 40;
/// The shortest word that is also matched by a shorter beginning, characters.
const LONG_WORD: usize = 6;
/// The longest ending that may differ, and the shortest beginning that stays, characters.
const ENDING: usize = 3;
const BEGINNING: usize = 5;

/// A run of characters that belong together.
#[derive(Debug, PartialEq, Eq)]
enum Run {
    /// A word between spaces.
    Word(String),
    /// Text of a script without spaces.
    Dense(Vec<char>),
}

/// A text as terms with spaces between them, for the index.
#[must_use]
pub fn index(text: &str) -> String {
    let mut terms = String::new();
    let mut push = |term: &[char]| {
        terms.extend(term);
        terms.push(' ');
    };
    for run in runs(text) {
        match run {
            Run::Word(word) => push(&word.chars().collect::<Vec<_>>()),
            Run::Dense(chars) => {
                chars.windows(2).for_each(&mut push);
                // So that a single character is found as the beginning of a pair, or as this.
                if let Some(last) = chars.last() {
                    push(&[*last]);
                }
            }
        }
    }
    terms
}

/// A query in FTS5's syntax: any of its terms; adjacent terms of a dense run count again. No other part of the input
/// gets through. Empty if there is no term.
#[must_use]
pub fn query(text: &str) -> String {
    let mut terms: Vec<String> = groups(text).into_iter().flatten().collect();
    terms.truncate(TERMS_MAX);
    terms.join(" OR ")
}

/// As [`query`], but each word has to be there.
#[must_use]
pub fn query_of_all(text: &str) -> String {
    let groups = groups(text).into_iter().filter(|group| !group.is_empty());
    let groups: Vec<String> =
        groups.take(WORDS_MAX).map(|group| format!("({})", group.join(" OR "))).collect();
    groups.join(" AND ")
}

/// The terms of each run of a text.
fn groups(text: &str) -> Vec<Vec<String>> {
    let group = |run: Run| {
        let mut terms: Vec<String> = Vec::new();
        match run {
            Run::Word(word) => {
                let chars = word.chars().count();
                terms.push(format!("\"{word}\"*"));
                if chars >= LONG_WORD {
                    let kept = chars.saturating_sub(ENDING).max(BEGINNING);
                    let beginning: String = word.chars().take(kept).collect();
                    terms.push(format!("\"{beginning}\"*"));
                }
            }
            Run::Dense(chars) => {
                let pairs: Vec<String> =
                    chars.windows(2).map(|pair| pair.iter().collect()).collect();
                match pairs.as_slice() {
                    [] => terms.extend(chars.first().map(|one| format!("\"{one}\"*"))),
                    [pair] => terms.push(format!("\"{pair}\"")),
                    pairs => {
                        let together = pairs.get(..TERMS_MAX.min(pairs.len())).unwrap_or(pairs);
                        terms.push(format!("\"{}\"", together.join(" ")));
                        let singly = pairs.iter().take(TERMS_MAX);
                        terms.extend(singly.map(|pair| format!("\"{pair}\"")));
                    }
                }
            }
        }
        terms
    };
    runs(text).into_iter().map(group).collect()
}

/// A query of which all terms must be found; dense runs as they stand. Empty if there is no term.
#[must_use]
pub fn query_all(text: &str) -> String {
    let term = |run: Run| match run {
        Run::Word(word) => format!("\"{word}\"*"),
        Run::Dense(chars) => match chars.as_slice() {
            [one] => format!("\"{one}\"*"),
            chars => {
                let pairs = chars.windows(2).take(TERMS_MAX).map(|pair| pair.iter().collect());
                format!("\"{}\"", pairs.collect::<Vec<String>>().join(" "))
            }
        },
    };
    let terms: Vec<String> = runs(text).into_iter().take(TERMS_MAX).map(term).collect();
    terms.join(" AND ")
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut is_inside = false;
    for c in folded(text).chars() {
        if !is_part(c) {
            is_inside = false;
            continue;
        }
        let last = if is_inside { runs.last_mut() } else { None };
        match (last, is_dense(c)) {
            (Some(Run::Dense(chars)), true) => chars.push(c),
            // A mark belongs to its base character.
            (Some(Run::Dense(chars)), false) if is_mark(c) => chars.push(c),
            (Some(Run::Word(word)), false) => {
                if word.chars().count() < WORD_CHARS_MAX {
                    word.push(c);
                }
            }
            (_, true) => runs.push(Run::Dense(vec![c])),
            (_, false) => runs.push(Run::Word(c.to_string())),
        }
        is_inside = true;
    }
    runs
}

/// The text in one form and case. Of what is not ASCII, only letters, numbers and marks are left.
fn folded(text: &str) -> String {
    // No table is needed for it.
    if text.is_ascii() { text.to_ascii_lowercase() } else { standards().folded(text) }
}

fn is_part(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { !c.is_whitespace() }
}

/// Whether a character that [`is_part`] is a mark, and no letter of its own.
fn is_mark(c: char) -> bool {
    !c.is_alphanumeric()
}

/// Whether the character's script has no spaces between words, or is Hangul.
const fn is_dense(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}' // Burmese
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{1950}'..='\u{19df}' | '\u{1a20}'..='\u{1aaf}' | '\u{aa80}'..='\u{aadf}' // Tai
        | '\u{1b00}'..='\u{1b7f}' | '\u{a980}'..='\u{a9df}' // Balinese, Javanese
        | '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}' // Hangul
        | '\u{3005}'..='\u{3007}' | '\u{3031}'..='\u{312f}' | '\u{3190}'..='\u{31ff}' // Kana, Bopomofo
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' // Han
        | '\u{a000}'..='\u{a4cf}' // Yi
        | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_words_and_pairs() {
        for (text, terms) in [
            ("Refund policy, 2nd", "refund policy 2nd "),
            (
                "\u{53ef}\u{4ee5}\u{53d6}\u{6d88}iPhone\u{3002}",
                "\u{53ef}\u{4ee5} \u{4ee5}\u{53d6} \u{53d6}\u{6d88} \u{6d88} iphone ",
            ),
            ("\u{7968}", "\u{7968} "),
            // Half-width kana with its mark, full-width Latin, a ligature, a circled number.
            ("\u{ff77}\u{ff9e}\u{ff0c}\u{ff21}\u{ff42} \u{fb01}x \u{2460}", "\u{30ae} ab fix 1 "),
            ("Stra\u{df}e STRASSE cafe\u{301}", "strasse strasse caf\u{e9} "),
            ("\u{0930}\u{0926}\u{094d}\u{0926}", "\u{0930}\u{0926}\u{094d}\u{0926} "),
            (" \u{200b}\"'* ()", ""),
        ] {
            assert_eq!(index(text), terms, "{text}");
        }
    }

    #[test]
    fn a_query_is_terms_and_nothing_else() {
        assert_eq!(query("refund fee"), "\"refund\"* OR \"refun\"* OR \"fee\"*");
        assert_eq!(
            query("title:x\" OR NEAR(a b) -y*"),
            "\"title\"* OR \"x\"* OR \"or\"* OR \"near\"* OR \"a\"* OR \"b\"* OR \"y\"*"
        );
        assert_eq!(query("\u{53d6}\u{6d88}"), "\"\u{53d6}\u{6d88}\"");
        assert_eq!(
            query("\u{53d6}\u{6d88}\u{7968}"),
            "\"\u{53d6}\u{6d88} \u{6d88}\u{7968}\" OR \"\u{53d6}\u{6d88}\" OR \"\u{6d88}\u{7968}\""
        );
        assert_eq!(query("\u{7968}"), "\"\u{7968}\"*");
        assert_eq!(query("  \"'* ()"), "");
        assert_eq!(
            query_all("Refund NOT \u{53d6}\u{6d88}\u{7968}"),
            "\"refund\"* AND \"not\"* AND \"\u{53d6}\u{6d88} \u{6d88}\u{7968}\""
        );
        assert_eq!(
            (query_all("\u{7968}").as_str(), query_all(" \"'*").as_str()),
            ("\"\u{7968}\"*", "")
        );
        assert_eq!(query(&"w ".repeat(100)).matches("\"w\"*").count(), TERMS_MAX);
        assert!(query(&"\u{53d6}\u{6d88}".repeat(100)).len() < 1_000);
    }
}
