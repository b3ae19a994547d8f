//! Data of the comparison for the forms.

use anyhow::Result;
use clip_lab_chart::export::{
    forms::{Value, cost::ArmCost, ema::Slope, forest::Block, hits::Arm, parallel::Coordinate},
    measure::Measure,
};
use clip_lab_stats::Estimate;
use clip_lab_store::{Reader, RunRow};

use crate::compare::report::{Cost, Report, Row, Table};

/// How to display the metric of a table.
pub fn measure(table: &Table) -> Measure {
    Measure::new(&table.metric, &table.unit, table.goal)
}

fn value(estimate: Estimate, factor: f64) -> Value {
    let interval = estimate.interval.map(|interval| (interval.low, interval.high));
    Value { value: estimate.value, interval }.times(factor)
}

/// A mean, with its interval clipped to the range of the metric.
fn mean(estimate: Estimate, measure: &Measure) -> Value {
    let value = value(estimate, measure.factor);
    measure.limits().map_or(value, |limits| value.within(limits))
}

fn label(row: &Row) -> String {
    format!("{} n={}", row.arm, row.seeds.len())
}

/// Differences from the reference, one block per metric.
pub fn blocks(report: &Report) -> Vec<Block> {
    let block = |table: &Table| {
        let measure = measure(table);
        let others = table.rows.iter().filter(|row| !row.is_reference);
        let difference =
            |row: &Row| row.difference.as_ref().map(|found| value(found.estimate, measure.factor));
        let rows = others.map(|row| (label(row), difference(row))).collect();
        Block { title: measure.name.clone(), unit: measure.unit.clone(), arrow: measure.arrow(), rows }
    };
    report.tables.iter().map(block).collect()
}

/// `t2i` and 5 of `test/retrieval/t2i/hit@5`; `zero-shot` and 1 of `test/zero_shot/top1`.
pub fn hit(metric: &str) -> Option<(String, u32)> {
    let mut parts = metric.rsplit('/');
    let (last, of) = (parts.next()?, parts.next()?);
    let k = last.strip_prefix("hit@").or_else(|| last.strip_prefix("top"))?.parse().ok()?;
    Some((of.replace('_', "-"), k))
}

/// The hit@k and top-k metrics of the runs: of the test split, else of the validation split.
pub fn hit_metrics(reader: &Reader, runs: &[RunRow]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for run in runs {
        names.extend(reader.series(run.id)?.into_iter().map(|series| series.name));
    }
    names.retain(|name| hit(name).is_some() && !name.contains("/ema/"));
    names.sort_by_key(|name| (hit(name), name.clone()));
    names.dedup();
    let of = |split: &str| names.iter().filter(|name| name.starts_with(split)).cloned().collect::<Vec<_>>();
    let (test, val) = (of("test/"), of("val/"));
    Ok(if test.is_empty() { val } else { test })
}

/// The arms, with a line for each direction.
pub fn arms(report: &Report) -> Vec<Arm> {
    let mut arms: Vec<Arm> = Vec::new();
    for table in &report.tables {
        let Some((kind, k)) = hit(&table.metric) else { continue };
        for row in &table.rows {
            let Some(found) = row.mean else { continue };
            let name = label(row);
            let at = arms.iter().position(|arm| arm.name == name).unwrap_or_else(|| {
                arms.push(Arm { name, reference: row.is_reference, lines: Vec::new() });
                arms.len() - 1
            });
            let lines = &mut arms[at].lines;
            let point = (k, mean(found, &measure(table)));
            match lines.iter_mut().find(|(other, _)| *other == kind) {
                Some((_, points)) => points.push(point),
                None => lines.push((kind.clone(), vec![point])),
            }
        }
    }
    arms
}

/// Cost and quality of the arms; `of` selects the cost.
pub fn arm_costs(table: &Table, of: impl Fn(&Cost) -> Option<f64>) -> Vec<ArmCost> {
    let measure = measure(table);
    let arm_cost = |row: &Row| {
        Some(ArmCost { name: row.arm.clone(), cost: of(&row.cost)?, quality: mean(row.mean?, &measure) })
    };
    table.rows.iter().filter_map(arm_cost).collect()
}

/// Arms with both trained and averaged weights.
pub fn slopes(raw: &Table, ema: &Table) -> Vec<Slope> {
    let measure = measure(raw);
    let factor = measure.factor;
    let slope = |row: &Row| {
        let other = ema.rows.iter().find(|other| other.arm == row.arm)?;
        let both = |seed: &u64| {
            let value =
                |row: &Row| row.values.get(row.seeds.iter().position(|other| other == seed)?).copied();
            Some((value(row)? * factor, value(other)? * factor))
        };
        let seeds = row.seeds.iter().filter_map(both).collect();
        Some(Slope {
            name: label(row),
            raw: mean(row.mean?, &measure),
            ema: mean(other.mean?, &measure),
            seeds,
        })
    };
    raw.rows.iter().filter_map(slope).collect()
}

/// The settings in which runs with the metric differ, and the values of the metric.
pub fn coordinates(reader: &Reader, table: &Table) -> Result<(Vec<Coordinate>, Vec<f64>)> {
    let (mut all, mut goals) = (Vec::new(), Vec::new());
    for row in &table.rows {
        for (uid, value) in row.runs.iter().zip(&row.values) {
            all.push(reader.config(reader.run(uid)?.id)?);
            goals.push(value * measure(table).factor);
        }
    }
    let value = |config: &Vec<clip_lab_store::ConfigEntry>, key: &str| {
        let entry = config.iter().find(|entry| entry.key == key);
        entry.map_or("none".to_owned(), |entry| entry.value.trim_matches('"').to_owned())
    };
    let mut keys: Vec<&String> = all.iter().flatten().map(|entry| &entry.key).collect();
    keys.sort();
    keys.dedup();
    let differs = |key: &str| all.windows(2).any(|pair| value(&pair[0], key) != value(&pair[1], key));
    // If the plugin differs, its other settings follow from it.
    let follows = |key: &str| {
        let plugin = key.rsplit_once('.').map(|(table, _)| format!("{table}.plugin"));
        plugin.is_some_and(|plugin| plugin != key && differs(&plugin))
    };
    let shown = keys.into_iter().filter(|key| *key != "run.seed" && differs(key) && !follows(key));
    let axis = |key: &String| Coordinate {
        title: key.trim_end_matches(".plugin").to_owned(),
        values: all.iter().map(|config| value(config, key)).collect(),
    };
    Ok((shown.map(axis).collect(), goals))
}
