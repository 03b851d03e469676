//! The program `sched`.

fn main() {}
