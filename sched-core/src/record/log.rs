//! Events become entries: names become numbers, and what pods share is written once.

use super::anonymise::Names;
use super::entry::{Entry, Header, Number, Use, since};
use super::writer::{Writer, size};
use super::{RecordError, RecordOptions, settings};
use crate::cluster::{Cluster, Event, NodeSpec, PodSpec, PodTemplate, hasher};
use crate::config::Profile;
use crate::error::ClusterError;
use crate::hash::fnv1a;
use crate::limits::{MAX_RECORD_KINDS, MAX_RECORD_OBJECT_BYTES};
use crate::pipeline::Scheduler;
use ahash::RandomState;
use hashbrown::{Equivalent, HashMap};
use serde::Serialize;
use std::borrow::Cow;
use std::sync::Arc;

/// What pods share, by content.
#[derive(PartialEq, Eq, Hash)]
struct Kind {
    namespace: Box<str>,
    template: Arc<PodTemplate>,
}

/// The same, borrowed; hashed alike.
#[derive(Hash)]
struct KindOf<'a> {
    namespace: &'a str,
    template: &'a PodTemplate,
}

impl Equivalent<Kind> for KindOf<'_> {
    fn equivalent(&self, kind: &Kind) -> bool {
        *self.namespace == *kind.namespace && *self.template == *kind.template
    }
}

/// A record that grows.
pub(super) struct Log {
    pub(super) writer: Writer,
    kinds: HashMap<Kind, Number, RandomState>,
    names: Option<Names>,
    seed: u64,
    pub(super) reasons: bool,
}

impl Log {
    pub(super) fn new(
        scheduler: &Scheduler,
        profile: Option<&Profile>,
        options: RecordOptions,
    ) -> Result<Self, RecordError> {
        let mut names = options.anonymise.then(Names::default);
        let profile = match (profile, &mut names) {
            (None, _) => None,
            (Some(profile), None) => Some(settings::text(profile)),
            (Some(profile), Some(names)) => Some(settings::anonymised(profile, names)),
        };
        let bytes = profile.as_ref().map_or(0, String::len);
        if bytes > MAX_RECORD_OBJECT_BYTES {
            return Err(RecordError::ProfileTooLarge { bytes });
        }
        let header = Header {
            library: env!("CARGO_PKG_VERSION").to_owned(),
            seed: if options.anonymise { 0 } else { scheduler.seed() },
            policies: scheduler.weights().map(|(name, weight)| (name.to_owned(), weight)).collect(),
            profile,
            anonymised: options.anonymise,
        };
        let (writer, kinds) = (Writer::new(&header), HashMap::with_hasher(hasher()));
        Ok(Self { writer, kinds, names, seed: scheduler.seed(), reasons: options.reasons })
    }

    /// Whether names are taken out.
    pub(super) fn is_nameless(&self) -> bool {
        self.names.is_some()
    }

