//! The grammar: `grammar.txt` and `topics.txt`, read once.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What a message that fits one of its patterns means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Hello,
    Thanks,
    Help,
    Disconnect,
    Tools,
    Status,
    Wallet,
    Balance,
    Spent,
    Limits,
    LimitOfCall,
    LimitOfDay,
    LimitOfSession,
    Payment,
    Refund,
    Tickets,
    Secrets,
    SecretsNamed,
    Contact,
    OpenTicket,
    TicketStatus,
    When,
    Where,
    Price,
    Seats,
    Tell,
    Several,
    Buy,
    Analytics,
    Create,
    Connect,
    Events,
}

/// A rule and its patterns.
pub(super) type Patterns = (Rule, Vec<&'static str>);

pub(super) struct Grammar {
    /// Rules whose patterns fit a message as a whole. They need no list of the server.
    pub(super) commands: Vec<Patterns>,
    /// Rules with slots, in the order in which they are tried.
    pub(super) requests: Vec<Patterns>,
    /// What words are about, and how much they say ([`crate::chat::general`]).
    pub(super) topics: Vec<(Rule, u8, Vec<&'static str>)>,
    /// The words of the topics, and of days and prices: for the spelling.
    pub(super) words: BTreeSet<&'static str>,
    classes: Vec<(&'static str, Vec<&'static str>)>,
}

/// The grammar of the chat.
pub(super) static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| read(TEXT));

const TEXT: &str = concat!(
    include_str!("grammar.txt"),
    "\n",
    include_str!("topics.txt"),
    "\n",
    include_str!("search/words.txt")
);

impl Rule {
    const ALL: [Self; 32] = [
        Self::Hello,
        Self::Thanks,
        Self::Help,
        Self::Disconnect,
        Self::Tools,
        Self::Status,
        Self::Wallet,
        Self::Balance,
        Self::Spent,
        Self::Limits,
        Self::LimitOfCall,
        Self::LimitOfDay,
        Self::LimitOfSession,
        Self::Payment,
        Self::Refund,
        Self::Tickets,
        Self::Secrets,
        Self::SecretsNamed,
        Self::Contact,
        Self::OpenTicket,
        Self::TicketStatus,
        Self::When,
        Self::Where,
        Self::Price,
        Self::Seats,
        Self::Tell,
        Self::Several,
        Self::Buy,
        Self::Analytics,
        Self::Create,
        Self::Connect,
        Self::Events,
    ];
}

/// The phrases of a class.
pub(super) fn class(name: &str) -> &'static [&'static str] {
    GRAMMAR.classes.iter().find(|(known, _)| *known == name).map_or(&[], |(_, phrases)| phrases)
}

/// Sections begin with `[kind name]`. What is not known is left out; a test finds it.
fn read(text: &'static str) -> Grammar {
    let mut grammar = Grammar {
        commands: Vec::new(),
        requests: Vec::new(),
        topics: Vec::new(),
        words: BTreeSet::new(),
        classes: Vec::new(),
    };
    for section in text.split("\n[").skip(1) {
        let Some((head, body)) = section.split_once("]\n") else { continue };
        let Some((kind, name)) = head.split_once(' ') else { continue };
        let lines = body.lines().filter(|line| !line.starts_with('#'));
        let items =
            lines.flat_map(|line| line.split(" | ")).filter(|item| !item.is_empty()).collect();
        let rule = Rule::ALL.into_iter().find(|rule| format!("{rule:?}") == name);
        let weight = kind.strip_prefix("topic").and_then(|weight| weight.parse().ok());
        if let (Some(weight), Some(rule)) = (weight, rule) {
            grammar.topics.push((rule, weight, items));
            continue;
        }
        match (kind, rule) {
            ("command", Some(rule)) => grammar.commands.push((rule, items)),
            ("request", Some(rule)) => grammar.requests.push((rule, items)),
            ("class", _) => grammar.classes.push((name, items)),
            (_, _) => {}
        }
    }
    let entries = grammar.topics.iter().flat_map(|(_, _, entries)| entries);
    grammar.words = entries.flat_map(|entry| entry.split([' ', '/', '+'])).collect();
    let limits =
        grammar.classes.iter().filter(|(name, _)| *name == "limits").flat_map(|(_, all)| all);
    grammar.words.extend(limits);
    grammar
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::said::normal;

    #[test]
    fn every_section_is_read_and_every_rule_has_patterns() {
        let sections = TEXT.lines().filter(|line| line.starts_with('[')).count();
        let Grammar { commands, requests, topics, classes, words: _ } = &*GRAMMAR;
        let count = commands.len() + requests.len() + topics.len() + classes.len();
        assert_eq!(count, sections);
        for rule in Rule::ALL {
            assert!(
                commands
                    .iter()
                    .chain(requests)
                    .any(|(known, all)| *known == rule && !all.is_empty())
                    || topics.iter().any(|(known, ..)| *known == rule),
                "{rule:?}"
            );
        }
    }

    #[test]
    fn every_pattern_is_in_the_form_of_words_and_names_classes_that_there_are() {
        let patterns =
            GRAMMAR.commands.iter().chain(&GRAMMAR.requests).flat_map(|(_, patterns)| patterns);
        for part in patterns.flat_map(|pattern| pattern.split(' ')) {
            let must = part.trim_end_matches('?');
            if let Some(name) = must.strip_prefix('%') {
                assert!(!class(name).is_empty(), "{part}");
            } else if !must.starts_with('$') {
                must.split('/').for_each(|word| assert_eq!(normal(word), [word], "{part}"));
            }
        }
        let entries = GRAMMAR.topics.iter().flat_map(|(_, _, entries)| entries);
        for word in entries.flat_map(|entry| entry.split([' ', '/', '+'])) {
            assert_eq!(normal(word), [word]);
        }
        for phrase in GRAMMAR.classes.iter().flat_map(|(_, phrases)| phrases) {
            assert_eq!(normal(phrase).join(" "), *phrase);
        }
    }
}
