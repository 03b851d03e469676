//! The built program, from outside.

#[cfg(test)]
mod common;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod garbage;
#[cfg(all(test, feature = "wasm"))]
mod policy;
#[cfg(test)]
mod replay;
#[cfg(all(test, feature = "wasm"))]
mod sandbox;
#[cfg(test)]
mod usage;
