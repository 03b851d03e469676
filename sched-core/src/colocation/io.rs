//! Disks: what BE and OT may read and write, and where their scratch space may be.

use super::amounts::percent_of;
use super::error::{in_range, percent};
use super::setting::check_group;
use super::{CgroupFile, ColocationError, Qos, Setting};
use crate::limits::MAX_QUANTITY;
use std::fmt;

/// What BE and OT get of a disk. Online pods are not limited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct IoConfig {
    /// `io.max` of BE, percent of what the disk can do. Default 30.
    pub be_percent: u32,
    /// `io.max` of OT. Default 10.
    pub ot_percent: u32,
    /// `io.weight` of BE, 1..=10000; the kernel's default, which online pods keep, is 100. Default 20.
    pub be_weight: u32,
    /// `io.weight` of OT. Default 5.
    pub ot_weight: u32,
    /// Where scratch space of BE and OT may be.
    pub scratch: Scratch,
}

impl Default for IoConfig {
    fn default() -> Self {
        Self { be_percent: 30, ot_percent: 10, be_weight: 20, ot_weight: 5, scratch: Scratch::default() }
    }
}

impl IoConfig {
    /// Whether every setting is in its range.
    pub fn check(&self) -> Result<(), ColocationError> {
        percent("bePercent", self.be_percent)?;
        percent("otPercent", self.ot_percent)?;
        in_range("beWeight", self.be_weight.into(), 1, 10_000)?;
        in_range("otWeight", self.ot_weight.into(), 1, 10_000)
    }
}

/// Where scratch space of BE and OT may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Scratch {
    /// On a disk that online pods do not use, or else on one that they do, within limits.
    #[default]
    Limited,
    /// Only on a disk that online pods do not use.
    SeparateDisk,
}

/// A disk of the node, and what it can do. What is not known is not limited.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct Disk {
    /// Its numbers, as in `259:0`.
    pub device: String,
    /// Whether online pods use it.
    pub shared: bool,
    /// Bytes free for scratch space.
    pub free_bytes: i64,
    /// Bytes read a second.
    pub read_bps: Option<i64>,
    /// Bytes written a second.
    pub write_bps: Option<i64>,
    /// Reads a second.
    pub read_iops: Option<i64>,
    /// Writes a second.
    pub write_iops: Option<i64>,
}

impl Disk {
    fn check(&self) -> Result<(), ColocationError> {
        let number = |part: &str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !self.device.split_once(':').is_some_and(|(major, minor)| number(major) && number(minor)) {
            return Err(ColocationError::Device(self.device.clone()));
        }
        let rates = [self.read_bps, self.write_bps, self.read_iops, self.write_iops, Some(self.free_bytes)];
        let bad = rates.into_iter().flatten().find(|rate| !(0..=MAX_QUANTITY).contains(rate));
        bad.map_or(Ok(()), |rate| Err(ColocationError::Rate { what: format!("disk `{}`", self.device), rate }))
    }
}

/// What to write for the control group of a BE or OT pod, or of all of them: `io.max` and `io.weight` of every shared disk.
/// Nothing for online pods.
///
/// # Errors
/// Settings or rates out of range, a device that is not named by its numbers, and a group whose path leads elsewhere.
pub fn io_settings(config: &IoConfig, qos: Qos, cgroup: &str, disks: &[Disk]) -> Result<Vec<Setting>, ColocationError> {
    config.check()?;
    check_group(cgroup)?;
    disks.iter().try_for_each(Disk::check)?;
    let (percent, weight) = match qos {
        Qos::Be => (config.be_percent, config.be_weight),
        Qos::Ot => (config.ot_percent, config.ot_weight),
        Qos::Lsx | Qos::Lsr | Qos::Ls => return Ok(Vec::new()),
    };
    let setting = |file, value, because| Setting { cgroup: cgroup.into(), file, value, because };
    let of_disk = |disk: &Disk| {
        let device = &disk.device;
        // The kernel takes no limit of 0.
        let rate = |rate: Option<i64>| rate.map_or("max".into(), |rate| percent_of(rate, percent).max(1).to_string());
        let (rbps, wbps) = (rate(disk.read_bps), rate(disk.write_bps));
        let (riops, wiops) = (rate(disk.read_iops), rate(disk.write_iops));
        let max = format!("{device} rbps={rbps} wbps={wbps} riops={riops} wiops={wiops}");
        let because = format!("{qos} gets {percent}% of disk {device}, which online pods use");
        let behind = format!("{qos} waits for online pods at disk {device}");
        [setting(CgroupFile::IoMax, max, because), setting(CgroupFile::IoWeight, format!("{device} {weight}"), behind)]
    };
    Ok(disks.iter().filter(|disk| disk.shared).flat_map(of_disk).collect())
}

/// Why a pod that needs scratch space cannot be on the node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScratchRefusal {
    /// No disk has so much left.
    NoSpace,
    /// Only disks that online pods use have so much left.
    NoSeparateDisk,
}

impl fmt::Display for ScratchRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSpace => "no disk has enough space left for scratch",
            Self::NoSeparateDisk => "no disk apart from those of online pods has enough space left for scratch",
        })
    }
}

/// The disk for the scratch space of a pod: one that online pods do not use before one that they do, then the one with the most
/// space, then the first by number. Online pods may have any.
pub fn scratch<'a>(rule: Scratch, qos: Qos, bytes: i64, disks: &'a [Disk]) -> Result<&'a Disk, ScratchRefusal> {
    let number = |disk: &Disk| {
        let mut parts = disk.device.split(':').map(|part| part.parse::<u64>().unwrap_or(u64::MAX));
        (parts.next(), parts.next())
    };
    let fits = || disks.iter().filter(|disk| disk.free_bytes >= bytes);
    let may = |disk: &&Disk| qos.online() || rule == Scratch::Limited || !disk.shared;
    let rank = |disk: &&'a Disk| (disk.shared && !qos.online(), std::cmp::Reverse(disk.free_bytes), number(disk));
    let refusal = if fits().next().is_none() { ScratchRefusal::NoSpace } else { ScratchRefusal::NoSeparateDisk };
    fits().filter(may).min_by_key(rank).ok_or(refusal)
}
