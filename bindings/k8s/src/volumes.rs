//! Which volumes of a pod restrict where it can go.

use k8s_openapi::api::core::v1::{PodSpec, Volume};

/// Names of the volumes that kube-scheduler's volume plugins look at: claims, CSI drivers, disks that attach to one node
/// or are limited in number. Volumes made of other objects or of the node itself go anywhere, and so do file shares.
pub(crate) fn restricting(spec: &PodSpec) -> Vec<String> {
    spec.volumes.iter().flatten().filter(|volume| restricts(volume)).map(|volume| volume.name.clone()).collect()
}

fn restricts(volume: &Volume) -> bool {
    let claims = volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some() || volume.csi.is_some();
    let exclusive = volume.gce_persistent_disk.is_some()
        || volume.aws_elastic_block_store.is_some()
        || volume.iscsi.is_some()
        || volume.rbd.is_some();
    let attached = volume.azure_disk.is_some()
        || volume.cinder.is_some()
        || volume.vsphere_volume.is_some()
        || volume.portworx_volume.is_some()
        || volume.photon_persistent_disk.is_some()
        || volume.scale_io.is_some()
        || volume.storageos.is_some()
        || volume.flocker.is_some()
        || volume.fc.is_some()
        || volume.flex_volume.is_some();
    claims || exclusive || attached
}
