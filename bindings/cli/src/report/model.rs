//! What a report is made from, and how long runs are thinned to what a screen can show.

/// The most points a line has.
const MAX_POINTS: usize = 480;
/// The most rows and columns a heat map has.
const MAX_HEAT_ROWS: usize = 96;
const MAX_HEAT_COLUMNS: usize = 288;
/// Cells hold percent of a node in one byte.
const MAX_PERCENT: f64 = 255.0;

/// One workload, with the course of every profile through it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scene {
    /// The workload's name, and the seed of the runs shown.
    pub(crate) title: String,
    /// Share of a node above which it is hot; none where use is not measured.
    pub(crate) water_level: Option<f64>,
    /// The first minute that counts in the comparison.
    pub(crate) measured_from_min: f64,
    pub(crate) courses: Vec<Course>,
}

/// What happened in one run. Shares are of one; a list that is not measured is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Course {
    pub(crate) profile: String,
    /// Minutes between two values of the lists that follow.
    pub(crate) step_min: f64,
    pub(crate) utilisation: Vec<f64>,
    pub(crate) allocation: Vec<f64>,
    pub(crate) gpu_allocation: Vec<f64>,
    pub(crate) fragmentation: Vec<f64>,
    /// Pods that wait for a place.
    pub(crate) pending: Vec<f64>,
    /// Minutes between two values of a node.
    pub(crate) node_step_min: f64,
    /// Nodes by name, and the highest share of each in every step: of its use, or where that is not known its allocation.
    pub(crate) nodes: Vec<(String, Vec<f32>)>,
}

impl Course {
    /// For every step the nodes' shares, reduced to one value.
    fn over_nodes(&self, reduce: impl Fn(&mut [f64]) -> f64) -> Vec<f64> {
        let steps = self.nodes.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
        let mut shares = Vec::with_capacity(self.nodes.len());
        let mut reduced = Vec::with_capacity(steps);
        for step in 0..steps {
            shares.clear();
            shares.extend(self.nodes.iter().map(|(_, values)| values.get(step).map_or(0.0, |&share| f64::from(share))));
            reduced.push(reduce(&mut shares));
        }
        reduced
    }

    /// The share that 5 % of the nodes exceed, by nearest rank.
    pub(super) fn node_p95(&self) -> Vec<f64> {
        self.over_nodes(|shares| {
            shares.sort_by(f64::total_cmp);
            shares.get((shares.len() * 95).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0.0)
        })
    }

    /// The share of the busiest node.
    pub(super) fn node_max(&self) -> Vec<f64> {
        self.over_nodes(|shares| shares.iter().copied().fold(0.0, f64::max))
    }

    /// How many nodes were above the level.
    pub(super) fn hot_nodes(&self, level: f64) -> Vec<f64> {
        self.over_nodes(|shares| shares.iter().filter(|share| **share > level).count() as f64)
    }
}

/// How several samples become one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Merge {
    Mean,
    Max,
}

