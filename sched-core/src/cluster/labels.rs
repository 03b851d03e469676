//! Labels of nodes as inverted bitmaps, and node selectors answered from them.

use super::interner::{LookUp, look_up};
use super::rowset::RowSet;
use super::spec::{LabelSelector, Labels};
use sched_abi::{Operator, Requirement, SelectorTerm};
use std::sync::Arc;

/// A label pair, by id.
type PairId = u32;

#[derive(Debug)]
struct Pair {
    key: Arc<str>,
    value: Arc<str>,
    rows: RowSet,
}

#[derive(Debug)]
struct Key {
    present: RowSet,
    values: LookUp<Arc<str>, PairId>,
}

/// The index: which rows have a pair, which have a key.
#[derive(Debug)]
pub(crate) struct LabelIndex {
    keys: LookUp<Arc<str>, Key>,
    pairs: Vec<Option<Pair>>,
    free: Vec<PairId>,
}

impl LabelIndex {
    pub(crate) fn new() -> Self {
        Self { keys: look_up(), pairs: Vec::new(), free: Vec::new() }
    }

    /// Pairs in use.
    pub(crate) fn len(&self) -> usize {
        self.pairs.len() - self.free.len()
    }

    /// Notes that `row` has `key=value`; the id gives it back in [`LabelIndex::remove`].
    pub(crate) fn insert(&mut self, row: u32, key: &str, value: &str) -> PairId {
        if !self.keys.contains_key(key) {
            self.keys.insert(Arc::from(key), Key { present: RowSet::default(), values: look_up() });
        }
        let id = self.pair_id(key, value);
        if let Some(entry) = self.keys.get_mut(key) {
            entry.present.insert(row);
        }
        if let Some(Some(pair)) = self.pairs.get_mut(id as usize) {
            pair.rows.insert(row);
        }
        id
    }

    fn pair_id(&mut self, key: &str, value: &str) -> PairId {
        let known = self.keys.get(key).and_then(|k| k.values.get(value)).copied();
        if let Some(id) = known {
            return id;
        }
        let key_text = self.keys.get_key_value(key).map_or_else(|| Arc::from(key), |(k, _)| Arc::clone(k));
        let value_text: Arc<str> = Arc::from(value);
        let id = self.free.pop().unwrap_or(self.pairs.len() as PairId);
        if let Some(entry) = self.keys.get_mut(key) {
            entry.values.insert(Arc::clone(&value_text), id);
        }
        let pair = Some(Pair { key: key_text, value: value_text, rows: RowSet::default() });
        match self.pairs.get_mut(id as usize) {
            Some(slot) => *slot = pair,
            None => self.pairs.push(pair),
        }
        id
    }

    /// Takes a pair away from a row.
    pub(crate) fn remove(&mut self, row: u32, id: PairId) {
        let Some(slot) = self.pairs.get_mut(id as usize) else { return };
        let Some(pair) = slot else { return };
        pair.rows.remove(row);
        let key = Arc::clone(&pair.key);
        if let Some(entry) = self.keys.get_mut(&key) {
            entry.present.remove(row);
        }
        if pair.rows.len() > 0 {
            return;
        }
        let Some(pair) = slot.take() else { return };
        self.free.push(id);
        if let Some(entry) = self.keys.get_mut(&key) {
            entry.values.remove(&pair.value);
            if entry.values.is_empty() {
                self.keys.remove(&key);
            }
        }
    }

    /// The key and value of a pair.
    pub(crate) fn pair(&self, id: PairId) -> Option<(&str, &str)> {
        let pair = self.pairs.get(id as usize)?.as_ref()?;
        Some((&pair.key, &pair.value))
    }

    /// Adds the rows that have `key=value` to a bitmap.
    pub(crate) fn union_pair(&self, key: &str, value: &str, out: &mut [u64]) {
        let id = self.keys.get(key).and_then(|k| k.values.get(value));
        if let Some(Some(pair)) = id.and_then(|&id| self.pairs.get(id as usize)) {
            pair.rows.union_into(out);
        }
    }

    /// Keeps in `out` the rows that meet a requirement over labels. `scratch` is as long as `out`.
    pub(crate) fn intersect(&self, requirement: &Requirement, out: &mut [u64], scratch: &mut [u64]) {
        scratch.fill(0);
        let key = self.keys.get(requirement.key.as_str());
        match requirement.operator {
            Operator::In | Operator::NotIn => {
                for value in &requirement.values {
                    self.union_pair(&requirement.key, value, scratch);
                }
            }
            Operator::Exists | Operator::DoesNotExist => {
                if let Some(key) = key {
                    key.present.union_into(scratch);
                }
            }
            Operator::Gt | Operator::Lt => {
                for (value, &id) in key.into_iter().flat_map(|k| &k.values) {
                    if compares(requirement, value)
                        && let Some(Some(pair)) = self.pairs.get(id as usize)
                    {
                        pair.rows.union_into(scratch);
                    }
                }
            }
        }
        let negated = matches!(requirement.operator, Operator::NotIn | Operator::DoesNotExist);
        for (out, met) in out.iter_mut().zip(scratch) {
            *out &= if negated { !*met } else { *met };
        }
    }
}

/// Whether an integer label is above or below the requirement's integer; anything else does not match.
fn compares(requirement: &Requirement, value: &str) -> bool {
    let wanted = requirement.values.first().and_then(|v| v.parse::<i64>().ok());
    match (value.parse::<i64>().ok(), wanted) {
        (Some(has), Some(wanted)) if requirement.operator == Operator::Gt => has > wanted,
        (Some(has), Some(wanted)) => has < wanted,
        _ => false,
    }
}

/// Whether one node meets a requirement; `value` is its label, or its name for `metadata.name`.
pub(crate) fn meets(requirement: &Requirement, value: Option<&str>) -> bool {
    match (requirement.operator, value) {
        (Operator::In, Some(value)) => requirement.values.iter().any(|v| v == value),
        (Operator::NotIn, Some(value)) => requirement.values.iter().all(|v| v != value),
        (Operator::NotIn | Operator::DoesNotExist, None) | (Operator::Exists, Some(_)) => true,
        (Operator::Gt | Operator::Lt, Some(value)) => compares(requirement, value),
        _ => false,
    }
}

/// Whether a pod's labels meet a selector.
pub(crate) fn pod_meets(selector: &LabelSelector, labels: &Labels) -> bool {
    selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().all(|r| meets(r, labels.get(&r.key).map(String::as_str)))
}

/// Whether one node meets a term; an empty term matches nothing.
pub(crate) fn term_meets<'a>(term: &SelectorTerm, name: &str, label: impl Fn(&str) -> Option<&'a str>) -> bool {
    !(term.match_expressions.is_empty() && term.match_fields.is_empty())
        && term.match_expressions.iter().all(|r| meets(r, label(&r.key)))
        && term.match_fields.iter().all(|r| meets(r, Some(name)))
}
