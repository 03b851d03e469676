//! Node selectors that match some nodes and not others.

use super::nodes::{DISKS, GENERATIONS, POOLS, ZONES, node_name};
use super::text;
use proptest::prelude::*;
use sched_abi::{NodeSelector, Operator, PreferredTerm, Requirement, SelectorTerm};

/// A label's key with values that nodes have, or nearly.
fn key_and_value() -> impl Strategy<Value = (String, String)> {
    let pair = |key: &'static str, values| text(values).prop_map(move |value| (key.to_owned(), value));
    prop_oneof![
        3 => pair("topology.kubernetes.io/zone", &ZONES),
        2 => pair("disk", &DISKS),
        2 => pair("pool", &POOLS),
        2 => pair("generation", &GENERATIONS),
        1 => node_name().prop_map(|name| ("kubernetes.io/hostname".to_owned(), name)),
        1 => Just(("absent".to_owned(), "x".to_owned())),
    ]
}

/// A pair for `nodeSelector`.
pub fn pair() -> impl Strategy<Value = (String, String)> {
    key_and_value()
}

fn requirement() -> impl Strategy<Value = Requirement> {
    let operators =
        [Operator::In, Operator::NotIn, Operator::Exists, Operator::DoesNotExist, Operator::Gt, Operator::Lt];
    let number = text(&["0", "2", "4", "-1", "007", "9223372036854775807"]);
    (super::one_of(&operators), key_and_value(), key_and_value(), number).prop_map(
        |(operator, (key, value), (_, other), number)| {
            let (key, values) = match operator {
                Operator::In | Operator::NotIn => (key, vec![value, other]),
                Operator::Exists | Operator::DoesNotExist => (key, Vec::new()),
                // Mostly a label that is a number on some nodes; now and then one that never is.
                Operator::Gt | Operator::Lt if key == "disk" => (key, vec![number]),
                Operator::Gt | Operator::Lt => ("generation".to_owned(), vec![number]),
            };
            Requirement { key, operator, values }
        },
    )
}

fn field() -> impl Strategy<Value = Requirement> {
    let operator = prop_oneof![4 => Just(Operator::In), 1 => Just(Operator::NotIn)];
    (operator, node_name()).prop_map(|(operator, name)| Requirement {
        key: "metadata.name".to_owned(),
        operator,
        values: vec![name],
    })
}

/// A term; now and then empty, which matches nothing.
fn term() -> impl Strategy<Value = SelectorTerm> {
    let fields = prop_oneof![6 => Just(0..=0), 2 => Just(1..=1), 1 => Just(2..=2)];
    let fields = fields.prop_flat_map(|count| prop::collection::vec(field(), count));
    (prop::collection::vec(requirement(), 0..=2), fields)
        .prop_map(|(match_expressions, match_fields)| SelectorTerm { match_expressions, match_fields })
}

/// A selector; now and then without terms, which matches nothing.
pub fn selector() -> impl Strategy<Value = NodeSelector> {
    let named = prop::collection::vec(prop::collection::vec(field(), 1..=2), 1..=2).prop_map(|terms| {
        let term = |match_fields| SelectorTerm { match_fields, ..SelectorTerm::default() };
        terms.into_iter().map(term).collect()
    });
    prop_oneof![5 => prop::collection::vec(term(), 0..=3), 1 => named]
        .prop_map(|node_selector_terms| NodeSelector { node_selector_terms })
}

/// A preferred term.
pub fn preferred() -> impl Strategy<Value = PreferredTerm> {
    let weight = prop_oneof![Just(0), Just(1), Just(100), 2..=99];
    (weight, term()).prop_map(|(weight, preference)| PreferredTerm { weight, preference })
}
