//! Tables of the `runs` commands.

use clip_lab_chart::{diff_table, metrics_table, runs_table};
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
