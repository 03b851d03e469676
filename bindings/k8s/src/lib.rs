//! Kubernetes objects become cluster events.
