//! Templates as bytes, so that one is looked up by a single pass over it and one comparison of memory, not by walking two
//! trees of strings side by side.

use super::spec::PodTemplate;
use std::hash::{Hash, Hasher};

/// Collects what `Hash` feeds it. The derived stream tells any two templates apart: strings end with a byte that UTF-8 does
/// not have, lists and maps begin with their length, enums with their variant.
struct Collect<'a>(&'a mut Vec<u8>);

impl Hasher for Collect<'_> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

/// Writes a template's bytes: equal for equal templates, and only for those.
pub(crate) fn write(template: &PodTemplate, key: &mut Vec<u8>) {
    key.clear();
    template.hash(&mut Collect(key));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Container, Toleration};
    use proptest::prelude::*;

    fn template() -> impl Strategy<Value = PodTemplate> {
        let text = || "[ab]{0,2}";
        let map = || prop::collection::btree_map(text(), text(), 0..3);
        let requests = prop::collection::btree_map(text(), 0i64..3, 0..3);
        let containers = prop::collection::vec((requests, text()), 0..3);
        let tolerations = prop::collection::vec((text(), text()), 0..3);
        (map(), map(), containers, tolerations, prop::option::of(text()), 0i32..3).prop_map(
            |(labels, node_selector, containers, tolerations, node_name, priority)| PodTemplate {
                labels,
                node_selector,
                containers: containers
                    .into_iter()
                    .map(|(requests, image)| Container { requests, image, ..Container::default() })
                    .collect(),
                tolerations: tolerations
                    .into_iter()
                    .map(|(key, value)| Toleration { key, value, ..Toleration::default() })
                    .collect(),
                node_name,
                priority,
                ..PodTemplate::default()
            },
        )
    }

    proptest! {
        #[test]
        fn only_equal_templates_have_equal_bytes(a in template(), b in template()) {
            let [mut of_a, mut of_b] = [Vec::new(), Vec::new()];
            write(&a, &mut of_a);
            write(&b, &mut of_b);
            prop_assert_eq!(a == b, of_a == of_b);
            write(&a.clone(), &mut of_b);
            prop_assert_eq!(of_a, of_b);
        }
    }
}
