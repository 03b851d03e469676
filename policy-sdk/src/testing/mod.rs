//! Tests for policies: strategies for clusters and pods.

pub mod strategies;
