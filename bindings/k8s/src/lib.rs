//! Ordinary Kubernetes objects become cluster events: JSON or YAML text in, nodes, pods and bindings out, or a named error.
//!
//! ```
//! let loaded = sched_k8s::read(
//!     "
//! apiVersion: v1
//! kind: Node
//! metadata: {name: n1}
//! status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web-0}
//! spec:
//!   containers:
//!   - name: web
//!     resources: {requests: {cpu: 250m, memory: 0.5Gi}}
//! ",
//! )?;
//! assert_eq!(loaded.nodes[0].allocatable["cpu"], 4_000);
//! assert_eq!(loaded.pods[0].spec.template.containers[0].requests["memory"], 512 << 20);
//! assert_eq!(loaded.events().len(), 2);
//!
//! let error = sched_k8s::read(r#"{"kind": "Pod", "metadata": {"name": "web-0"}, "spec": {"containers":
//!     [{"name": "web", "resources": {"requests": {"cpu": "250 m"}}}]}}"#).unwrap_err();
//! assert!(error.to_string().starts_with(
//!     "document 1, line 2: Pod default/web-0: spec.containers[0].resources.requests.cpu: `250 m` is not a quantity"
//! ));
//! # Ok::<(), sched_k8s::ReadError>(())
//! ```

mod affinity;
mod container;
mod error;
mod loaded;
mod loader;
mod locate;
mod node;
mod object;
mod owner;
mod pod;
mod qos;
mod quantity;
mod resources;
mod text;
mod unevaluated;
mod volumes;

pub use error::{FieldError, FieldPath, Place, Problem, ReadError, Segment};
pub use loaded::{Binding, LeftOut, Loaded, LoadedPod};
pub use loader::Loader;
pub use node::node_spec;
pub use owner::ReplicaSets;
pub use pod::pod_spec;
pub use quantity::{Quantity, QuantityError, amount};

/// Reads all objects of one text; see [`Loader`] for several texts.
///
/// # Errors
/// The first thing that is wrong, by object, field and line.
pub fn read(text: &str) -> Result<Loaded, ReadError> {
    let mut loader = Loader::new();
    loader.read(text)?;
    Ok(loader.finish())
}
