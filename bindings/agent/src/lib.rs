//! A node agent for Linux: what `sched_core` decides about CPU sets and colocation is written into a cgroup v2 tree, and what the tree says is read back. No
//! decision is made here. How it is run, what it writes and what it never touches: docs/agent.md.

mod apply;
mod cpusets;
mod error;
mod members;
mod node;
mod owner;
mod report;
mod round;
mod settings;
mod state;
mod status;
mod sys;
mod tree;
mod usage;

pub use apply::{Change, Stopped};
pub use error::AgentError;
pub use node::{Container, Machine, Node, Squeeze};
pub use owner::{OwnerError, other_owner};
pub use report::{Report, offer_of, status_patch};
pub use round::{Adopt, Round, round};
pub use state::{Saved, StateError, Store};
pub use status::{ContainerStatus, Status, status};
pub use sys::{SysReadError, machine};
pub use tree::{DryRun, RealTree, Tree, TreeError};
pub use usage::Usage;
