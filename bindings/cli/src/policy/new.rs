//! `sched policy new`: a crate with a policy that builds, has tests and runs at once. What is in it is in `templates/`.

use super::args::NewArgs;
use crate::error::CliError;
use crate::files::print;
use sched_core::PolicyConfig;
use std::fs;
use std::path::{Path, PathBuf};

/// Every file of the crate, with its template.
const FILES: [(&str, &str); 6] = [
    ("Cargo.toml", include_str!("../../templates/Cargo.toml.in")),
    (".cargo/config.toml", include_str!("../../templates/config.toml.in")),
    (".gitignore", include_str!("../../templates/gitignore.in")),
    ("README.md", include_str!("../../templates/README.md.in")),
    ("src/lib.rs", include_str!("../../templates/lib.rs.in")),
    ("tests/laws.rs", include_str!("../../templates/laws.rs.in")),
];

/// Longest name of a crate.
const MAX_NAME_CHARS: usize = 64;

/// Words of the language and crates that every crate knows: no crate can be called so.
const TAKEN_CRATES: [&str; 48] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "policy-sdk",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "serde",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "try",
    "type",
    "use",
];

/// Names that stand for something else in the template.
const TAKEN_TYPES: [&str; 11] = [
    "Column",
    "Default",
    "Manifest",
    "NodeColumns",
    "Nodes",
    "PodView",
    "Policy",
    "ResourceId",
    "Rows",
    "Self",
    "Settings",
];

pub(super) fn run(args: &NewArgs) -> Result<(), CliError> {
    let NewArgs { name, dir, sdk } = args;
    let policy = checked(name).map_err(|problem| CliError::Usage(format!("`{name}` {problem}")))?;
    let sdk = dependency(sdk.as_deref())?;
    let root = dir.join(name);
    make(fs::create_dir(&root), &root)?;
    let filled = |template: &str| {
        let library = name.replace('-', "_");
        template.replace("{{name}}", name).replace("{{library}}", &library).replace("{{Policy}}", &policy)
    };
    for (place, template) in FILES {
        let path = root.join(place);
        if let Some(folder) = path.parent() {
            make(fs::create_dir_all(folder), folder)?;
        }
        make(fs::write(&path, filled(template).replace("{{sdk}}", &sdk)), &path)?;
    }
    print(&format!("{} holds the policy {policy}; its README.md says how to go on.\n", root.display()))
}

fn make(done: std::io::Result<()>, path: &Path) -> Result<(), CliError> {
    done.map_err(|source| CliError::Write { path: path.to_owned(), source })
}

/// The policy's name, for a crate's name that can be one.
fn checked(name: &str) -> Result<String, &'static str> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) || name.ends_with('-') {
        return Err("is no name for a crate: give lower-case letters, digits and hyphens, a letter first");
    }
    if name.len() > MAX_NAME_CHARS {
        return Err("is longer than 64 characters");
    }
    let policy: String = name.split('-').map(capital).collect();
    if TAKEN_CRATES.contains(&name) || TAKEN_TYPES.contains(&policy.as_str()) {
        return Err("is a name that the language or the SDK uses already");
    }
    if PolicyConfig::NAMES.contains(&policy.as_str()) {
        return Err("is the name of a policy that ships with the library");
    }
    Ok(policy)
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// What `Cargo.toml` says of the SDK: where it lies. It is on no registry yet, and whoever took the name there first would run
/// code on the author's machine.
fn dependency(sdk: Option<&Path>) -> Result<String, CliError> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policy-sdk");
    let found = sdk.map_or_else(|| is_sdk(&checkout).then(|| checkout.clone()), |sdk| Some(sdk.to_owned()));
    let path = found.ok_or_else(|| {
        CliError::Usage(
            "give --sdk, the folder policy-sdk of a checkout: the one that this program was built from is gone"
                .to_owned(),
        )
    })?;
    let whole: Option<PathBuf> = is_sdk(&path).then(|| path.canonicalize().ok()).flatten();
    let whole = whole.as_deref().and_then(Path::to_str).ok_or_else(|| {
        CliError::Usage(format!("`{}` is not the folder of a policy-sdk: it has no Cargo.toml of one", path.display()))
    })?;
    // A text of JSON is one of TOML.
    serde_json::to_string(whole).map(|path| format!("path = {path}")).map_err(|source| CliError::Json { source })
}

fn is_sdk(path: &Path) -> bool {
    fs::read_to_string(path.join("Cargo.toml")).is_ok_and(|text| text.contains("name = \"policy-sdk\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_crates_become_names_of_policies() {
        assert_eq!(checked("spare-gpus").unwrap(), "SpareGpus");
        assert_eq!(checked("p2").unwrap(), "P2");
        for wrong in ["", "-a", "a-", "2p", "Spare", "a_b", "a b", "../a", "é", &"a".repeat(65)] {
            assert!(checked(wrong).is_err(), "{wrong}");
        }
        for taken in ["match", "std", "rows", "node-name", "policy-sdk"] {
            assert!(checked(taken).unwrap_err().contains("name"), "{taken}");
        }
    }

    #[test]
    fn templates_are_filled_whole() {
        for (place, template) in FILES {
            let known = ["{{name}}", "{{library}}", "{{Policy}}", "{{sdk}}"];
            let rest = known.iter().fold(template.to_owned(), |text, known| text.replace(known, ""));
            assert!(!rest.contains("{{"), "{place}");
        }
    }
}
