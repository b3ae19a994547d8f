//! Lists and filters of many runs read indexes, and a store of an older schema, which has none, gives the same.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use crate::common::{OtherProgram, at, back_to_schema_4, new_run};
use clip_lab_store::{
    ConfigEntry, MetricValue, NamedCondition, NewRun, NumberField, Reader, Recorder, RequiredData,
    RunCondition, Status, Store, TextField,
};

/// The first line of SQLite's plan of a query.
fn first_line_of_plan(other: &mut OtherProgram, sql: &str) -> String {
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let row = other.runtime.block_on(sqlx::query(explain).fetch_one(&mut other.conn)).unwrap();
    sqlx::Row::get(&row, "detail")
}

/// Ten runs: `run0` to `run9`, of learning rate 0.1 to 1.0 and with a loss of 0 to 9.
fn store(folder: &Path) -> PathBuf {
    let path = folder.join("s.db");
    for number in 0..10 {
        let entry =
            |key: &str, value: String| ConfigEntry { key: key.into(), value, origin: "default".into() };
        let rate = f64::from(number + 1) / 10.0;
        let config = vec![entry("optimizer.lr", rate.to_string()), entry("loss.plugin", "\"clip\"".into())];
        let new = NewRun {
            seed: number as u64,
            goal_metric: Some("val/loss".into()),
            config,
            ..new_run(&format!("run{number}"))
        };
        let recorder = Recorder::start(&path, new).unwrap();
        recorder.log(at(3), &[("val/loss", f64::from(number)), ("lr", 1.0)]);
        recorder.finish(if number == 4 { Status::Failed } else { Status::Finished }, None);
    }
    let store = Store::open(&path).unwrap();
    let runs = store.reader().unwrap().runs().unwrap();
    store.tag(runs[0].id, "Paper").unwrap();
    store.note(runs[1].id, "größer").unwrap();
    path
}

fn named(name: &str, part: Option<&str>, range: Option<RangeInclusive<f64>>) -> RunCondition {
    let values = &[MetricValue::Last];
    RunCondition::Named(NamedCondition { name: name.into(), part: part.map(str::to_owned), range, values })
}

fn found(reader: &Reader, condition: &RunCondition, limit: Option<usize>) -> Vec<String> {
    reader.candidates(condition, limit).unwrap().into_iter().map(|run| run.name).collect()
}

#[test]
fn candidates_are_found_by_text_status_number_setting_and_metric() {
    let folder = tempfile::tempdir().unwrap();
    let reader = Reader::open(&store(folder.path())).unwrap();
    let of = |condition: RunCondition| found(&reader, &condition, None).join(" ");
    let text = |field, part: &str| RunCondition::Text(field, part.into());
    let infinity = f64::INFINITY;
    assert_eq!(of(text(TextField::Name, "run3")), "run3");
    assert_eq!(of(text(TextField::Tag, "paper")), "run9");
    assert_eq!(of(text(TextField::Note, "gröss")), "run8", "SQLite cannot compare it");
    assert_eq!(of(RunCondition::Status(vec![Status::Failed, Status::Crashed])), "run4");
    assert_eq!(of(RunCondition::Number(NumberField::Seed, 7.5..=infinity)), "run9 run8");
    assert_eq!(of(named("lr", None, Some(0.95..=1.0))), "run9 run8 run7 run6 run5 run4 run3 run2 run1 run0");
    assert_eq!(of(named("optimizer.lr", None, Some(-infinity..=0.2))), "run1 run0");
    assert_eq!(of(named("plugin", Some("clip"), None)).len(), 49);
    assert_eq!(of(named("loss", None, Some(2.0..=3.0))), "run3 run2");
    assert_eq!(of(named("oss", None, Some(2.0..=3.0))), "");
    let both = RunCondition::all([
        RunCondition::any([
            text(TextField::Name, "run3"),
            text(TextField::Name, "run5"),
            text(TextField::Arm, "x"),
        ]),
        named("loss", None, Some(4.0..=infinity)),
        RunCondition::Every,
    ]);
    assert_eq!(of(both), "run5");
    let any = RunCondition::any([text(TextField::Name, "run3"), RunCondition::Every]);
    assert_eq!(found(&reader, &any, Some(2)), ["run9", "run8"]);
    let long = RunCondition::Any(vec![text(TextField::Name, "none"); 40_000]);
    assert_eq!(found(&reader, &long, None).len(), 10, "too long for SQL");
    assert_eq!(reader.run_count().unwrap(), 10);
}

#[test]
fn a_store_of_schema_4_gives_the_same_and_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let path = store(folder.path());
    let required = RequiredData { names: vec!["lr".into()], below: vec!["val".into()], labels: false };
    let all = |reader: &Reader| {
        let runs = reader.runs().unwrap();
        let ids: Vec<_> = runs.iter().map(|run| run.id).collect();
        let mut names = reader.names().unwrap();
        names.sort();
        let (settings, series) =
            (reader.required_settings(&required, &ids), reader.required_series(&required, &ids));
        let goals = reader.goals(&runs).unwrap();
        assert!(goals.len() == 10 && goals.values().all(|goal| goal.name == "val/loss"));
        (runs, names, settings.unwrap(), series.unwrap(), goals)
    };
    let now = all(&Reader::open(&path).unwrap());
    assert_eq!(now.1, ["loss.plugin", "lr", "optimizer.lr", "val/loss"]);
    assert!(now.2.len() == 10 && now.2.values().all(|settings| settings.keys().eq(["optimizer.lr"])));
    assert!(now.3.len() == 10 && now.3.values().all(|series| series.len() == 2));
    back_to_schema_4(&path);
    let reader = Reader::open(&path).unwrap();
    assert_eq!(all(&reader), now);
    assert_eq!(
        found(&reader, &named("lr", None, Some(2.0..=3.0)), None).len(),
        10,
        "every run is a candidate"
    );
    assert_eq!(found(&reader, &RunCondition::Text(TextField::Name, "run3".into()), None), ["run3"]);
    assert!(reader.examples(&required).unwrap().is_empty());
    drop(Store::open(&path).unwrap());
    assert_eq!(all(&reader), now, "a reader opened before the migration");
    assert_eq!(found(&reader, &named("optimizer.lr", None, Some(0.0..=0.1)), None), ["run0"]);
    let examples: Vec<String> = reader.examples(&required).unwrap().into_iter().map(|run| run.name).collect();
    assert_eq!(examples, ["run9", "run0"]);
}

#[test]
fn a_list_and_a_filter_read_only_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = OtherProgram::open(&store(folder.path()));
    for (plan, sql) in [
        (
            "SCAN run USING COVERING INDEX run_listed",
            "SELECT epoch, rate, json_array(id, uid, name, study, arm, seed, status, reason, attempt, started_ms, ended_ms,
                    heartbeat_ms, step, samples, total_steps, active_ms, goal_metric, host, boot_id, pid)
             FROM run WHERE instr(lower(name), 'x') > 0 ORDER BY uid DESC",
        ),
        (
            "SEARCH config USING COVERING INDEX config_of_key (key=?)",
            "SELECT run FROM config WHERE key IN ('a', 'b') AND CAST(value AS REAL) < 1",
        ),
        (
            "SEARCH metric USING COVERING INDEX metric_of_name (name=?)",
            "SELECT run FROM metric WHERE name IN ('a', 'b') AND (last > 1 OR min > 1 OR max > 1)",
        ),
    ] {
        let found = first_line_of_plan(&mut other, sql);
        assert!(found.starts_with(plan), "{found}");
    }
}
