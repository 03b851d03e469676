//! The built program, from outside.

#[cfg(test)]
mod common;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod garbage;
#[cfg(test)]
mod record;
#[cfg(test)]
mod replay;
#[cfg(all(test, feature = "wasm"))]
mod sandbox;
#[cfg(test)]
mod usage;
