//! Fails the build if `wrangler.toml` sets a variable that `src/config/names.rs` does not list, for example a
//! misspelt one.

use std::collections::BTreeSet;
use std::fs;
use std::process::ExitCode;

fn main() -> ExitCode {
    for path in ["wrangler.toml", "src/config/names.rs", "build.rs", "src/ledger/schema.sql"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let deployed = names_in_vars(&read("wrangler.toml"));
    let known = names_in_list(&read("src/config/names.rs"));
    let unknown: Vec<&String> = deployed.difference(&known).collect();
    if unknown.is_empty() && !deployed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!(
        "cargo::error=[vars] of wrangler.toml has {unknown:?}, which VARIABLES of src/config/names.rs does not know (or one of the two is empty)"
    );
    ExitCode::FAILURE
}

/// The keys of `[vars]` and of `[env.NAME.vars]`.
fn names_in_vars(toml: &str) -> BTreeSet<String> {
    let mut is_vars = false;
    let mut names = BTreeSet::new();
    for line in toml.lines().map(str::trim) {
        if line.starts_with('[') {
            is_vars = line == "[vars]" || (line.starts_with("[env.") && line.ends_with(".vars]"));
        } else if is_vars && !line.starts_with('#') {
            names.extend(line.split_once('=').map(|(name, _)| name.trim().to_owned()));
        }
    }
    names
}

/// The names in `pub const VARIABLES`.
fn names_in_list(source: &str) -> BTreeSet<String> {
    let list = source.split("pub const VARIABLES").nth(1).unwrap_or_default();
    let list = list.split(';').next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}
