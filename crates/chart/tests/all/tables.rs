//! Tables of the `runs` commands.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use clip_lab_chart::{diff_table, metrics_table, runs_table, table::table, text::Column};
use clip_lab_store::{ConfigEntry, Reader};
use clip_lab_testing::runs;

fn entry(key: &str, value: &str) -> ConfigEntry {
    ConfigEntry { key: key.to_string(), value: value.to_string(), origin: "default".to_string() }
}

#[test]
fn tables_fit_their_width_and_keep_numbers_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, _live) = runs::fixture(folder.path());
    let reader = Reader::open(&store).expect("the store exists");
    let mut runs = reader.runs().expect("readable");
    for (run, i) in runs.iter_mut().zip(0..) {
        run.uid = format!("01KSTX0000000000000000000{i}");
        (run.rate, run.active_ms) = (Some(8.0), 61_000);
    }
    let metrics = reader.series(runs[1].id).expect("readable");
    let (a, b) = (
        [entry("loss.plugin", "\"clip\""), entry("lr", "0.001")],
        [entry("lr", "0.003"), entry("seed", "1")],
    );
    let both = |width| {
        let tables = [
            runs_table(&runs, width),
            metrics_table(&metrics, width),
            diff_table(("a", &a), ("b", &b), width),
        ];
        tables.join("\n")
    };
    insta::assert_snapshot!("wide", both(160));
    insta::assert_snapshot!("narrow", both(80));
    assert!(both(80).lines().all(|line| line.chars().count() <= 80));
    assert_eq!(diff_table(("a", &a), ("b", &a), 80), "a and b have the same settings\n");
}

/// The shortest of several times: other programs may be running.
fn shortest<T>(work: impl Fn() -> T) -> Duration {
    let time = |_| {
        let begin = Instant::now();
        black_box(work());
        begin.elapsed()
    };
    (0..9).map(time).min().unwrap_or_default()
}

#[test]
fn a_table_of_many_lines_takes_a_few_times_as_long_as_a_copy_of_its_cells() {
    let line = |at: usize| (0..12).map(|column| format!("cell {column} of {at}")).collect();
    let lines: Vec<Vec<String>> = (0..4000).map(line).collect();
    let columns: Vec<Column> = (0..12).map(|at| Column::text(&format!("C{at}"), 0, 4)).collect();
    let times = || (shortest(|| table(&columns, &lines, 10_000)), shortest(|| lines.clone()));
    let times: Vec<_> = (0..3).map(|_| times()).collect();
    assert!(times.iter().any(|(made, copy)| *made < *copy * 6), "{times:?}");
}
