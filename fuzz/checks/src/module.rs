//! Random modules with the right exports.

use crate::guest::{Texts, shape, with_texts};
use crate::sandbox::holds;
use arbitrary::{Arbitrary as _, Result, Unstructured};
use wasm_smith::{Config, Module};

/// What they say of themselves: a filter and a score over what there is to read.
const MANIFEST: &str = r#"{"name":"Random","filters":true,"scores":true,"podFields":0,"columns":4095,"locality":"rowLocal","normalize":"NORMALIZE","reasons":[{"text":"says no","arg":"none"}],"protective":false,"monotone":true,"prefersRoom":false}"#;

/// A module made of the bytes, with functions that do anything, is survived; so are the bytes as a module.
pub fn module(bytes: &[u8]) {
    holds(bytes, "");
    let _ = random(&mut Unstructured::new(bytes));
}

fn random(source: &mut Unstructured<'_>) -> Result<()> {
    let normalize = *source.choose(&["none", "max", "maxReversed", "minMaxReversed"])?;
    let own_texts = source.ratio(1, 16)?;
    let config = Config {
        exports: Some(shape().to_vec()),
        max_imports: 0,
        max_data_segments: 0,
        max_memories: 1,
        max_funcs: 16,
        max_instructions: 200,
        max_table_elements: 10_000,
        allow_start_export: source.ratio(1, 32)?,
        disallow_traps: source.ratio(1, 2)?,
        simd_enabled: bool::arbitrary(source)?,
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        reference_types_enabled: source.ratio(1, 8)?,
        relaxed_simd_enabled: source.ratio(1, 32)?,
        tail_call_enabled: source.ratio(1, 32)?,
        threads_enabled: source.ratio(1, 32)?,
        ..Config::default()
    };
    let bytes = Module::new(config, source)?.to_bytes();
    if own_texts {
        holds(&bytes, "");
        return Ok(());
    }
    let manifest = MANIFEST.replace("NORMALIZE", normalize);
    let configured = format!(r#"{{"Ok":{{"manifest":{manifest},"asks":[{{"resource":"gpu"}}],"reasons":[]}}}}"#);
    let manifest = format!(r#"{{"Ok":{manifest}}}"#);
    let texts = Texts { manifest: manifest.as_bytes(), configured: configured.as_bytes(), set_up: b"{\"Ok\":null}" };
    if let Some(bytes) = with_texts(&bytes, &texts) {
        holds(&bytes, "");
    }
    Ok(())
}
