//! The order of the modules: an import may only go to a module that stands earlier in [`LAYERS`], and no two files import
//! each other, however far around. Read from the sources, paths in expressions included.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the lowest to the highest.
const LAYERS: [&str; 21] = [
    "base",
    "ports",
    "chain",
    "identity",
    "directory",
    "ledger",
    "mail",
    "wallets",
    "rails",
    "facilitator",
    "chat",
    "config",
    "http",
    "sale",
    "products",
    "shop",
    "tickets",
    "mcp",
    "market",
    "host",
    "guest",
];
/// The outermost layer, compiled for Workers only.
const EDGE: &str = "edge";

/// Modules and what each of them imports.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// `src/host/mod.rs` is `host`, `src/host/api.rs` is `host::api`.
fn module_of(path: &Path, root: &Path) -> String {
    let name = path.strip_prefix(root).unwrap().with_extension("");
    let name = name.to_str().unwrap().replace('/', "::");
    name.strip_suffix("::mod").unwrap_or(&name).to_owned()
}

/// The source without comments and without the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// All paths of a `use` tree: `a::{b, c::d}` gives `a::b` and `a::c::d`.
fn expand(tree: &str, found: &mut Vec<String>) {
    let tree = tree.trim();
    let Some(start) = tree.find('{') else {
        found.push(tree.split(" as ").next().unwrap().trim().to_owned());
        return;
    };
    let (prefix, inner) = (&tree[..start], &tree[start + 1..tree.rfind('}').unwrap()]);
    let (mut depth, mut part) = (0, String::new());
    for c in inner.chars().chain([',']) {
        match c {
            ',' if depth == 0 => {
                if !part.trim().is_empty() {
                    expand(&format!("{prefix}{}", part.trim()), found);
                }
                part.clear();
                continue;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        part.push(c);
    }
}

/// The paths that begin with `crate::` or `super::`, those of `use` lines expanded.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = String::new();
    for (index, piece) in code.split("use ").enumerate() {
        let is_use = index > 0
            && (piece.starts_with("crate")
                || piece.starts_with("super")
                || piece.starts_with("self"));
        match piece.split_once(';') {
            Some((tree, after)) if is_use => {
                expand(&tree.replace('\n', " "), &mut found);
                rest.push_str(after);
            }
            _ => rest.push_str(piece),
        }
        rest.push('\n');
    }
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let inline = rest.split(|c| !is_path(c));
    found.extend(
        inline.filter(|p| p.starts_with("crate::") || p.starts_with("super::")).map(str::to_owned),
    );
    found
}

/// The module that a path from `here` names, if it is one of ours.
fn resolve(path: &str, here: &str, known: &BTreeSet<String>) -> Option<String> {
    let mut parts: Vec<&str> = path.split("::").map(str::trim).collect();
    let mut base: Vec<&str> = Vec::new();
    match *parts.first()? {
        "crate" => {
            parts.remove(0);
        }
        "self" => {
            base = here.split("::").collect();
            parts.remove(0);
        }
        "super" => {
            base = here.split("::").collect();
            while parts.first() == Some(&"super") {
                base.pop();
                parts.remove(0);
            }
        }
        _ => return None,
    }
    base.extend(parts);
    (1..=base.len()).rev().map(|length| base[..length].join("::")).find(|name| known.contains(name))
}

fn graph() -> Graph {
    let root = Path::new("src");
    let mut files = Vec::new();
    sources(root, &mut files);
    let is_test = |path: &PathBuf| {
        path.ends_with("tests.rs")
            || path.ends_with("page_types.rs")
            || path.components().any(|part| part.as_os_str() == "tests")
    };
    let files: Vec<_> = files.into_iter().filter(|path| !is_test(path)).collect();
    let known: BTreeSet<String> = files.iter().map(|path| module_of(path, root)).collect();
    let mut graph = Graph::new();
    for path in &files {
        let here = module_of(path, root);
        let text = code(&fs::read_to_string(path).unwrap());
        let used = paths(&text).into_iter().filter_map(|path| resolve(&path, &here, &known));
        graph.insert(here.clone(), used.filter(|module| *module != here).collect());
    }
    graph
}

fn layer(module: &str) -> usize {
    let name = module.split("::").next().unwrap();
    if name == EDGE || name == "lib" {
        return LAYERS.len();
    }
    let found = LAYERS.iter().position(|layer| *layer == name);
    found.unwrap_or_else(|| {
        panic!("{name} is no layer; add it to LAYERS, and to src/ARCHITECTURE.md")
    })
}

#[test]
fn imports_go_to_lower_layers_only() {
    let graph = graph();
    assert!(graph.len() > 200, "the sources were not found");
    let upward: Vec<String> = graph
        .iter()
        .flat_map(|(from, used)| used.iter().map(move |to| (from, to)))
        .filter(|(from, to)| layer(to) > layer(from))
        .map(|(from, to)| format!("{from} imports {to}"))
        .collect();
    assert_eq!(upward, Vec::<String>::new());
}

/// Whether `goal` can be reached from `from`.
fn reaches(graph: &Graph, from: &str, goal: &str, seen: &mut BTreeSet<String>) -> bool {
    graph
        .get(from)
        .into_iter()
        .flatten()
        .any(|next| next == goal || (seen.insert(next.clone()) && reaches(graph, next, goal, seen)))
}

#[test]
fn no_files_import_each_other() {
    let graph = graph();
    let circles: Vec<&String> = graph
        .keys()
        .filter(|module| reaches(&graph, module, module, &mut BTreeSet::new()))
        .collect();
    assert_eq!(circles, Vec::<&String>::new(), "each of these reaches itself");
}

#[test]
fn products_import_neither_each_other_nor_what_sells_them() {
    for (from, used) in graph().iter().filter(|(from, _)| from.starts_with("products::")) {
        let own = from.split("::").take(2).collect::<Vec<_>>().join("::");
        for to in used.iter().filter(|to| to.starts_with("products::")) {
            assert!(to.starts_with(&own), "{from} imports {to}");
        }
    }
}
