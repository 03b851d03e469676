//! One instance of a module: its memory, the room that the host took in it, and calls under fuel.

use super::bounds::Bounds;
use super::module::{PAGE, line_of};
use super::{Engine, WasmError};
use crate::limits::{FUEL_FOR_SETUP, MAX_GUEST_OWN_MEMORY_BYTES, MAX_MODULE_TEXT_BYTES, MIN_THREAD_STACK_BYTES};
use sched_abi::Manifest;
use sched_abi::ask::{Configured, Grant};
use sched_abi::wire::{MINOR, export, unpack};
use serde::de::DeserializeOwned;
use wasmtime::{Memory, Store, Trap, TypedFunc, WasmParams, WasmResults};

/// A place in the module's memory that the host took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) ptr: u32,
    capacity: u32,
}

type Batch = TypedFunc<(u32, u32, u32, u32), ()>;

/// The functions about a pod.
struct Hooks {
    prepare: TypedFunc<u32, ()>,
    filter: Option<Batch>,
    filter_bits: Option<TypedFunc<(u32, u32, u32), u32>>,
    score: Option<Batch>,
}

/// The store, and the fuel that calls in it took.
struct Fueled {
    store: Store<Bounds>,
    used: u64,
}

/// A module's instance.
pub(super) struct Instance {
    fueled: Fueled,
    exports: wasmtime::Instance,
    memory: Memory,
    hooks: Hooks,
    /// Of the contract, as the module says.
    pub(super) minor: u32,
    most: usize,
    fuel_per_call: u64,
    fuel_per_row: u64,
    /// Where the next place begins.
    end: usize,
}

impl Instance {
    /// A fresh instance, nothing called yet.
    pub(super) fn new(engine: &Engine, module: &wasmtime::Module) -> Result<Self, WasmError> {
        let config = &engine.0.config;
        let own = MAX_GUEST_OWN_MEMORY_BYTES.min(config.memory_bytes);
        let mut store = Store::new(&engine.0.engine, Bounds { memory: own });
        store.limiter(|bounds| bounds);
        let instance = wasmtime::Instance::new(&mut store, module, &[])
            .map_err(|e| WasmError::Instantiate(line_of(&format!("{e:#}"))))?;
        let memory = instance
            .get_memory(&mut store, export::MEMORY)
            .ok_or(WasmError::Export { name: export::MEMORY, expected: "a memory" })?;
        let hooks = Hooks {
            prepare: function(&instance, &mut store, export::PREPARE, "(i32)")?,
            filter: optional(&instance, &mut store, export::FILTER, "(i32, i32, i32, i32)")?,
            filter_bits: optional(&instance, &mut store, export::FILTER_BITS, "(i32, i32, i32) -> i32")?,
            score: optional(&instance, &mut store, export::SCORE, "(i32, i32, i32, i32)")?,
        };
        let mut this = Self {
            fueled: Fueled { store, used: 0 },
            exports: instance,
            memory,
            hooks,
            minor: 0,
            most: config.memory_bytes,
            fuel_per_call: config.fuel_per_call,
            fuel_per_row: config.fuel_per_row,
            end: 0,
        };
        let version = this.named::<(), u32>(export::VERSION, "() -> i32")?;
        this.minor = this.setup_call(export::VERSION, &version, ())?;
        if this.minor > MINOR { Err(WasmError::Version { theirs: this.minor }) } else { Ok(this) }
    }

    /// What the policy says of itself under default settings.
    pub(super) fn manifest(&mut self) -> Result<Manifest, WasmError> {
        let manifest = self.named::<(), i64>(export::MANIFEST, "() -> i64")?;
        let packed = self.setup_call(export::MANIFEST, &manifest, ())?;
        self.text(export::MANIFEST, packed)
    }

    /// Hands the settings over.
    pub(super) fn configure(&mut self, config: &str) -> Result<Configured, WasmError> {
        let packed = self.hand_over(export::CONFIGURE, config.as_bytes())?;
        self.text(export::CONFIGURE, packed)
    }

