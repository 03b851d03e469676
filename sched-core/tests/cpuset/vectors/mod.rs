//! Every line of every file of answers of the kubelet and of Koordinator.

mod files;
mod koordinator;
mod kubelet_order;
mod kubelet_policy;
mod kubelet_take;

use files::Machines;
