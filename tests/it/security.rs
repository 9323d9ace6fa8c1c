//! `SECURITY.md` names a test for each threat, `src/ARCHITECTURE.md` one for each rule. A test that is renamed or removed
//! is missed here.

use std::path::Path;

/// Each `file::test` that the page names in backticks.
fn named(page: &str) -> Vec<(&str, &str)> {
    let quoted = page.split('`').skip(1).step_by(2);
    quoted
        .filter(|text| text.starts_with("tests/") || text.starts_with("src/"))
        .filter_map(|text| text.split_once("::"))
        .collect()
}

/// Whether the source defines a test of that name, as a Rust function or as a title in a spec.
fn defines(source: &str, name: &str) -> bool {
    source.contains(&format!("fn {name}(")) || source.contains(&format!("\"{name}\""))
}

/// Checks that every test that the page names is there, and that it names this many at least.
fn check(page: &str, count_min: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join(page)).unwrap();
    let named = named(&page);
    assert!(named.len() >= count_min, "only {} tests are named", named.len());
    let is_missing = |(file, name): &&(&str, &str)| {
        std::fs::read_to_string(root.join(file)).map_or(true, |source| !defines(&source, name))
    };
    let missing: Vec<_> = named.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "named and not there: {missing:?}");
}

#[test]
fn every_test_that_the_threat_model_names_is_there() {
    check("SECURITY.md", 30);
}

#[test]
fn every_test_that_the_map_of_the_source_names_is_there() {
    check("src/ARCHITECTURE.md", 60);
}

#[test]
fn a_threat_without_a_test_is_seen() {
    let page = "| x | `tests/it/money.rs::this_is_no_test` | `README.md` | `npm test` |";
    assert_eq!(named(page), [("tests/it/money.rs", "this_is_no_test")]);
    assert!(!defines("fn this_is_a_test() {}", "this_is_no_test"));
    assert!(defines("test(\"a title\", async () => {", "a title"));
}
