//! What any Kubernetes object tells of itself before it is read as a Node or a Pod: kind, group and name.

use crate::error::{FieldError, FieldPath, Problem, Segment};
use k8s_openapi::api::core::v1::Pod;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment as Step;

/// What a value is, in words.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// The object's kind, or `implied` where it names none; in the error, what is there instead.
pub(crate) fn kind<'a>(fields: &'a Map<String, Value>, implied: Option<&'a str>) -> Result<&'a str, &'static str> {
    match fields.get("kind") {
        Some(Value::String(kind)) if !kind.is_empty() => Ok(kind),
        None => implied.ok_or("a map without `kind`"),
        Some(_) => Err("a map whose `kind` is not a name"),
    }
}

/// The API group: `apps` of `apps/v1`, empty for the core group and where no `apiVersion` is given.
pub(crate) fn group(fields: &Map<String, Value>) -> &str {
    let version = fields.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    version.split_once('/').map_or("", |(group, _)| group)
}

/// `Node n1` or `Pod default/web-0`, as far as the object says.
pub(crate) fn title(kind: &str, fields: &Map<String, Value>) -> String {
    let metadata = |key| fields.get("metadata").and_then(|m| m.get(key)).and_then(Value::as_str);
    let name = metadata("name").filter(|name| !name.is_empty()).unwrap_or("(no name)");
    match metadata("namespace").filter(|namespace| !namespace.is_empty()) {
        _ if kind == "Node" => format!("{kind} {name}"),
        namespace => format!("{kind} {}/{name}", namespace.unwrap_or("default")),
    }
}

/// Reads a value as a `T`; an error names the field.
pub(crate) fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let steps = error.path().iter().filter_map(|step| match step {
            Step::Seq { index } => Some(Segment::Index(*index)),
            Step::Map { key } => Some(Segment::Key(key.clone())),
            Step::Enum { .. } | Step::Unknown => None,
        });
        let path = steps.collect::<FieldPath>();
        FieldError { path, problem: Problem::Type(error.into_inner().to_string()) }
    })
}

/// When the pod was bound, milliseconds: the scheduler's condition, else the start, else the creation; 0 where nothing
/// tells, which is long ago.
pub(crate) fn bind_time(pod: &Pod) -> u64 {
    let status = pod.status.as_ref();
    let mut conditions = status.into_iter().flat_map(|s| s.conditions.iter().flatten());
    let scheduled = conditions.find(|c| c.type_ == "PodScheduled" && c.status == "True");
    let time = scheduled.and_then(|c| c.last_transition_time.as_ref());
    let time = time.or_else(|| status.and_then(|s| s.start_time.as_ref()));
    let time = time.or(pod.metadata.creation_timestamp.as_ref());
    time.map_or(0, |time| u64::try_from(time.0.as_millisecond()).unwrap_or(0))
}
