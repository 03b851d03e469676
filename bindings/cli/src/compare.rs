//! Profiles side by side: which measures there are, which way is better, and which profile did best.
//! How it is shown is in `table` and `report`.

use crate::numbers::Format;
use serde::Serialize;

/// Which direction of a measure is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Less,
    More,
    /// It describes the run; nobody wins it.
    Neither,
}

/// A column of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Its name in the JSON output.
    pub(crate) key: &'static str,
    /// Its name for people, as short as a column head must be.
    pub(crate) title: &'static str,
    /// One sentence for the report.
    pub(crate) meaning: &'static str,
    pub(crate) better: Better,
    pub(crate) format: Format,
    pub(crate) over: Over,
}

/// How a measure of several workloads becomes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Sum,
    Mean,
}

/// A measure of one profile over the seeds.
#[derive(Clone, Debug, PartialEq, Default, Serialize)]
pub(crate) struct Stat {
    pub(crate) mean: f64,
    pub(crate) sd: f64,
    pub(crate) per_seed: Vec<f64>,
}

/// A profile and its values, in the order of [`Comparison::measures`]; none where the workload has nothing to measure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) profile: String,
    pub(crate) stats: Vec<Option<Stat>>,
}

/// Profiles side by side.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Comparison {
    pub(crate) measures: Vec<Measure>,
    pub(crate) rows: Vec<Row>,
    /// Keys of the measures that decide which profile did better, the first first.
    pub(crate) decisive: Vec<&'static str>,
}

impl Stat {
    /// Of the values with each seed; the deviation is that of a sample, and 0 with one seed.
    fn of(per_seed: Vec<f64>) -> Self {
        let count = per_seed.len() as f64;
        let mean = per_seed.iter().sum::<f64>() / count.max(1.0);
        let squares: f64 = per_seed.iter().map(|value| (value - mean) * (value - mean)).sum();
        let sd = if count > 1.0 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        Self { mean, sd, per_seed }
    }

    /// Several workloads' values, seed by seed.
    fn over(stats: &[&Self], over: Over) -> Self {
        let seeds = stats.iter().map(|stat| stat.per_seed.len()).min().unwrap_or(0);
        let divisor = if over == Over::Mean { stats.len().max(1) as f64 } else { 1.0 };
        let total = |seed: usize| stats.iter().filter_map(|stat| stat.per_seed.get(seed)).sum::<f64>();
        Self::of((0..seeds).map(|seed| total(seed) / divisor).collect())
    }
}

impl Comparison {
    /// Several workloads taken together; they have the same measures and profiles. A measure that one of them does not
    /// have is left out of all.
    pub(crate) fn together(all: &[Self]) -> Self {
        let mut sum = all.first().cloned().unwrap_or_default();
        for (place, row) in sum.rows.iter_mut().enumerate() {
            for (column, (stat, measure)) in row.stats.iter_mut().zip(&sum.measures).enumerate() {
                let of = |one: &'_ Self| one.rows.get(place)?.stats.get(column)?.clone();
                let stats: Option<Vec<Stat>> = all.iter().map(of).collect();
                *stat = stats.map(|stats| Stat::over(&stats.iter().collect::<Vec<_>>(), measure.over));
            }
        }
        sum
    }

    /// These measures alone, in this order, as far as any profile has a value; of shares, one that is not 0.
    pub(crate) fn only(&self, keys: &[&str]) -> Self {
        let has_value = |&place: &usize| {
            let mut means = (0..self.rows.len()).filter_map(|row| self.mean(row, place)).peekable();
            let zero_says = self.measures.get(place).is_some_and(|measure| measure.format == Format::Count);
            means.peek().is_some() && (zero_says || means.any(|mean| mean != 0.0))
        };
        let places: Vec<usize> = keys.iter().filter_map(|key| self.place(key)).filter(has_value).collect();
        let row = |row: &Row| Row {
            profile: row.profile.clone(),
            stats: places.iter().map(|&place| row.stats.get(place).cloned().flatten()).collect(),
        };
        Self {
            measures: places.iter().filter_map(|&place| self.measures.get(place).copied()).collect(),
            rows: self.rows.iter().map(row).collect(),
            decisive: self.decisive.clone(),
        }
    }

    /// The place of a measure.
    pub(crate) fn place(&self, key: &str) -> Option<usize> {
        self.measures.iter().position(|measure| measure.key == key)
    }

    /// A profile's mean of the measure in this place.
    pub(crate) fn mean(&self, row: usize, place: usize) -> Option<f64> {
        self.rows.get(row)?.stats.get(place)?.as_ref().map(|stat| stat.mean)
    }

    /// Whether a row is the best in a measure, or cannot be told from the best.
    pub(crate) fn is_best(&self, row: usize, place: usize) -> bool {
        let shown = |value: f64| self.measures.get(place).map(|measure| measure.format.show(value));
        let best = self.best(place).and_then(shown);
        best.is_some() && self.mean(row, place).and_then(shown) == best
    }

    /// The value that the best profile reaches in a measure; none if nobody wins it or no difference would be seen.
    pub(crate) fn best(&self, place: usize) -> Option<f64> {
        let Measure { better, format, .. } = *self.measures.get(place)?;
        let means = || (0..self.rows.len()).filter_map(|row| self.mean(row, place));
        let least = means().min_by(f64::total_cmp)?;
        let most = means().max_by(f64::total_cmp)?;
        match better {
            _ if format.show(least) == format.show(most) => None,
            Better::Neither => None,
            Better::Less => Some(least),
            Better::More => Some(most),
        }
    }

