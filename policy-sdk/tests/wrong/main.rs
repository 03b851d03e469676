//! Policies that are wrong on purpose, each in one thing, each caught by the law whose name it carries; and one that is right.

#[cfg(test)]
mod base;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod reads;
#[cfg(test)]
mod results;
#[cfg(test)]
mod rows;

#[cfg(test)]
mod tests {
    use super::base::Wrong;
    use super::{calls, reads, results, rows};
    use policy_sdk::abi::Policy;
    use policy_sdk::testing::{Law, Options, Outcome, check};

    const SEEDS: u64 = 2;

    /// The law that it breaks, what is wrong about it, and an instance.
    pub(crate) type Flawed = (Law, &'static str, fn() -> Wrong);

    fn all() -> Vec<Flawed> {
        [results::FLAWED, rows::FLAWED, calls::FLAWED, reads::FLAWED].concat()
    }

    #[test]
    fn a_policy_without_a_flaw_keeps_every_law() {
        let report = check(&|| Box::new(Wrong::right()), &Options::default());
        assert!(report.passed(), "{report}");
        assert!(report.laws.iter().all(|(_, outcome)| *outcome == Outcome::Holds), "{report}");
    }

    #[test]
    fn every_wrong_policy_is_caught_by_its_law() {
        let mut missed = Vec::new();
        let start = std::time::Instant::now();
        for (law, flaw, make) in all() {
            let make = || -> Box<dyn Policy> { Box::new(make()) };
            let report = check(&make, &Options { laws: vec![law], ..Options::default() });
            match report.failures().next() {
                Some(failure) => println!("{flaw}: {failure}\n"),
                None => missed.push((law.name(), flaw)),
            }
        }
        println!("{} wrong policies in {:?}", all().len(), start.elapsed());
        assert!(missed.is_empty(), "{missed:?}");
    }

    #[test]
    fn other_seeds_catch_them_too() {
        let mut missed = Vec::new();
        for (seed, (law, flaw, make)) in
            (1..=SEEDS).flat_map(|seed| all().into_iter().map(move |flawed| (seed, flawed)))
        {
            let make = || -> Box<dyn Policy> { Box::new(make()) };
            let report = check(&make, &Options { laws: vec![law], seed, ..Options::default() });
            if report.passed() {
                missed.push((seed, law.name(), flaw));
            }
        }
        assert!(missed.is_empty(), "{missed:?}");
    }
}
