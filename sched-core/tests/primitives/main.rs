//! The library's own primitives through the scheduler: events in, verdicts and scores out, one file a primitive.

#[cfg(test)]
mod charged_once;
#[cfg(test)]
mod cool_down;
#[cfg(test)]
mod hybrid_unschedulable;
#[cfg(test)]
mod node_balance;
#[cfg(test)]
mod node_info;
#[cfg(test)]
mod node_profiles;
#[cfg(test)]
mod overload;
#[cfg(test)]
mod standing_in;
#[cfg(test)]
mod water_level;
#[cfg(test)]
mod world;
