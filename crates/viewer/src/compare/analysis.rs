//! Computes the numbers of a table, without I/O.

use clip_lab_stats::{
    Bootstrap, Discordant, Estimate, Outcomes, Pairing, between_seeds, holm, majority, mean, over_seeds,
};

use super::{
    metric::Metric,
    notes::notes,
    read::{Declared, Measured, Sample},
    report::{Cost, Difference, McNemar, McNemarSeed, Row, Table},
};

/// Compares every arm with `reference`.
pub fn table(metric: &Metric, declared: Declared, samples: &[Sample], reference: &str) -> Table {
    let base = samples.iter().find(|sample| sample.arm == reference);
    let analysis = Analysis {
        bootstrap: Bootstrap::default(),
        base,
        share: metric.ranked.as_ref().is_some_and(|r| r.is_share()),
    };
    let mut rows: Vec<Row> =
        samples.iter().map(|sample| analysis.row(sample, sample.arm == reference)).collect();
    correct_p_values(&mut rows);
    let notes = notes(metric, samples, base, &rows);
    let Declared { unit, goal } = declared;
    Table { metric: metric.name.clone(), unit, goal, rows, notes }
}

struct Analysis<'a> {
    bootstrap: Bootstrap,
    base: Option<&'a Sample>,
    /// Whether the metric is a fraction of queries.
    share: bool,
}

impl Analysis<'_> {
    fn row(&self, sample: &Sample, is_reference: bool) -> Row {
        let base = self.base.filter(|base| !is_reference && !base.runs.is_empty() && !sample.runs.is_empty());
        Row {
            arm: sample.arm.clone(),
            is_reference,
            seeds: sample.seeds(),
            runs: sample.runs.iter().map(|run| run.row.uid.clone()).collect(),
            values: sample.values(),
            mean: (!sample.runs.is_empty()).then(|| self.mean(sample)),
            over_seeds: over_seeds(&sample.values()).interval,
            queries: sample.ranks().and_then(|ranks| Some(ranks.first()?.ranks.len())),
            difference: base.map(|base| self.difference(sample, base)),
            mcnemar: base.filter(|_| self.share).and_then(|base| mcnemar(sample, base)),
            cost: cost(&sample.runs),
        }
    }

    fn mean(&self, sample: &Sample) -> Estimate {
        let found = match sample.outcomes() {
            Some(outcomes) => self.bootstrap.mean(&outcomes),
            None => over_seeds(&sample.values()),
        };
        // A fraction is between 0 and 1; an interval over a few seeds may exceed that.
        let interval =
            found.interval.map(|interval| if self.share { interval.within(0.0, 1.0) } else { interval });
        Estimate { value: mean(&sample.values()), interval, p: None, ..found }
    }

    fn difference(&self, sample: &Sample, base: &Sample) -> Difference {
        let paired_by_seed = sample.seeds() == base.seeds();
        let pairing = if paired_by_seed { Pairing::Seeds } else { Pairing::Queries };
        let outcomes = outcomes(sample, base);
        let by_query = outcomes.and_then(|(arm, base)| self.bootstrap.difference(&arm, &base, pairing));
        let other_queries = sample.has_other_queries(base);
        let (arm, base) = (sample.values(), base.values());
        let by_seed = || match paired_by_seed {
            // The difference may come from the queries.
            _ if other_queries => Estimate::bare(0.0),
            true => over_seeds(&arm.iter().zip(&base).map(|(arm, base)| arm - base).collect::<Vec<_>>()),
            false => between_seeds(&arm, &base),
        };
        let estimate = Estimate { value: mean(&arm) - mean(&base), ..by_query.unwrap_or_else(by_seed) };
        Difference { estimate, paired_by_seed, p_holm: None }
    }
}

/// The outcomes of both arms, if they answered the same queries.
fn outcomes(sample: &Sample, base: &Sample) -> Option<(Outcomes, Outcomes)> {
    let same = sample.ranks()?.first()?.same_queries(base.ranks()?.first()?);
    same.then(|| sample.outcomes().zip(base.outcomes())).flatten()
}

fn mcnemar(sample: &Sample, base: &Sample) -> Option<McNemar> {
    outcomes(sample, base)?;
    let correct = |run: &Measured| -> Vec<bool> {
        run.ranks.iter().flat_map(|ranks| &ranks.scores).map(|score| *score > 0.5).collect()
    };
    let base_run = |seed: u64| base.runs.iter().find(|run| run.row.seed == seed);
    let test = |run: &Measured| {
        let only = Discordant::count(correct(run).into_iter().zip(correct(base_run(run.row.seed)?)));
        Some(McNemarSeed { seed: run.row.seed, only, p: only.p() })
    };
    let seeds: Vec<McNemarSeed> = sample.runs.iter().filter_map(test).collect();
    let p = majority(&seeds.iter().map(|seed| seed.p).collect::<Vec<_>>())?;
    Some(McNemar { p, p_holm: p, seeds })
}

fn cost(runs: &[Measured]) -> Cost {
    let mean_of =
        |values: Option<Vec<f64>>| values.filter(|values| !values.is_empty()).map(|values| mean(&values));
    Cost {
        samples: mean_of(Some(runs.iter().map(|run| run.row.samples as f64).collect())),
        flops: mean_of(runs.iter().map(|run| Some(run.flops? * run.row.samples as f64)).collect()),
        seconds: mean_of(Some(runs.iter().map(|run| run.row.active_ms as f64 / 1000.0).collect())),
    }
}

/// Holm's correction over the arms, separately for each kind of test.
fn correct_p_values(rows: &mut [Row]) {
    let mut tests: Vec<&mut Difference> = rows.iter_mut().filter_map(|row| row.difference.as_mut()).collect();
    tests.retain(|found| found.estimate.p.is_some());
    let p: Vec<f64> = tests.iter().filter_map(|found| found.estimate.p).collect();
    tests.into_iter().zip(holm(&p)).for_each(|(found, p)| found.p_holm = Some(p));
    let tests: Vec<&mut McNemar> = rows.iter_mut().filter_map(|row| row.mcnemar.as_mut()).collect();
    let p: Vec<f64> = tests.iter().map(|found| found.p).collect();
    tests.into_iter().zip(holm(&p)).for_each(|(found, p)| found.p_holm = p);
}
