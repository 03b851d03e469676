//! A discrete-event simulator that replays traces through the scheduler.
