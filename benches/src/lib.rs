//! Shared scenarios of the benchmarks.
