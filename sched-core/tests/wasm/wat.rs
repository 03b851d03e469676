//! A small module in text form, of which tests replace one part each.

use crate::support::ENGINE;
use sched_core::abi::wire::{MINOR, pack};
use sched_core::wasm::{Module, WasmError};

/// The parts of a module. What it is asked about a pod it answers with what is in memory: every node passes and scores 0.
#[derive(Clone)]
pub(crate) struct Wat {
    pub(crate) head: String,
    pub(crate) memory: &'static str,
    pub(crate) version: u32,
    pub(crate) manifest: String,
    pub(crate) asks: &'static str,
    pub(crate) prepare: &'static str,
    pub(crate) filter: &'static str,
    pub(crate) score: &'static str,
    pub(crate) filter_export: &'static str,
}

impl Default for Wat {
    fn default() -> Self {
        Self {
            head: String::new(),
            memory: "1",
            version: MINOR,
            manifest: manifest("Wat", "none"),
            asks: "[]",
            prepare: "",
            filter: CLEAR,
            score: CLEAR,
            filter_export: "sched_filter",
        }
    }
}

/// Writes zeros for every row: `out` is at 64 of the frame.
const CLEAR: &str = "(memory.fill (i32.load offset=64 (local.get 0)) (i32.const 0)
    (i32.mul (i32.sub (local.get 2) (local.get 1)) (i32.const 8)))";

pub(crate) fn manifest(name: &str, normalize: &str) -> String {
    format!(
        r#"{{"name":"{name}","filters":true,"scores":true,"podFields":0,"columns":256,"locality":"rowLocal","normalize":"{normalize}","reasons":[{{"text":"says no","arg":"none"}}],"protective":false,"monotone":true,"prefersRoom":false}}"#
    )
}

impl Wat {
    pub(crate) fn text(&self) -> String {
        let data = |text: &str| text.replace('"', "\\22");
        let manifest = format!("{{\"Ok\":{}}}", self.manifest);
        let configured = format!("{{\"Ok\":{{\"manifest\":{},\"asks\":{},\"reasons\":[]}}}}", self.manifest, self.asks);
        let packed = |ptr: u32, text: &str| pack(ptr, text.len() as u32);
        let set_up = "{\"Ok\":null}";
        format!(
            r#"(module {head}
  (memory (export "memory") {memory})
  (data (i32.const 1024) "{manifest_data}")
  (data (i32.const 4096) "{configured_data}")
  (data (i32.const 8192) "{set_up_data}")
  (func (export "sched_abi_1") (result i32) (i32.const {version}))
  (func (export "sched_manifest") (result i64) (i64.const {manifest_at}))
  (func (export "sched_alloc") (param i32) (result i32) (i32.const 32768))
  (func (export "sched_configure") (param i32 i32) (result i64) (i64.const {configured_at}))
  (func (export "sched_setup") (param i32 i32) (result i64) (i64.const {set_up_at}))
  (func (export "sched_prepare") (param i32) {prepare})
  (func (export "{filter_export}") (param i32 i32 i32 i32) {filter})
  (func (export "sched_score") (param i32 i32 i32 i32) {score}))"#,
            head = self.head,
            memory = self.memory,
            version = self.version,
            manifest_data = data(&manifest),
            configured_data = data(&configured),
            set_up_data = data(set_up),
            manifest_at = packed(1024, &manifest),
            configured_at = packed(4096, &configured),
            set_up_at = packed(8192, set_up),
            prepare = self.prepare,
            filter_export = self.filter_export,
            filter = self.filter,
            score = self.score,
        )
    }

    pub(crate) fn load(&self) -> Result<Module, WasmError> {
        let text = self.text();
        Module::new(&ENGINE, &wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
    }
}
