//! The settings are one list: in the code, in `docs/settings.md` and in `.dev.vars.example`.

use std::collections::BTreeSet;

use events_concierge::config::names::{SECRETS, VARIABLES};

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// The rows of the page's table: names, and whether it calls them secrets.
fn documented() -> Vec<(String, bool)> {
    let page = include_str!("../../docs/settings.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | "));
    rows.flat_map(|(names, what)| {
        let is_secret = what.starts_with("secret");
        let names = names.split('`').filter(|name| is_name(name));
        names.map(move |name| (name.to_owned(), is_secret)).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn the_settings_page_and_the_code_know_the_same_settings() {
    let rows = documented();
    let known: BTreeSet<&str> = VARIABLES.iter().chain(SECRETS).copied().collect();
    let written: BTreeSet<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(written, known);
    assert_eq!(rows.len(), known.len(), "each once");
    for (name, is_secret) in &rows {
        assert_eq!(*is_secret, SECRETS.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn the_example_for_ones_own_machine_names_settings_that_there_are() {
    let example = include_str!("../../.dev.vars.example");
    let lines = example.lines().map(|line| line.trim_start_matches("# ").trim());
    let names: Vec<&str> =
        lines.filter_map(|line| Some(line.split_once('=')?.0)).filter(|it| is_name(it)).collect();
    assert!(names.contains(&"MASTER_KEY") && names.contains(&"PUBLIC_URL"), "{names:?}");
    for name in names {
        assert!(VARIABLES.contains(&name) || SECRETS.contains(&name), "{name}");
    }
}
