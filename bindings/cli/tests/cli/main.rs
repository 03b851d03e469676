//! The built program, from outside.

#[cfg(test)]
mod common;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod garbage;
#[cfg(feature = "wasm")]
#[cfg(test)]
mod policy;
#[cfg(test)]
mod record;
#[cfg(test)]
mod replay;
#[cfg(feature = "wasm")]
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod usage;
