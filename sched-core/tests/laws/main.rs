//! Laws that hold for every cluster, every history and every profile, on generated input and on kube-scheduler's answers.

#[cfg(test)]
#[path = "../common/mod.rs"]
mod common;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod choice;
#[cfg(test)]
mod evaluation;
#[cfg(test)]
mod extremes;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod prediction;
#[cfg(test)]
mod remedies;
#[cfg(test)]
mod state;
#[cfg(test)]
mod support;
#[cfg(test)]
mod variety;
#[cfg(test)]
mod vectors;
