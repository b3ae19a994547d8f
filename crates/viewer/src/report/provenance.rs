//! Provenance of the runs: shared properties once, the others by run.

use super::model::Run;

/// Properties of the runs of a report.
pub struct Provenance {
    /// Properties that are equal for all runs.
    pub shared: Vec<(String, String)>,
    /// The names of the other properties.
    pub heads: Vec<String>,
    /// Arm, seed, uid and the properties that differ, by run.
    pub rows: Vec<Vec<String>>,
}

impl Provenance {
    /// Splits the properties of `runs`.
    pub fn of(runs: &[Run]) -> Provenance {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in runs.iter().flat_map(|run| &run.details) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let same =
            |name: &&&str| runs.windows(2).all(|pair| pair[0].property(name) == pair[1].property(name));
        let (shared, own): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| same(name));
        let value = |run: &Run, name: &str| run.property(name).unwrap_or("–").to_owned();
        let row = |run: &Run| {
            let first = [run.arm.clone(), run.seed.to_string(), run.uid.clone()];
            first.into_iter().chain(own.iter().map(|name| value(run, name))).collect()
        };
        Provenance {
            shared: shared
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), value(runs.first()?, name))))
                .collect(),
            rows: runs.iter().map(row).collect(),
            heads: own.into_iter().map(str::to_owned).collect(),
        }
    }
}
