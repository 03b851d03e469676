//! Text of profiles.

use sched_core::{ProfileError, ProfileSet};

/// Any text is refused with a reason, or read; what was read is written and read back equal.
pub fn profiles(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match ProfileSet::from_text(text) {
        Ok(set) => {
            let written = serde_json::to_string(&set);
            assert!(written.is_ok(), "cannot be written: {written:?}");
            let written = written.unwrap_or_default();
            assert_eq!(ProfileSet::from_text(&written), Ok(set), "{written}");
        }
        Err(ProfileError::At { place, problem }) => {
            assert!(place.line > 0 && place.column > 0, "{place}: {problem}");
            assert!(!problem.to_string().is_empty(), "{place}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
