//! The digests of a replay's decisions as a table: equal ones prove equal decisions.

use super::Replay;
use crate::table;
use comfy_table::Cell;

/// With more seeds than these a profile has one line, with the digest over all of them.
const MAX_SEEDS: usize = 8;

impl Replay<'_> {
    pub(super) fn digests(&self) -> String {
        let several = self.results.len() > 1;
        let heads = ["workload", "profile", "seed", "digest of the decisions"];
        let mut rows = table::plain(heads.into_iter().skip(usize::from(!several)));
        for result in self.results {
            for profile in &result.profiles {
                let all = (format!("all {}", result.seeds.len()), &profile.digest);
                let each = result.seeds.iter().map(ToString::to_string).zip(&profile.digests);
                let lines = if result.seeds.len() > MAX_SEEDS { vec![all] } else { each.collect() };
                for (seed, digest) in lines {
                    let cells = [&result.trace, &profile.profile, &seed, digest].map(Cell::new);
                    rows.add_row(cells.into_iter().skip(usize::from(!several)));
                }
            }
        }
        table::lines(&rows) + "\n"
    }
}
