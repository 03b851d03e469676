//! The agent on trees: one that enforces the kernel's rules, directories, and the real one where it may be had.

#[cfg(test)]
mod checkpoint;
#[cfg(test)]
mod common;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod guide;
#[cfg(test)]
mod kernel;
#[cfg(test)]
mod kernel_rules;
#[cfg(test)]
mod owners;
#[cfg(test)]
mod program;
#[cfg(test)]
mod real;
#[cfg(test)]
mod rounds;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod uses;