impl Merge {
    fn of(self, values: &[f64]) -> f64 {
        match self {
            Self::Mean => values.iter().sum::<f64>() / values.len().max(1) as f64,
            Self::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

/// How many samples are merged so that at most `most` remain.
fn merged(samples: usize, most: usize) -> usize {
    samples.div_ceil(most).max(1)
}

/// A line thinned to what is drawn: values and the minutes between them.
pub(super) fn thin(values: &[f64], step_min: f64, merge: Merge) -> (Vec<f64>, f64) {
    let each = merged(values.len(), MAX_POINTS);
    (values.chunks(each).map(|chunk| merge.of(chunk)).collect(), step_min * each as f64)
}

/// A heat map: nodes as rows, the one that was hot longest first; moments as columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Heat {
    pub(super) columns: usize,
    pub(super) step_min: f64,
    /// What each row is: a node, or how many.
    pub(super) rows: Vec<String>,
    /// Percent of the node, row by row; each cell the highest of what it stands for.
    pub(super) percent: Vec<u8>,
}

/// The heat map of a run; none if it has no nodes or no samples.
pub(super) fn heat(course: &Course, level: f64) -> Option<Heat> {
    let samples = course.nodes.iter().map(|(_, values)| values.len()).max().filter(|&samples| samples > 0)?;
    let each = merged(samples, MAX_HEAT_COLUMNS);
    let columns = samples.div_ceil(each);
    let mut order: Vec<Ranked<'_>> = course.nodes.iter().map(|node| Ranked::of(node, level)).collect();
    order.sort_by(|a, b| b.hot.cmp(&a.hot).then(b.sum.total_cmp(&a.sum)).then_with(|| a.name.cmp(b.name)));
    let mut rows = Vec::new();
    let mut percent = Vec::new();
    for band in order.chunks(merged(order.len(), MAX_HEAT_ROWS)) {
        rows.push(match band {
            [one] => one.name.to_owned(),
            [first, ..] => format!("{} and {} more nodes", first.name, band.len() - 1),
            [] => continue,
        });
        for column in 0..columns {
            let cells = band.iter().filter_map(|node| node.values.chunks(each).nth(column));
            let highest = cells.flatten().copied().fold(0.0_f32, f32::max);
            percent.push((f64::from(highest) * 100.0).round().clamp(0.0, MAX_PERCENT) as u8);
        }
    }
    Some(Heat { columns, step_min: course.node_step_min * each as f64, rows, percent })
}

/// A node with what it is ranked by.
struct Ranked<'a> {
    name: &'a str,
    values: &'a [f32],
    /// How many of its values are above the level.
    hot: usize,
    sum: f64,
}

impl<'a> Ranked<'a> {
    fn of((name, values): &'a (String, Vec<f32>), level: f64) -> Self {
        let hot = values.iter().filter(|&&share| f64::from(share) > level).count();
        Self { name, values, hot, sum: values.iter().map(|&share| f64::from(share)).sum() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(nodes: &[(&str, &[f32])]) -> Course {
        let nodes = nodes.iter().map(|(name, values)| ((*name).to_owned(), values.to_vec())).collect();
        Course { node_step_min: 5.0, nodes, ..Course::default() }
    }

    #[test]
    fn the_hottest_node_is_on_top() {
        let heat = heat(&course(&[("cool", &[0.1, 0.2]), ("hot", &[0.7, 0.9]), ("warm", &[0.7, 0.0])]), 0.65).unwrap();
        assert_eq!(heat.rows, ["hot", "warm", "cool"]);
        assert_eq!(heat.percent, [70, 90, 70, 0, 10, 20]);
        assert_eq!((heat.columns, heat.step_min), (2, 5.0));
    }

    #[test]
    fn long_runs_and_many_nodes_are_thinned_and_peaks_kept() {
        let mut values = vec![0.1_f32; 10_000];
        values[7_777] = 1.5;
        let names: Vec<String> = (0..1_000).map(|place| format!("n{place:04}")).collect();
        let nodes: Vec<(&str, &[f32])> = names.iter().map(|name| (name.as_str(), values.as_slice())).collect();
        let heat = heat(&course(&nodes), 0.65).unwrap();
        assert!(heat.columns <= MAX_HEAT_COLUMNS && heat.rows.len() <= MAX_HEAT_ROWS);
        assert_eq!(heat.percent.len(), heat.columns * heat.rows.len());
        assert!(heat.percent.chunks(heat.columns).all(|row| row.contains(&150)), "every node has a peak");
    }

    #[test]
    fn hot_nodes_are_those_above_the_level() {
        let course = course(&[("a", &[0.6, 0.7]), ("b", &[0.1, 0.9])]);
        assert_eq!(course.hot_nodes(0.65), [0.0, 2.0]);
        assert_eq!(course.node_max().iter().map(|share| (share * 10.0).round()).collect::<Vec<_>>(), [6.0, 9.0]);
    }

    #[test]
    fn a_run_without_samples_has_no_heat_map() {
        assert_eq!(heat(&course(&[]), 0.65), None);
        assert_eq!(heat(&course(&[("idle", &[])]), 0.65), None);
    }

    #[test]
    fn thinning_keeps_short_lines_as_they_are() {
        assert_eq!(thin(&[1.0, 2.0], 5.0, Merge::Mean), (vec![1.0, 2.0], 5.0));
        let (line, step) = thin(&vec![1.0; 1_000], 1.0, Merge::Max);
        assert_eq!((line.len(), step), (334, 3.0));
    }
}
