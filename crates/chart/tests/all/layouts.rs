//! Every file in `dashboards/` is valid, and problems are reported.

use std::path::Path;

use clip_lab_chart::layout::{Layout, check};

#[test]
fn every_dashboard_of_the_repository_checks_clean() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboards");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the folder dashboards exists") {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|e| e == "toml") {
            check(&path).unwrap_or_else(|report| panic!("{report}"));
            seen += 1;
        }
    }
    assert!(seen >= 2, "only {seen} dashboards found");
}

#[test]
fn every_problem_is_reported_at_once_with_its_place_and_a_suggestion() {
    let text = r#"title = "x"
colour = "red"

[[row]]
hight = 2

[[row.panel]]
kind = "lines"

[[row.panel]]
kind = "line"
x = "stap"
y = 3
smooth = -1

[[row.panel]]
kind = "events"
metric = "train/loss"

[[view]]
use = "Chart"
title = "Mine"

[[view]]
height = 2
"#;
    insta::assert_snapshot!(Layout::parse("broken.toml", text).expect_err("it is broken"));
}

#[test]
fn text_that_is_not_a_layout_is_reported_too() {
    let texts = [
        "",
        "title = ",
        "title = 3\nrow = 4",
        "[[row]]\n[[row.panel]]\n",
        "[[row]]\npanel = [1]\nheight = 0.5",
    ];
    let reports = texts.map(|text| Layout::parse("broken.toml", text).expect_err("it is broken"));
    insta::assert_snapshot!(reports.join("\n--------\n"));
}

#[test]
fn a_missing_file_is_named() {
    let report = check(Path::new("no/such/board.toml")).expect_err("it is missing");
    assert!(report.contains("no/such/board.toml") && report.contains("dashboards/live.toml"), "{report}");
}