    /// Hands over what is granted. From here on the memory is the host's to grow.
    pub(super) fn set_up(&mut self, grants: &[Grant]) -> Result<(), WasmError> {
        let text = serde_json::to_vec(grants)
            .map_err(|e| WasmError::Syntax { call: export::SETUP, problem: e.to_string() })?;
        let packed = self.hand_over(export::SETUP, &text)?;
        self.text::<()>(export::SETUP, packed)?;
        self.end = self.memory.data_size(&self.fueled.store);
        self.fueled.store.data_mut().memory = 0;
        Ok(())
    }

    pub(super) fn prepare(&mut self, frame: u32, rows: usize) -> Result<(), WasmError> {
        let fuel = self.fuel_for(rows);
        self.fueled.call(export::PREPARE, &self.hooks.prepare, frame, fuel)
    }

    pub(super) fn filter(&mut self, params: (u32, u32, u32, u32)) -> Result<(), WasmError> {
        let fuel = self.fuel_for((params.2 - params.1) as usize);
        self.fueled.batch(export::FILTER, self.hooks.filter.as_ref(), params, fuel)
    }

    pub(super) fn score(&mut self, params: (u32, u32, u32, u32)) -> Result<(), WasmError> {
        let fuel = self.fuel_for((params.2 - params.1) as usize);
        self.fueled.batch(export::SCORE, self.hooks.score.as_ref(), params, fuel)
    }

    pub(super) fn filter_bits(&mut self, frame: u32, start: u32, words: u32) -> Result<bool, WasmError> {
        let fuel = self.fuel_for(words as usize * 64);
        let Some(hook) = &self.hooks.filter_bits else { return Ok(false) };
        self.fueled.call(export::FILTER_BITS, hook, (frame, start, words), fuel).map(|done| done != 0)
    }

    /// Fuel that calls took so far.
    pub(super) fn fuel(&self) -> u64 {
        self.fueled.used
    }

    fn fuel_for(&self, rows: usize) -> u64 {
        self.fuel_per_call.saturating_add(self.fuel_per_row.saturating_mul(rows as u64))
    }

    /// Makes sure that a place has room for so many bytes; what was in it is lost if it moves. Says whether it moved.
    pub(super) fn ensure(&mut self, place: &mut Place, bytes: usize) -> Result<bool, WasmError> {
        if bytes <= place.capacity as usize && place.ptr != 0 {
            return Ok(false);
        }
        let too_much = WasmError::Memory { limit: self.most };
        // Half as much again, so that what grows does not move each time; on lines of their own.
        let capacity = (bytes + bytes / 2).next_multiple_of(64).max(64);
        let ptr = self.end.next_multiple_of(64);
        let end = ptr + capacity;
        let size = self.memory.data_size(&self.fueled.store);
        if end > self.most {
            return Err(too_much);
        }
        if end > size {
            self.fueled.store.data_mut().memory = self.most;
            let grown = self.memory.grow(&mut self.fueled.store, (end - size).div_ceil(PAGE) as u64);
            self.fueled.store.data_mut().memory = 0;
            grown.map_err(|_| too_much)?;
        }
        self.end = end;
        *place = Place { ptr: ptr as u32, capacity: capacity as u32 };
        Ok(true)
    }

    /// The module's memory from an address on.
    pub(super) fn at(&self, ptr: u32, bytes: usize) -> &[u8] {
        let ptr = ptr as usize;
        self.memory.data(&self.fueled.store).get(ptr..ptr.saturating_add(bytes)).unwrap_or_default()
    }

    /// The same, to be written.
    pub(super) fn at_mut(&mut self, ptr: u32, bytes: usize) -> &mut [u8] {
        let ptr = ptr as usize;
        self.memory.data_mut(&mut self.fueled.store).get_mut(ptr..ptr.saturating_add(bytes)).unwrap_or_default()
    }

    /// Writes bytes at an address that lies in a place.
    pub(super) fn write(&mut self, ptr: u32, bytes: &[u8]) {
        let room = self.at_mut(ptr, bytes.len());
        if room.len() == bytes.len() {
            room.copy_from_slice(bytes);
        }
    }

