//! Modules that are too large to be files: each is refused by a limit that is named, or compiled within its bounds of
//! stack, and then answers.

use crate::site::{PLAIN, Site, compile, policy};
use crate::support::ENGINE;
use sched_core::wasm::{Module, WasmError};

/// The plain module with more in its filter, or more definitions.
pub(crate) fn plain_with(filter: &str, definitions: &str) -> String {
    let declared = "(func (export \"sched_filter\") (param i32 i32 i32 i32)";
    assert!(PLAIN.contains(declared));
    let text = PLAIN.replace(declared, &format!("{declared}\n{filter}"));
    let end = text.rfind(')').unwrap();
    format!("{}\n{definitions})", &text[..end])
}

fn limit_of(loaded: Result<Module, WasmError>) -> &'static str {
    match loaded.err() {
        Some(WasmError::Limit { name, .. }) => name,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_module_of_100_mb_is_refused_before_it_is_read() {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    // A custom section of a little less, whose length is written in five bytes.
    let length = 100 << 20;
    bytes.push(0);
    bytes.extend((0..5).map(|at| (length >> (7 * at)) as u8 & 0x7f | if at < 4 { 0x80 } else { 0 }));
    bytes.resize(bytes.len() + length, 0);
    assert_eq!(limit_of(Module::new(&ENGINE, &bytes)), "MAX_MODULE_BYTES");
}

#[test]
fn a_module_of_100_000_functions_is_refused_before_it_is_compiled() {
    let text = plain_with("", &"(func)".repeat(100_000));
    assert_eq!(limit_of(compile(&text)), "MAX_MODULE_FUNCTIONS");
}

/// On a thread with little stack: what compiles them must not recurse as they do.
fn answers(text: &str) {
    let bytes = wat::parse_str(text).unwrap();
    let compiles = move || {
        let module = Module::new(&ENGINE, &bytes).unwrap();
        let mut site = Site::new(Some(policy(&module, None).unwrap()));
        assert_eq!(site.choices(), Site::new(Some(crate::site::plain())).choices());
        assert_eq!(site.statistics().failures, 0);
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(compiles).unwrap().join().unwrap();
}

#[test]
fn nested_blocks_are_compiled_on_a_small_thread() {
    for (open, close) in [("block\n", "end\n"), ("loop\n", "end\n"), ("i32.const 1\nif\n", "end\n")] {
        answers(&plain_with(&(open.repeat(10_000) + &close.repeat(10_000)), ""));
    }
}

#[test]
fn deep_expressions_are_compiled_on_a_small_thread() {
    let sum = "local.get 0\n".to_owned() + &"i32.const 1\n".repeat(10_000) + &"i32.add\n".repeat(10_000) + "drop\n";
    answers(&plain_with(&sum, ""));
}

#[test]
fn many_locals_are_compiled() {
    let uses = "local.get 0\nlocal.set 20001\n".repeat(1_000);
    answers(&plain_with(&format!("(local {})\n{uses}", "i64 i32 ".repeat(20_000)), ""));
}
