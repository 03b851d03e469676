//! Records: what was recorded runs again, whatever happened, without names too; and no bytes harm who reads them.

#[cfg(test)]
#[path = "../common/mod.rs"]
mod common;

#[cfg(test)]
mod bytes;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod history;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod names;
#[cfg(test)]
mod swap;
