//! Modules for the sandbox: one that keeps the contract, random ones of its shape, and either with other texts.

use sched_core::abi::wire::{export, pack};
use std::sync::OnceLock;
use wasm_encoder::{CodeSection, ConstExpr, DataSection, Function, Module, RawSection};
use wasmparser::{ExternalKind, Parser, Payload};

/// The shape that every module has, and one that keeps the contract: `out` of a frame is at 64.
const SHAPE: &str = r#"(module
  (memory (export "memory") 1)
  (func (export "sched_abi_1") (result i32) (i32.const 1))
  (func (export "sched_manifest") (result i64) (i64.const 0))
  (func (export "sched_alloc") (param i32) (result i32) (i32.const 0xc000))
  (func (export "sched_configure") (param i32 i32) (result i64) (i64.const 0))
  (func (export "sched_setup") (param i32 i32) (result i64) (i64.const 0))
  (func (export "sched_prepare") (param i32))
  (func (export "sched_filter") (param i32 i32 i32 i32)
    (memory.fill (i32.load offset=64 (local.get 0)) (i32.const 0)
      (i32.mul (i32.sub (local.get 2) (local.get 1)) (i32.const 8))))
  (func (export "sched_filter_bits") (param i32 i32 i32) (result i32) (i32.const 0))
  (func (export "sched_score") (param i32 i32 i32 i32)
    (memory.fill (i32.load offset=64 (local.get 0)) (i32.const 0)
      (i32.mul (i32.sub (local.get 2) (local.get 1)) (i32.const 8)))))"#;

/// The bytes of [`SHAPE`].
pub(crate) fn shape() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| wat::parse_str(SHAPE).unwrap_or_default())
}

/// What a module says of itself, each text in its place in memory.
pub(crate) struct Texts<'a> {
    pub(crate) manifest: &'a [u8],
    pub(crate) configured: &'a [u8],
    pub(crate) set_up: &'a [u8],
}

/// Where the first text lies; the others follow.
const TEXTS_AT: u32 = 1024;

/// A module of the shape with texts and the version of the ABI put in the places of its own; `None` where it has no such
/// functions.
pub(crate) fn with_texts(module: &[u8], texts: &Texts<'_>) -> Option<Vec<u8>> {
    let mut data = DataSection::new();
    let mut at = TEXTS_AT;
    let mut put = |text: &[u8]| {
        data.active(0, &ConstExpr::i32_const(at as i32), text.iter().copied());
        let packed = pack(at, text.len() as u32);
        at += text.len() as u32;
        packed
    };
    let constants = [
        (export::MANIFEST, put(texts.manifest)),
        (export::CONFIGURE, put(texts.configured)),
        (export::SETUP, put(texts.set_up)),
    ];
    let mut bodies: Vec<(u32, Function)> = Vec::new();
    let (mut out, mut code, mut next, mut left) = (Module::new(), CodeSection::new(), 0, 0);
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.ok()?;
        match &payload {
            Payload::ExportSection(exports) => {
                for export in exports.clone() {
                    let export = export.ok()?;
                    let constant = constants.iter().find(|(name, _)| *name == export.name);
                    if export.kind != ExternalKind::Func {
                        continue;
                    }
                    if let Some((_, packed)) = constant {
                        let mut body = Function::new([]);
                        body.instructions().i64_const(*packed).end();
                        bodies.push((export.index, body));
                    } else if export.name == export::VERSION {
                        let mut body = Function::new([]);
                        body.instructions().i32_const(1).end();
                        bodies.push((export.index, body));
                    }
                }
            }
            Payload::CodeSectionStart { count, .. } => left = *count,
            Payload::CodeSectionEntry(body) => {
                match bodies.iter().find(|(function, _)| *function == next) {
                    Some((_, constant)) => code.function(constant),
                    None => code.raw(module.get(body.range())?),
                };
                (next, left) = (next + 1, left - 1);
                if left == 0 {
                    out.section(&code);
                }
                continue;
            }
            _ => {}
        }
        if matches!(
            payload,
            Payload::CodeSectionStart { .. } | Payload::DataSection(_) | Payload::DataCountSection { .. }
        ) {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            out.section(&RawSection { id, data: module.get(range)? });
        }
    }
    out.section(&data);
    Some(out.finish())
}
