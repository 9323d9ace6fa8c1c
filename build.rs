//! Checks that the settings in `wrangler.toml` and those in `src/config.rs` are the same set, so
//! that a name known to only one of them fails the build. Nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::process::ExitCode;

fn main() -> ExitCode {
    for path in ["wrangler.toml", "src/config.rs", "build.rs", "src/ledger/schema.sql"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let deployed = names_in_vars(&read("wrangler.toml"));
    let known = names_in_list(&read("src/config.rs"));
    if deployed == known && !known.is_empty() {
        return ExitCode::SUCCESS;
    }
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
        a.difference(b).cloned().collect::<Vec<_>>().join(", ")
    };
    println!(
        "cargo::error=[vars] of wrangler.toml and VARIABLES of src/config.rs differ: only in wrangler.toml: {}; only in config.rs: {}",
        only(&deployed, &known),
        only(&known, &deployed)
    );
    ExitCode::FAILURE
}

/// The keys of the top-level `[vars]` table.
fn names_in_vars(toml: &str) -> BTreeSet<String> {
    let lines = toml.lines().map(str::trim).skip_while(|line| *line != "[vars]").skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().to_owned())
        .filter(|name| !name.starts_with('#'))
        .collect()
}

/// The names in `pub const VARIABLES`.
fn names_in_list(source: &str) -> BTreeSet<String> {
    let list = source.split("pub const VARIABLES").nth(1).unwrap_or_default();
    let list = list.split(';').next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}