    /// The rows from the best to the worst by the decisive measures; equal ones stay in their order.
    pub(crate) fn ranking(&self) -> Vec<usize> {
        let places: Vec<usize> = self.decisive.iter().filter_map(|key| self.place(key)).collect();
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by(|&a, &b| {
            let by = places.iter().map(|&place| self.compare(a, b, place));
            by.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
        order
    }

    /// Whether row `a` comes before row `b` in a measure. A missing value comes last.
    fn compare(&self, a: usize, b: usize, place: usize) -> std::cmp::Ordering {
        let more = self.measures.get(place).is_some_and(|measure| measure.better == Better::More);
        let key = |row| self.mean(row, place).map_or(f64::INFINITY, |mean| if more { -mean } else { mean });
        key(a).total_cmp(&key(b))
    }

    /// The measure in which the first two of the ranking differ, and the two rows.
    pub(crate) fn decision(&self) -> Option<Decision> {
        let ranking = self.ranking();
        let (&first, &second) = (ranking.first()?, ranking.get(1)?);
        let mut places = self.decisive.iter().filter_map(|key| self.place(key));
        let place = places.find(|&place| self.compare(first, second, place).is_ne())?;
        Some(Decision { first, second, place })
    }
}

/// Why one profile did better than the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) first: usize,
    pub(crate) second: usize,
    /// Of the measure that decided.
    pub(crate) place: usize,
}

impl Comparison {
    /// One sentence on which profile did better, and in what.
    pub(crate) fn verdict(&self) -> String {
        let name = |row: usize| self.rows.get(row).map_or("", |row| row.profile.as_str());
        let Some(Decision { first, second, place }) = self.decision() else {
            return match self.rows.as_slice() {
                [only] => format!("{} ran alone; give more than one --profile to compare", only.profile),
                _ => "no profile did better than the others".to_owned(),
            };
        };
        let (Some(measure), Some(of_first), Some(of_second)) =
            (self.measures.get(place), self.mean(first, place), self.mean(second, place))
        else {
            return String::new();
        };
        let title = measure.title.to_lowercase();
        let (winner, next) = (name(first), name(second));
        let (best, other) = (measure.format.show(of_first), measure.format.show(of_second));
        let share = (of_second - of_first).abs() / of_second.abs() * 100.0;
        if share.is_finite() && share >= 0.5 {
            let which = if measure.better == Better::More { "more" } else { "fewer" };
            let which = if measure.format == Format::Percent && which == "fewer" { "less" } else { which };
            return format!("{winner} did better: {best} {title}, {share:.0} % {which} than {next} ({other})");
        }
        format!("{winner} did better: {best} {title} against {other} of {next}")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn measure(key: &'static str, better: Better) -> Measure {
        Measure { key, title: key, meaning: "", better, format: Format::Count, over: Over::Sum }
    }

    // Rows hold options, and most tests have a value for each.
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn stat(mean: f64) -> Option<Stat> {
        Some(Stat { mean, sd: 0.0, per_seed: vec![mean] })
    }

    fn comparison(rows: &[(&str, [Option<Stat>; 2])]) -> Comparison {
        Comparison {
            measures: vec![measure("unplaced", Better::Less), measure("hot", Better::Less)],
            rows: rows.iter().map(|(name, s)| Row { profile: (*name).into(), stats: s.to_vec() }).collect(),
            decisive: vec!["unplaced", "hot"],
        }
    }

    #[test]
    fn fewer_unplaced_pods_come_before_fewer_hot_minutes() {
        let all = comparison(&[
            ("a", [stat(1.0), stat(10.0)]),
            ("b", [stat(0.0), stat(90.0)]),
            ("c", [stat(0.0), stat(60.0)]),
        ]);
        assert_eq!(all.ranking(), [2, 1, 0]);
        assert_eq!(all.decision(), Some(Decision { first: 2, second: 1, place: 1 }));
        assert_eq!(all.verdict(), "c did better: 60 hot, 33 % fewer than b (90)");
    }

    #[test]
    fn equal_profiles_have_no_winner() {
        let all = comparison(&[("a", [stat(0.0), stat(5.0)]), ("b", [stat(0.0), stat(5.0)])]);
        assert_eq!((all.best(0), all.best(1), all.decision()), (None, None, None));
        assert_eq!(all.verdict(), "no profile did better than the others");
    }

    #[test]
    fn a_missing_value_never_wins() {
        let all = comparison(&[("a", [stat(0.0), None]), ("b", [stat(0.0), stat(5.0)])]);
        assert_eq!(all.ranking(), [1, 0]);
        assert_eq!(comparison(&[]).verdict(), "no profile did better than the others");
    }

    #[test]
    fn workloads_are_added_up_seed_by_seed() {
        let of = |values: [f64; 2]| Some(Stat::of(values.to_vec()));
        let one = comparison(&[("a", [of([1.0, 2.0]), of([1.0, 1.0])])]);
        let mut other = comparison(&[("a", [of([10.0, 20.0]), None])]);
        let sum = Comparison::together(&[one, other.clone()]);
        assert_eq!(sum.rows[0].stats[0].as_ref().unwrap().per_seed, [11.0, 22.0]);
        assert_eq!(sum.rows[0].stats[1], None, "what one workload does not measure cannot be added up");
        other.measures[0].over = Over::Mean;
        assert_eq!(Comparison::together(&[other.clone(), other]).mean(0, 0), Some(15.0));
    }
}
