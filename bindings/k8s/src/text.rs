//! Text becomes documents: JSON or YAML, one or a stream of them, with the line at which each begins.

use crate::error::{Place, ReadError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::{Budget, MessageFormatter as _, Options, Spanned, UserMessageFormatter};

/// Deepest nesting of a document. Kubernetes objects stay far below it, and so does the stack.
const MAX_DEPTH: usize = 64;

/// One document of the input.
pub(crate) struct Document {
    /// What stands in it.
    pub(crate) value: Value,
    /// The line at which it begins, from 1.
    pub(crate) line: usize,
    /// Its bytes within the text; none in YAML, where documents of one text share anchors and directives.
    range: Option<std::ops::Range<usize>>,
}

/// A text and its documents.
pub(crate) struct Text<'a> {
    text: &'a str,
    /// At least one.
    pub(crate) documents: Vec<Document>,
}

impl<'a> Text<'a> {
    /// Reads JSON where the text begins like JSON, otherwise or failing that YAML.
    pub(crate) fn parse(text: &'a str) -> Result<Self, ReadError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let documents = if text.trim_start().starts_with(['{', '[']) {
            json(text).or_else(|error| yaml(text).map_err(|_| error))?
        } else {
            yaml(text)?
        };
        if documents.is_empty() { Err(ReadError::Empty) } else { Ok(Self { text, documents }) }
    }

    /// All of document `index` a second time, as a `T` that can tell lines.
    pub(crate) fn reread<T: DeserializeOwned>(&self, index: usize) -> Option<(Spanned<T>, usize)> {
        let document = self.documents.get(index)?;
        let Some(range) = document.range.clone() else {
            let all: Vec<Spanned<T>> = serde_saphyr::from_multiple_with_options(self.text, options(self.text)).ok()?;
            return Some((all.into_iter().nth(index)?, 0));
        };
        let own = self.text.get(range)?;
        Some((serde_saphyr::from_str_with_options(own, options(own)).ok()?, document.line - 1))
    }
}

fn json(text: &str) -> Result<Vec<Document>, ReadError> {
    let mut documents = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let (mut line, mut counted) = (1, 0);
    loop {
        let after = text.get(stream.byte_offset()..).unwrap_or_default();
        let start = text.len() - after.trim_start().len();
        line += lines_in(text, counted..start);
        counted = start;
        match stream.next() {
            None => return Ok(documents),
            Some(Ok(value)) => {
                documents.push(Document { value, line, range: Some(start..stream.byte_offset()) });
            }
            Some(Err(error)) => {
                let place = Place { document: documents.len() + 1, line: Some(error.line()).filter(|&l| l > 0) };
                return Err(ReadError::Syntax { place, message: without_position(&error) });
            }
        }
    }
}

fn lines_in(text: &str, range: std::ops::Range<usize>) -> usize {
    text.get(range).unwrap_or_default().bytes().filter(|&b| b == b'\n').count()
}

/// What `serde_json` says without the position, which is said in our words.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or_else(|| text.clone(), |(message, _)| message.to_owned())
}

fn yaml(text: &str) -> Result<Vec<Document>, ReadError> {
    let read: Result<Vec<Spanned<Value>>, _> = serde_saphyr::from_multiple_with_options(text, options(text));
    let spanned = read.map_err(|error| {
        let line = error.location().and_then(|location| usize::try_from(location.line()).ok()).filter(|&l| l > 0);
        let starts = text.lines().take(line.unwrap_or(0)).filter(|l| l.starts_with("---")).count();
        let leading = usize::from(!text.trim_start().starts_with("---"));
        let message = UserMessageFormatter.format_message(error.without_snippet()).into_owned();
        ReadError::Syntax { place: Place { document: (starts + leading).max(1), line }, message }
    })?;
    let line = |value: &Spanned<Value>| usize::try_from(value.referenced.line()).unwrap_or(1).max(1);
    Ok(spanned.into_iter().map(|s| Document { line: line(&s), value: s.value, range: None }).collect())
}

/// Options for a text that is in memory already: its own length bounds what it may hold, but aliases stay bounded.
fn options(text: &str) -> Options {
    let bytes = text.len().saturating_add(16);
    let mut budget = Budget::default();
    budget.max_events = budget.max_events.max(bytes);
    budget.max_nodes = budget.max_nodes.max(bytes);
    budget.max_documents = budget.max_documents.max(bytes);
    budget.max_total_scalar_bytes = budget.max_total_scalar_bytes.max(bytes);
    budget.max_depth = MAX_DEPTH;
    budget.flow_nesting_limit = MAX_DEPTH;
    let mut options = Options::default();
    options.budget = Some(budget);
    options.emit_comments = false;
    options.with_snippet = false;
    // YAML 1.2: `n`, `no` and `on` are names and label values, not truth values.
    options.strict_booleans = true;
    options
}