    fn named<P: WasmParams, R: WasmResults>(
        &mut self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<TypedFunc<P, R>, WasmError> {
        function(&self.exports, &mut self.fueled.store, name, expected)
    }

    fn hand_over(&mut self, call: &'static str, text: &[u8]) -> Result<i64, WasmError> {
        let alloc = self.named::<u32, u32>(export::ALLOC, "(i32) -> i32")?;
        let take = self.named::<(u32, u32), i64>(call, "(i32, i32) -> i64")?;
        let len = text.len() as u32;
        let ptr = self.setup_call(export::ALLOC, &alloc, len)?;
        if self.at(ptr, text.len()).len() != text.len() {
            return Err(WasmError::Text { call: export::ALLOC, ptr, len });
        }
        self.write(ptr, text);
        self.setup_call(call, &take, (ptr, len))
    }

    /// What a text says; what it complains of is shown to people, so it is made a line.
    fn text<T: DeserializeOwned>(&self, call: &'static str, packed: i64) -> Result<T, WasmError> {
        let (ptr, len) = unpack(packed);
        let bytes = self.at(ptr, len as usize);
        if len as usize > MAX_MODULE_TEXT_BYTES || bytes.len() != len as usize {
            return Err(WasmError::Text { call, ptr, len });
        }
        let said: Result<T, String> = serde_json::from_slice(bytes)
            .map_err(|error| WasmError::Syntax { call, problem: line_of(&error.to_string()) })?;
        said.map_err(|refusal| WasmError::Settings(line_of(&refusal)))
    }

    fn setup_call<P: WasmParams, R: WasmResults>(
        &mut self,
        call: &'static str,
        hook: &TypedFunc<P, R>,
        params: P,
    ) -> Result<R, WasmError> {
        self.fueled.call(call, hook, params, FUEL_FOR_SETUP)
    }
}

impl Fueled {
    fn batch(
        &mut self,
        name: &'static str,
        hook: Option<&Batch>,
        params: (u32, u32, u32, u32),
        fuel: u64,
    ) -> Result<(), WasmError> {
        let hook = hook.ok_or(WasmError::Export { name, expected: "(i32, i32, i32, i32)" })?;
        self.call(name, hook, params, fuel)
    }

    fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        call: &'static str,
        hook: &TypedFunc<P, R>,
        params: P,
        fuel: u64,
    ) -> Result<R, WasmError> {
        if let Some(left) = stacker::remaining_stack().filter(|&left| left < MIN_THREAD_STACK_BYTES) {
            return Err(WasmError::ThreadStack { left });
        }
        let failed = |e: wasmtime::Error| match e.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => WasmError::Fuel { call, limit: fuel },
            Some(Trap::StackOverflow) => WasmError::Stack { call },
            Some(trap) => WasmError::Trap { call, problem: trap.to_string() },
            None => WasmError::Trap { call, problem: line_of(&format!("{e:#}")) },
        };
        self.store.set_fuel(fuel).map_err(failed)?;
        let result = hook.call(&mut self.store, params);
        self.used += fuel.saturating_sub(self.store.get_fuel().unwrap_or(0));
        result.map_err(failed)
    }
}

fn function<P: WasmParams, R: WasmResults>(
    instance: &wasmtime::Instance,
    store: &mut Store<Bounds>,
    name: &'static str,
    expected: &'static str,
) -> Result<TypedFunc<P, R>, WasmError> {
    instance.get_typed_func(store, name).map_err(|_| WasmError::Export { name, expected })
}

fn optional<P: WasmParams, R: WasmResults>(
    instance: &wasmtime::Instance,
    store: &mut Store<Bounds>,
    name: &'static str,
    expected: &'static str,
) -> Result<Option<TypedFunc<P, R>>, WasmError> {
    match instance.get_export(&mut *store, name) {
        None => Ok(None),
        Some(_) => function(instance, store, name, expected).map(Some),
    }
}
