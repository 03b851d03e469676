//! Disks and the network.

use crate::world::GIB;
use sched_core::colocation::*;

fn disk(device: &str, shared: bool, free_gib: i64) -> Disk {
    let (read_bps, write_iops) = (Some(1_000_000), Some(500));
    Disk { device: device.into(), shared, free_bytes: free_gib * GIB, read_bps, write_iops, ..Disk::default() }
}

#[test]
fn be_and_ot_get_a_part_of_shared_disks_and_online_pods_all_of_them() {
    let disks = [disk("8:0", true, 1), disk("259:0", false, 1)];
    let settings = |qos| {
        let settings = io_settings(&IoConfig::default(), qos, "pod", &disks).expect("sound disks");
        settings.into_iter().map(|setting| format!("{} {}", setting.file, setting.value)).collect::<Vec<_>>()
    };
    assert_eq!(settings(Qos::Be), ["io.max 8:0 rbps=300000 wbps=max riops=max wiops=150", "io.weight 8:0 20"]);
    assert_eq!(settings(Qos::Ot), ["io.max 8:0 rbps=100000 wbps=max riops=max wiops=50", "io.weight 8:0 5"]);
    assert_eq!(settings(Qos::Ls), [""; 0]);
}

#[test]
fn no_limit_is_zero_which_the_kernel_refuses() {
    let config = IoConfig { be_percent: 0, ..IoConfig::default() };
    let settings = io_settings(&config, Qos::Be, "pod", &[disk("8:0", true, 1)]).expect("a sound disk");
    assert_eq!(settings[0].value, "8:0 rbps=1 wbps=max riops=max wiops=1");
}

#[test]
fn a_device_that_is_not_named_by_numbers_is_refused() {
    for device in ["sda", "8", "8:", ":0", "8:0:1", "8:0 rbps=1", "-8:0"] {
        let result = io_settings(&IoConfig::default(), Qos::Be, "pod", &[disk(device, true, 1)]);
        assert_eq!(result, Err(ColocationError::Device(device.into())));
    }
}

#[test]
fn scratch_goes_to_a_disk_apart_before_one_that_online_pods_use() {
    let disks = [disk("8:0", true, 100), disk("8:16", false, 10), disk("8:32", false, 20)];
    let on = |rule, qos, gib| scratch(rule, qos, gib * GIB, &disks).map(|disk| &*disk.device);
    assert_eq!(on(Scratch::Limited, Qos::Be, 5), Ok("8:32"));
    assert_eq!(on(Scratch::Limited, Qos::Be, 50), Ok("8:0"));
    assert_eq!(on(Scratch::SeparateDisk, Qos::Be, 50), Err(ScratchRefusal::NoSeparateDisk));
    assert_eq!(on(Scratch::SeparateDisk, Qos::Be, 500), Err(ScratchRefusal::NoSpace));
    assert_eq!(on(Scratch::SeparateDisk, Qos::Ls, 50), Ok("8:0"));
}

#[test]
fn ingress_and_egress_are_offered_by_themselves() {
    let (capacity, online) = (both(1_000, 1_000), both(700, 100));
    let offer = network_offer(&NetworkConfig::default(), capacity, online, both(0, 200)).expect("sound rates");
    assert_eq!((offer.be, offer.ot), (both(0, 500), both(0, 300)));
}

const fn both(ingress_bps: i64, egress_bps: i64) -> Directions {
    Directions { ingress_bps, egress_bps }
}

#[test]
fn rates_below_zero_are_refused() {
    let error = network_offer(&NetworkConfig::default(), both(1, -1), both(0, 0), both(0, 0)).expect_err("negative");
    assert_eq!(error.to_string(), "egress capacity: -1 must lie in 0..=70368744177664 (2^46, MAX_QUANTITY)");
}
