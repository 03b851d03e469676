//! Everything that ends the program with status 2, and how it becomes one line.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// What the user has to put right.
#[derive(Error, Debug)]
pub(crate) enum CliError {
    #[error("cannot read `{}`: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write `{}`: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("`{}` is not text: byte {byte} is not UTF-8", path.display())]
    NotText { path: PathBuf, byte: usize },
    #[error("`{}` is larger than {limit} bytes (MAX_INPUT_BYTES)", path.display())]
    TooLarge { path: PathBuf, limit: u64 },
    #[error("{0}")]
    Usage(String),
}

/// Longest line that is printed: an error may quote a file that is all one line.
const MAX_LINE_CHARS: usize = 600;

/// A text of several lines, possibly with control characters from a hostile file, as one line.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut line = String::with_capacity(words.len());
    for (count, character) in words.chars().enumerate() {
        if count == MAX_LINE_CHARS {
            line.push('…');
            break;
        }
        if character.is_control() { line.extend(character.escape_unicode()) } else { line.push(character) }
    }
    line
}

/// clap's account of a wrong command line, without the usage block that follows it.
pub(crate) fn usage_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let said = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"));
    let line = one_line(&said.collect::<Vec<_>>().join(" "));
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(one_line("a\n  b\u{1b}[31m\tc\0"), "a b\\u{1b}[31m c\\u{0}");
        assert_eq!(one_line(&"x".repeat(5_000)).chars().count(), MAX_LINE_CHARS + 1);
    }
}
