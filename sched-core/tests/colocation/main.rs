//! Colocation as an agent uses it: reports in, offers, limits, evictions and settings out, one file a part.

#[cfg(test)]
mod capacity;
#[cfg(test)]
mod capacity_laws;
#[cfg(test)]
mod evict;
#[cfg(test)]
mod extremes;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod io;
#[cfg(test)]
mod koordinator;
#[cfg(test)]
mod node;
#[cfg(test)]
mod offer;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod resize;
#[cfg(test)]
mod setting;
#[cfg(test)]
mod starvation;
#[cfg(test)]
mod suppress;
#[cfg(test)]
mod world;
