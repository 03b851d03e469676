//! The sample traces are what `data/cut.py` cuts from the full ones.

use std::path::Path;
use std::process::Command;

#[test]
fn cut_py_writes_the_same_files_again() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    if !shared.join("traces/openb").exists() || !shared.join("workloads/hot-nodes/spiky-1").exists() {
        return eprintln!("skipped: the full traces are not in {}", shared.display());
    }
    let out = std::env::temp_dir().join(format!("sched-sim-cut-{}", std::process::id()));
    let Ok(output) = Command::new("python3").arg(data.join("cut.py")).arg(&shared).arg(&out).output() else {
        return eprintln!("skipped: there is no python3 to run cut.py with");
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for file in ["hot-nodes/nodes.csv", "hot-nodes/apps.csv", "hot-nodes/pods.csv", "openb/nodes.csv", "openb/pods.csv"]
    {
        assert!(std::fs::read(data.join(file)).unwrap() == std::fs::read(out.join(file)).unwrap(), "{file} differs");
    }
    std::fs::remove_dir_all(&out).unwrap();
}
