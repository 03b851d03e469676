//! From texts to objects: Lists are unfolded, Nodes, Pods and `ReplicaSets` kept, other kinds counted.

use crate::error::{FieldError, FieldPath, Place, Problem, ReadError, Segment, Within as _};
use crate::loaded::{Binding, Loaded, LoadedPod};
use crate::locate::line_of;
use crate::node::node_spec;
use crate::object;
use crate::owner::ReplicaSets;
use crate::pod::pod_spec;
use crate::text::Text;
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use sched_core::NodeSpec;
use sched_core::limits::MAX_INPUT_BYTES;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Collects objects from one or more texts.
///
/// ```
/// use sched_k8s::Loader;
///
/// let mut loader = Loader::new();
/// loader.read("kind: Node\nmetadata: {name: n1}\nstatus: {allocatable: {cpu: 4, memory: 8Gi, pods: 110}}\n")?;
/// loader.read(r#"{"kind": "PodList", "items": [{"metadata": {"name": "web-0"},
///     "spec": {"nodeName": "n1", "containers": [{"name": "web"}]}}]}"#)?;
/// let loaded = loader.finish();
/// assert_eq!((loaded.nodes.len(), loaded.pods.len(), loaded.events().len()), (1, 1, 3));
/// # Ok::<(), sched_k8s::ReadError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Loader {
    found: Found,
}

/// What was found so far.
#[derive(Clone, Debug, Default)]
struct Found {
    nodes: Vec<NodeSpec>,
    /// Each with the metadata that tells its top controller once all `ReplicaSets` are known.
    pods: Vec<(LoadedPod, ObjectMeta)>,
    replica_sets: ReplicaSets,
    finished: usize,
    ignored: BTreeMap<String, usize>,
    titles: BTreeSet<String>,
}

impl Loader {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads all objects of a text: JSON or YAML; one object, a List, an array or a stream of objects.
    ///
    /// Fields that are not known are ignored, kinds that are not known are counted. A byte order mark and CRLF are fine.
    ///
    /// # Errors
    /// The first thing that is wrong, by object, field and line. What was read before stays.
    pub fn read(&mut self, text: &str) -> Result<(), ReadError> {
        if text.len() > MAX_INPUT_BYTES {
            return Err(ReadError::TooLong);
        }
        let text = Text::parse(text)?;
        let mut reader =
            Reader { text: &text, document: 0, steps: Vec::new(), before: &self.found.titles, found: Found::default() };
        for (document, parsed) in text.documents.iter().enumerate() {
            reader.document = document;
            match &parsed.value {
                Value::Array(items) => reader.items(items, None)?,
                value => reader.value(value, None)?,
            }
        }
        let found = reader.found;
        self.found.append(found);
        Ok(())
    }

    /// As [`Loader::read`], for bytes that should be UTF-8.
    ///
    /// # Errors
    /// As [`Loader::read`], and the first byte that is not UTF-8.
    pub fn read_bytes(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        if bytes.len() > MAX_INPUT_BYTES {
            return Err(ReadError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|e| ReadError::Encoding { offset: e.valid_up_to() })?;
        self.read(text)
    }

    /// What was read, with each pod's top controller.
    pub fn finish(self) -> Loaded {
        let Found { nodes, pods, replica_sets, finished, ignored, titles: _ } = self.found;
        let own = |(mut pod, metadata): (LoadedPod, ObjectMeta)| {
            pod.spec.template.owner = replica_sets.top(&metadata);
            pod
        };
        Loaded { nodes, pods: pods.into_iter().map(own).collect(), finished, ignored }
    }
}

impl Found {
    fn append(&mut self, mut other: Self) {
        self.nodes.append(&mut other.nodes);
        self.pods.append(&mut other.pods);
        self.replica_sets.extend(other.replica_sets);
        self.finished += other.finished;
        for (kind, count) in other.ignored {
            *self.ignored.entry(kind).or_default() += count;
        }
        self.titles.append(&mut other.titles);
    }
}

/// Walks through one text; `document` and `steps` say where it is.
struct Reader<'a> {
    text: &'a Text<'a>,
    document: usize,
    steps: Vec<Segment>,
    /// Objects of earlier texts.
    before: &'a BTreeSet<String>,
    found: Found,
}