    /// The entry of an event that is about to be applied, where the record can hold it; `None` of one about objects that
    /// are not there, which will be refused. The numbers of what is to be added are filled in by [`Log::number`].
    pub(super) fn draft<'e>(
        &mut self,
        cluster: &Cluster,
        event: &'e Event,
        now_ms: u64,
    ) -> Result<Option<Entry<'e>>, ClusterError> {
        let node = |name: &str| cluster.row_of(name).map(|row| row.0);
        let pod = |namespace: &str, name: &str| cluster.pod_id(namespace, name).map(|pod| pod.0);
        Ok(match event {
            Event::NodeAdded(spec) => {
                // What ties are broken by is kept, but neither the seed nor the name's own hash.
                let tie = self.names.is_some().then(|| self.seed ^ fnv1a(spec.name.as_bytes()));
                Some(Entry::NodeAdded { node: 0, tie, spec: self.node(spec)? })
            }
            Event::NodeChanged(spec) => Some(Entry::NodeChanged { spec: self.node(spec)? }),
            Event::NodeRemoved { name } => node(name).map(|node| Entry::NodeRemoved { node }),
            Event::PodAdded(spec) => Some(self.pod_added(spec)?),
            Event::PodChanged(spec) => {
                let Some(pod) = pod(&spec.namespace, &spec.name) else { return Ok(None) };
                Some(Entry::PodChanged { pod, kind: self.kind(spec)?, terminating: spec.terminating })
            }
            Event::PodBound { namespace, name, node: to, at_ms } => {
                let bound = |(pod, node)| Entry::PodBound { pod, node, age_ms: since(*at_ms, now_ms) };
                pod(namespace, name).zip(node(to)).map(bound)
            }
            Event::PodRemoved { namespace, name } => pod(namespace, name).map(|pod| Entry::PodRemoved { pod }),
            Event::NodeSample { name, sample } => {
                node(name).map(|node| Entry::NodeSample { node, use_: Use::new(sample, now_ms) })
            }
            Event::PodSample { namespace, name, sample } => {
                pod(namespace, name).map(|pod| Entry::PodSample { pod, use_: Use::new(sample, now_ms) })
            }
            Event::Marked { name, mark } => {
                let Some(node) = node(name) else { return Ok(None) };
                let mut mark = mark.as_ref().map(Cow::Borrowed);
                if let (Some(names), Some(mark)) = (&mut self.names, &mut mark) {
                    names.mark(mark.to_mut());
                }
                within_limit("node", name, &mark)?;
                Some(Entry::Marked { node, mark })
            }
        })
    }

    /// The entry of a pod that is about to be added.
    pub(super) fn pod_added<'e>(&mut self, spec: &'e PodSpec) -> Result<Entry<'e>, ClusterError> {
        let kind = self.kind(spec)?;
        let name = match &mut self.names {
            None => Cow::Borrowed(&*spec.name),
            Some(names) => Cow::Owned(names.next_pod()),
        };
        Ok(Entry::PodAdded { pod: 0, kind, name, terminating: spec.terminating })
    }

    /// Gives what an event added the number that the cluster knows it by.
    pub(super) fn number(entry: &mut Entry<'_>, event: &Event, cluster: &Cluster) {
        match (entry, event) {
            (Entry::NodeAdded { node, .. }, Event::NodeAdded(spec)) => {
                *node = cluster.row_of(&spec.name).map_or(0, |row| row.0);
            }
            (Entry::PodAdded { pod, .. }, Event::PodAdded(spec)) => {
                *pod = cluster.pod_id(&spec.namespace, &spec.name).map_or(0, |pod| pod.0);
            }
            _ => {}
        }
    }

    fn node<'e>(&mut self, spec: &'e NodeSpec) -> Result<Cow<'e, NodeSpec>, ClusterError> {
        let mut written = Cow::Borrowed(spec);
        if let Some(names) = &mut self.names {
            names.node(written.to_mut());
        }
        within_limit("node", &spec.name, &written)?;
        Ok(written)
    }

    /// The number of a pod's kind, which is written if it is not known.
    fn kind(&mut self, spec: &PodSpec) -> Result<Number, ClusterError> {
        let PodSpec { namespace, template, .. } = spec;
        if let Some(&kind) = self.kinds.get(&KindOf { namespace, template }) {
            return Ok(kind);
        }
        let (mut to_write, mut within) = (Cow::Borrowed(template), Cow::Borrowed(&**namespace));
        if let Some(names) = &mut self.names {
            names.template(to_write.to_mut());
            names.namespace(within.to_mut());
        }
        within_limit("pod", &spec.name, &(&to_write, &within))?;
        if self.kinds.len() >= MAX_RECORD_KINDS {
            // Numbers begin anew, each of them with a new meaning before it is used.
            self.kinds.clear();
        }
        let kind = self.kinds.len() as Number;
        self.writer.write_timeless(&Entry::Kind { kind, namespace: within, template: to_write });
        self.kinds.insert(Kind { namespace: (**namespace).into(), template: Arc::new(template.clone()) }, kind);
        Ok(kind)
    }

    /// A policy was replaced by one of the library's, or by another.
    pub(super) fn swapped(&mut self, profile: Option<&Profile>) {
        let profile = profile.map(|profile| match &mut self.names {
            None => settings::text(profile),
            Some(names) => settings::anonymised(profile, names),
        });
        let profile = profile.filter(|text| text.len() <= MAX_RECORD_OBJECT_BYTES);
        self.writer.write_timeless(&Entry::Swapped { profile });
    }

    /// Reasons may hold names out of marks and settings.
    pub(super) fn keeps_reasons(&self) -> bool {
        self.reasons && self.names.is_none()
    }
}

fn within_limit(kind: &str, name: &str, object: &impl Serialize) -> Result<(), ClusterError> {
    let bytes = size(object);
    if bytes <= MAX_RECORD_OBJECT_BYTES {
        return Ok(());
    }
    let (limit, limit_name) = (MAX_RECORD_OBJECT_BYTES, "MAX_RECORD_OBJECT_BYTES");
    let what = format!("its size in the record ({bytes} bytes)");
    Err(ClusterError::Limit { object: format!("{kind} `{name}`"), what, limit, name: limit_name })
}
