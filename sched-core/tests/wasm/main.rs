//! Sandboxed policies: what they answer is what the native ones answer, and nothing that they do harms their host.

#[cfg(test)]
#[path = "../common/mod.rs"]
mod common;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod c;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod hostile_table;
#[cfg(test)]
mod site;
#[cfg(test)]
mod support;
