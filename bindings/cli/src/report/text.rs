//! The two things a page holds that are not markup: JSON within a script, and coordinates.

use std::fmt::Write as _;

/// JSON that may stand in a `<script>` element: nothing in it can end the element.
pub(super) fn script_json(value: &serde_json::Value) -> String {
    value.to_string().replace('<', "\\u003c")
}

/// Appends a number with at most one decimal: coordinates take most of a page's bytes.
pub(super) fn coordinate(out: &mut String, value: f64) {
    let start = out.len();
    // Writing to a string cannot fail.
    let _ = write!(out, "{value:.1}");
    if out.ends_with(".0") {
        out.truncate(out.len() - 2);
    }
    if out.get(start..) == Some("-0") {
        out.truncate(start);
        out.push('0');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_the_script() {
        let json = script_json(&serde_json::json!({"name": "</script><script>alert(1)"}));
        assert!(!json.contains('<'), "{json}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["name"], "</script><script>alert(1)");
    }

    #[test]
    fn coordinates_are_short() {
        let show = |value| {
            let mut text = String::new();
            coordinate(&mut text, value);
            text
        };
        assert_eq!([show(1.0), show(1.25), show(-0.01), show(10.96)], ["1", "1.2", "0", "11"]);
    }
}
