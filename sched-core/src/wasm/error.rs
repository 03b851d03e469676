//! Why a module was refused, or a call into it failed.

use crate::limits;
use thiserror::Error;

/// A module, or a call into one, that breaks the contract.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum WasmError {
    /// The engine's configuration does not work on this machine.
    #[error("the engine cannot be built: {0}")]
    Engine(String),
    /// The bytes are no module that the engine compiles.
    #[error("the module does not compile: {0}")]
    Compile(String),
    /// The artefact was made by another version or configuration of the engine.
    #[error("the precompiled artefact does not fit this engine, compile it again: {0}")]
    Artefact(String),
    /// The module imports something.
    #[error("the module imports `{0}`; a policy imports nothing: build it for `wasm32-unknown-unknown`")]
    Import(String),
    /// The module has a start function.
    #[error("the module has a start function; a policy runs only when it is called")]
    Start,
    /// An export is missing or has another type.
    #[error("the module must export `{name}` as {expected}")]
    Export {
        /// Its name.
        name: &'static str,
        /// Its type.
        expected: &'static str,
    },
    /// The module speaks a later minor version of the contract.
    #[error("the module needs ABI 1.{theirs}, this host has 1.{ours}: update the host", ours = sched_abi::wire::MINOR)]
    Version {
        /// The module's minor version.
        theirs: u32,
    },
    /// The module has more of something than allowed.
    #[error("the module has {count} {what}, beyond the limit of {limit} ({name})")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        count: u64,
        /// The limit.
        limit: u64,
        /// Its name in `limits.rs`.
        name: &'static str,
    },
    /// The module bounds its memory below what the host may need.
    #[error("the module limits its memory to {pages} pages; columns need room: build it without a maximum")]
    MemoryMaximum {
        /// Its maximum.
        pages: u64,
    },
    /// The module could not be instantiated.
    #[error("the module cannot be instantiated: {0}")]
    Instantiate(String),
    /// A text lies outside the module's memory or is too long.
    #[error("`{call}` answers with {len} bytes at {ptr}: not within the module's memory, or beyond the limit of {limit} (MAX_MODULE_TEXT_BYTES)", limit = limits::MAX_MODULE_TEXT_BYTES)]
    Text {
        /// The call.
        call: &'static str,
        /// Where.
        ptr: u32,
        /// How long.
        len: u32,
    },
    /// A text is not what the contract says.
    #[error("`{call}` answers with what is not its text: {problem}")]
    Syntax {
        /// The call.
        call: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The manifest says something that cannot be.
    #[error("the manifest's {field} is out of bounds")]
    Manifest {
        /// Which field.
        field: &'static str,
    },
    /// The policy refuses its settings.
    #[error("{0}")]
    Settings(String),
    /// The policy answered differently when it was asked a second time.
    #[error("the policy says other things of itself the second time, though its settings are the same")]
    Unsteady,
    /// The policy has another name under its settings.
    #[error("the policy calls itself `{theirs}` under its settings, and `{name}` without")]
    Renamed {
        /// Its name under default settings.
        name: String,
        /// Its name now.
        theirs: String,
    },
    /// A call ran out of fuel.
    #[error("`{call}` used up its fuel of {limit} (FUEL_PER_CALL + rows x FUEL_PER_ROW)")]
    Fuel {
        /// The call.
        call: &'static str,
        /// What it had.
        limit: u64,
    },
    /// A call used up its stack.
    #[error("`{call}` used up its stack of {limit} bytes (MAX_GUEST_STACK_BYTES)", limit = limits::MAX_GUEST_STACK_BYTES)]
    Stack {
        /// The call.
        call: &'static str,
    },
    /// The thread has too little stack left to enter the module.
    #[error("the thread has {left} bytes of stack left, a policy needs {least} (MIN_THREAD_STACK_BYTES)", least = limits::MIN_THREAD_STACK_BYTES)]
    ThreadStack {
        /// What it has.
        left: usize,
    },
    /// A call trapped.
    #[error("`{call}` trapped: {problem}")]
    Trap {
        /// The call.
        call: &'static str,
        /// How.
        problem: String,
    },
    /// The memory that columns need is beyond the limit.
    #[error("columns need more than {limit} bytes of the module's memory (MAX_GUEST_MEMORY_BYTES)")]
    Memory {
        /// The limit.
        limit: usize,
    },
    /// What `prepare` answered cannot be.
    #[error("`sched_prepare` answers with what cannot be")]
    Prepared,
    /// A verdict names a reason that there is none of.
    #[error("`sched_filter` gives a verdict without reason, or with one that is not in the table")]
    Verdict,
    /// A raw score is out of range.
    #[error("`sched_score` gives a score out of range")]
    Score,
    /// A call was made before the policy was set up.
    #[error("the policy is not set up")]
    NotSetUp,
}
