//! A case as its line in a file has it; see the README beside the files for what the fields mean.

use k8s_openapi::api::core::v1::{Node, Pod};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::BTreeMap;

/// By plugin.
pub(crate) type ByPlugin<T> = BTreeMap<String, T>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Case {
    pub(crate) id: String,
    // Tags help to find a corner, and decide nothing.
    #[serde(default, rename = "tags")]
    _tags: Vec<String>,
    pub(crate) pod: Pod,
    #[serde(default)]
    pub(crate) pods: Vec<Pod>,
    #[serde(default)]
    pub(crate) nodes: Vec<Node>,
    #[serde(default)]
    pub(crate) variants: Vec<Variant>,
    pub(crate) expect: Expect,
}

/// An extra run of one plugin alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variant {
    pub(crate) plugin: String,
    #[serde(default)]
    pub(crate) args: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    #[serde(default)]
    pub(crate) prefilter: ByPlugin<PreFilter>,
    #[serde(default)]
    pub(crate) filter: ByPlugin<Vec<FilterGroup>>,
    pub(crate) profile_prefilter: Option<PreFilter>,
    pub(crate) rejected_by: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) feasible: Vec<String>,
    #[serde(default)]
    pub(crate) raw: ByPlugin<Vec<i64>>,
    #[serde(default)]
    pub(crate) scores: ByPlugin<Vec<i64>>,
    #[serde(default)]
    pub(crate) score_skip: Vec<String>,
    #[serde(default)]
    pub(crate) total: Vec<i64>,
    #[serde(default)]
    pub(crate) top: Vec<String>,
    #[serde(default)]
    pub(crate) variants: Vec<VariantExpect>,
    pub(crate) fit_error: Option<String>,
    // What preemption adds, which the library does not have yet: known, and not compared.
    #[serde(rename = "fit_error_full")]
    _fit_error_full: Option<IgnoredAny>,
    #[serde(rename = "postfilter_code")]
    _postfilter_code: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VariantExpect {
    pub(crate) prefilter: Option<PreFilter>,
    #[serde(default)]
    pub(crate) filter: Vec<FilterGroup>,
    pub(crate) scores: Option<Vec<i64>>,
    pub(crate) raw: Option<Vec<i64>>,
    #[serde(default)]
    pub(crate) score_skip: bool,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PreFilter {
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) reasons: Vec<String>,
    pub(crate) node_names: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterGroup {
    pub(crate) code: String,
    pub(crate) reasons: Vec<String>,
    pub(crate) nodes: Vec<String>,
}

impl Case {
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let mut stream = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut stream).map_err(|e| serde::de::Error::custom(e.to_string()))
    }

    pub(crate) fn node_names(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().filter_map(|node| node.metadata.name.as_deref())
    }
}
