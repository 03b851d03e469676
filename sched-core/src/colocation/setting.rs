//! What an agent shall write, as data: *set this file of this control group to that, because*; and the order in which several
//! such changes break no rule of the kernel at any step. Nothing is written here.

use super::ColocationError;
use std::fmt;

/// A file of a control group (cgroup v2; `cpu.bvt_warp_ns` is of kernels with group identity).
///
/// Growing is done in this order, shrinking in the reverse: the quota before the burst that must not exceed it; of memory the
/// outer limits before the inner ones; CPU, which can be taken back, before memory; and a weight before `cpu.idle`, which
/// locks it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CgroupFile {
    /// `cpu.max`: microseconds in a period of 100,000.
    CpuMax,
    /// `cpu.max.burst`: microseconds, at most the quota.
    CpuBurst,
    /// `cpu.weight`: 1..=10000.
    CpuWeight,
    /// `cpu.bvt_warp_ns`: group identity, -1..=2.
    CpuIdentity,
    /// `memory.max`: bytes.
    MemoryMax,
    /// `memory.high`: bytes.
    MemoryHigh,
    /// `memory.low`: bytes.
    MemoryLow,
    /// `memory.min`: bytes.
    MemoryMin,
    /// `io.max`: limits of one device.
    IoMax,
    /// `io.weight`: 1..=10000, of one device or of all.
    IoWeight,
    /// `cpu.idle`: 1 for what runs only when nothing else does.
    CpuIdle,
}

impl CgroupFile {
    /// The name of the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CpuMax => "cpu.max",
            Self::CpuBurst => "cpu.max.burst",
            Self::CpuWeight => "cpu.weight",
            Self::CpuIdentity => "cpu.bvt_warp_ns",
            Self::MemoryMax => "memory.max",
            Self::MemoryHigh => "memory.high",
            Self::MemoryLow => "memory.low",
            Self::MemoryMin => "memory.min",
            Self::IoMax => "io.max",
            Self::IoWeight => "io.weight",
            Self::CpuIdle => "cpu.idle",
        }
    }

    /// Whether a group cannot have more than the group around it.
    const fn nested(self) -> bool {
        matches!(self, Self::CpuMax | Self::MemoryMax | Self::MemoryHigh | Self::MemoryLow | Self::MemoryMin)
    }
}

impl fmt::Display for CgroupFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for CgroupFile {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// How much a file says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// So much, in the file's unit.
    Amount(i64),
    /// No limit of its own, as the kernel writes it: `max`. Then that of the group around it holds.
    Unlimited,
}

/// One thing to write.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Setting {
    /// The control group: a path below the root that the agent was given.
    pub cgroup: String,
    /// Its file.
    pub file: CgroupFile,
    /// What to write there.
    pub value: String,
    /// Why.
    pub because: String,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "set {} of `{}` to `{}` because {}", self.file, self.cgroup, self.value, self.because)
    }
}

/// What a file shall say, whatever it says now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The control group.
    pub cgroup: String,
    /// Its file; not one of `io`.
    pub file: CgroupFile,
    /// What it shall say.
    pub to: Level,
    /// Why.
    pub because: String,
}

impl Wanted {
    /// The change from what it says now.
    pub fn from(self, from: Level) -> Change {
        Change { wanted: self, from }
    }
}

/// A file that shall say something else than now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What it shall say.
    pub wanted: Wanted,
    /// What it says.
    pub from: Level,
}

/// The period of CPU quotas, microseconds: the kernel's default, and kubelet's.
pub(super) const PERIOD_US: i64 = 100_000;

/// The least quota that the kernel takes, microseconds.
pub(super) const MIN_QUOTA_US: i64 = 1_000;

impl Change {
    fn setting(self) -> Setting {
        let Wanted { cgroup, file, to, because } = self.wanted;
        let value = match (file, to) {
            (CgroupFile::CpuMax, Level::Amount(quota)) => format!("{quota} {PERIOD_US}"),
            (CgroupFile::CpuMax, Level::Unlimited) => format!("max {PERIOD_US}"),
            (_, Level::Amount(amount)) => amount.to_string(),
            (_, Level::Unlimited) => "max".into(),
        };
        Setting { cgroup, file, value, because }
    }

    fn grows(&self) -> bool {
        self.wanted.to > self.from
    }

    /// By depth, file, path.
    fn rank(&self) -> (usize, CgroupFile, &str) {
        (self.wanted.cgroup.split('/').count(), self.wanted.file, &self.wanted.cgroup)
    }

    fn place(&self) -> (&str, CgroupFile) {
        (&self.wanted.cgroup, self.wanted.file)
    }
}

/// The settings that lead from what is to what shall be, in an order such that, if it holds before and after, it holds after
/// every step that no group has more than the group around it, no burst is above its quota, and `min <= low <= high <= max`:
/// first everything that shrinks, inner groups first; then what grows, outer groups first. What stays is left out. The order of
/// the changes does not matter.
///
/// # Errors
/// A group whose path leads elsewhere, a file changed twice, and changes that end with a group above the one around it.
pub fn plan(mut changes: Vec<Change>) -> Result<Vec<Setting>, ColocationError> {
    changes.iter().try_for_each(|change| check_group(&change.wanted.cgroup))?;
    changes.sort_by(|a, b| a.place().cmp(&b.place()));
    if let Some([twice, _]) = changes.array_windows().find(|[a, b]| a.place() == b.place()) {
        let Wanted { cgroup, file, .. } = &twice.wanted;
        return Err(ColocationError::ChangedTwice { file: file.name(), group: cgroup.clone() });
    }
    check_nesting(&changes)?;
    changes.retain(|change| change.from != change.wanted.to);
    let (mut grow, mut shrink): (Vec<_>, Vec<_>) = changes.into_iter().partition(Change::grows);
    grow.sort_by(|a, b| a.rank().cmp(&b.rank()));
    shrink.sort_by(|a, b| b.rank().cmp(&a.rank()));
    Ok(shrink.into_iter().chain(grow).map(Change::setting).collect())
}

/// Whether a path stays below the root it is taken from.
pub(super) fn check_group(cgroup: &str) -> Result<(), ColocationError> {
    let sound = |part: &str| !matches!(part, "" | "." | "..") && !part.chars().any(char::is_control);
    if cgroup.split('/').all(sound) { Ok(()) } else { Err(ColocationError::Group(cgroup.into())) }
}

fn check_nesting(changes: &[Change]) -> Result<(), ColocationError> {
    for Wanted { cgroup: child, file, to, .. } in changes.iter().map(|change| &change.wanted) {
        let Level::Amount(inner) = to else { continue };
        for (end, _) in child.match_indices('/').filter(|_| file.nested()) {
            let around = child.get(..end).unwrap_or_default();
            let found = changes.binary_search_by(|change| change.place().cmp(&(around, *file))).ok();
            if let Some(Level::Amount(outer)) = found.and_then(|at| changes.get(at)).map(|parent| parent.wanted.to)
                && *inner > outer
            {
                let (child, parent) = (child.clone(), around.into());
                return Err(ColocationError::ChildAboveParent { file: file.name(), child, parent });
            }
        }
    }
    Ok(())
}
