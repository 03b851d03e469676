//! What applications use, learned from late samples, and what follows for the hours to come. Pure arithmetic over integers;
//! who owns which history is the cluster's business.

mod history;
mod predict;

pub(crate) use history::{AppHistory, Global};
pub(crate) use predict::{PARTS, Prediction, predict};

/// Hours that are predicted: the rest of the present clock hour, and those after it.
pub(crate) const HORIZON_HOURS: usize = 8;