impl Reader<'_> {
    /// One object, or a List of them. `implied` is its kind where it names none: an item of a `NodeList`.
    fn value(&mut self, value: &Value, implied: Option<&str>) -> Result<(), ReadError> {
        let Value::Object(fields) = value else { return Err(self.not_an_object(object::type_of(value))) };
        let kind = object::kind(fields, implied).map_err(|found| self.not_an_object(found))?;
        let title = object::title(kind, fields);
        if let (Some(item_kind), Some(items)) = (kind.strip_suffix("List"), fields.get("items")) {
            return self.list(items, Some(item_kind).filter(|k| !k.is_empty()), &title);
        }
        let done = match (kind, object::group(fields)) {
            ("Node", "") => self.node(value, &title),
            ("Pod", "") => self.pod(value, &title),
            ("ReplicaSet", "apps" | "extensions" | "") => self.replica_set(fields.get("metadata")),
            _ => {
                *self.found.ignored.entry(kind.to_owned()).or_default() += 1;
                Ok(())
            }
        };
        done.map_err(|error| self.refuse(&title, error))
    }

    fn list(&mut self, items: &Value, item_kind: Option<&str>, title: &str) -> Result<(), ReadError> {
        match items {
            Value::Array(items) => {
                self.steps.push(Segment::Key("items".to_owned()));
                self.items(items, item_kind)?;
                self.steps.pop();
                Ok(())
            }
            // Go writes an empty list as null.
            Value::Null => Ok(()),
            other => {
                let problem = Problem::Type(format!("is {}, not a list", object::type_of(other)));
                let path = FieldPath::from_iter([Segment::Key("items".to_owned())]);
                Err(self.refuse(title, FieldError { path, problem }))
            }
        }
    }

    fn items(&mut self, items: &[Value], kind: Option<&str>) -> Result<(), ReadError> {
        for (index, item) in items.iter().enumerate() {
            self.steps.push(Segment::Index(index));
            self.value(item, kind)?;
            self.steps.pop();
        }
        Ok(())
    }

    fn node(&mut self, value: &Value, title: &str) -> Result<(), FieldError> {
        let node: Node = object::typed(value)?;
        let spec = node_spec(&node)?;
        self.claim(title)?;
        self.found.nodes.push(spec);
        Ok(())
    }

    fn pod(&mut self, value: &Value, title: &str) -> Result<(), FieldError> {
        let pod: Pod = object::typed(value)?;
        if matches!(pod.status.as_ref().and_then(|s| s.phase.as_deref()), Some("Succeeded" | "Failed")) {
            self.found.finished += 1;
            return Ok(());
        }
        let mut spec = pod_spec(&pod, &ReplicaSets::default())?;
        self.claim(title)?;
        let binding = spec.template.node_name.take().map(|node| Binding { node, at_ms: object::bind_time(&pod) });
        let gates = pod.spec.into_iter().flat_map(|s| s.scheduling_gates.unwrap_or_default());
        let gates = gates.map(|gate| gate.name).collect();
        // Managed fields and annotations are the bulk of the metadata, and of no use any more.
        let metadata = ObjectMeta { managed_fields: None, annotations: None, ..pod.metadata };
        self.found.pods.push((LoadedPod { spec, binding, gates }, metadata));
        Ok(())
    }

    fn replica_set(&mut self, metadata: Option<&Value>) -> Result<(), FieldError> {
        if let Some(metadata) = metadata {
            self.found.replica_sets.insert(&object::typed(metadata).within("metadata")?);
        }
        Ok(())
    }

    /// Takes an object's title, which no other may have.
    fn claim(&mut self, title: &str) -> Result<(), FieldError> {
        if self.before.contains(title) || !self.found.titles.insert(title.to_owned()) {
            return Err(FieldError::new(Problem::Duplicate)).within_path(["metadata", "name"]);
        }
        Ok(())
    }

    fn refuse(&self, title: &str, error: FieldError) -> ReadError {
        ReadError::Field { place: self.place(&error.path), object: title.to_owned(), error }
    }

    fn not_an_object(&self, found: &'static str) -> ReadError {
        ReadError::NotAnObject { place: self.place(&FieldPath::default()), found }
    }

    fn place(&self, path: &FieldPath) -> Place {
        let exact = line_of(self.text, self.document, self.steps.iter().chain(path.segments()));
        let start = || self.text.documents.get(self.document).map(|document| document.line);
        Place { document: self.document + 1, line: exact.or_else(start) }
    }
}
