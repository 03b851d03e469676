//! Where the answers of the real kube-scheduler are, and which files of them there are; tests of several crates read them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Groups of cases, which are the beginnings of file names; of each whether the library has the primitives that it is about.
pub(crate) const GROUPS: [(&str, bool); 9] = [
    ("resources", true),
    ("taints", true),
    ("node_affinity", true),
    ("ports_images", true),
    ("topology_spread", false),
    ("inter_pod_affinity", false),
    ("volumes", false),
    ("mixed", false),
    ("preemption", false),
];

/// A file of cases.
pub(crate) struct VectorFile {
    pub(crate) path: PathBuf,
    pub(crate) group: &'static str,
    /// Whether the library has the primitives.
    pub(crate) ready: bool,
}

impl VectorFile {
    /// The lines that hold cases, each with its number.
    pub(crate) fn cases(&self) -> Vec<(usize, String)> {
        let text = fs::read_to_string(&self.path).unwrap_or_else(|error| panic!("{}: {error}", self.path.display()));
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines.map(|(index, line)| (index + 1, line.to_owned())).collect()
    }
}

/// The files of known groups, by name; none where the default folder is not there, since the repository stands alone.
///
/// The folder is what `SCHED_VECTORS` names, or else `shared/vectors` beside the repository; the files lie in it or in its
/// folder `kube-scheduler`.
pub(crate) fn vector_files() -> Vec<VectorFile> {
    let Some(folder) = folder(std::env::var_os("SCHED_VECTORS").map(PathBuf::from)) else { return Vec::new() };
    let files = files_in(&folder);
    if files.is_empty() {
        note(&format!("no vectors: `{}` has no file of a known group", folder.display()));
    }
    files
}

fn folder(named: Option<PathBuf>) -> Option<PathBuf> {
    let root = if let Some(named) = named {
        named
    } else {
        // The manifest is of a crate of the repository, at whatever depth.
        let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(2);
        let Some(found) = above.map(|above| above.join("shared/vectors")).find(|folder| folder.is_dir()) else {
            note(
                "no vectors: there is no folder `shared/vectors` beside the repository; SCHED_VECTORS may name another",
            );
            return None;
        };
        found
    };
    let below = root.join("kube-scheduler");
    Some(if below.is_dir() { below } else { root })
}

fn files_in(folder: &Path) -> Vec<VectorFile> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("no vectors in `{}` ({error}): set SCHED_VECTORS", folder.display()));
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    paths.sort();
    paths.into_iter().filter_map(of_known_group).collect()
}

/// `resources`, `resources-2` and `resources_2` are of one group.
fn of_known_group(path: PathBuf) -> Option<VectorFile> {
    let stem = path.file_stem()?.to_string_lossy().into_owned();
    let belongs = |(group, _): &&(&str, bool)| {
        let rest = stem.strip_prefix(*group);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '.']))
    };
    let Some(&(group, ready)) = GROUPS.iter().find(belongs) else {
        note(&format!("skipped `{}`: its group is not known here", path.display()));
        return None;
    };
    Some(VectorFile { path, group, ready })
}

/// Says something that a test harness does not swallow.
fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "note: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_in_the_folder_or_below_and_others_are_skipped() {
        let root =
            std::env::temp_dir().join(format!("sched-vectors-{}-{}", env!("CARGO_CRATE_NAME"), std::process::id()));
        let below = root.join("kube-scheduler");
        fs::create_dir_all(&below).expect("a folder");
        for folder in [&root, &below] {
            for (name, text) in [("taints-2.jsonl", "\n{}\n\n{}\n"), ("gangs.jsonl", "{}"), ("README.md", "")] {
                fs::write(folder.join(name), text).expect("a file");
            }
        }
        let found = |named: &Path| files_in(&folder(Some(named.to_owned())).expect("a folder that is named"));
        for (named, lies_in) in [(&root, &below), (&below, &below)] {
            let [file] = &found(named)[..] else { panic!("one file of a known group") };
            assert_eq!((&file.path, file.group, file.ready), (&lies_in.join("taints-2.jsonl"), "taints", true));
            assert_eq!(file.cases(), [(2, "{}".to_owned()), (4, "{}".to_owned())]);
        }
        fs::remove_dir_all(&below).expect("the folder");
        assert_eq!(found(&root).len(), 1);
        fs::remove_dir_all(&root).expect("the folder");
    }
}
