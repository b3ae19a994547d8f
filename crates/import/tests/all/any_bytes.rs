//! No bytes make a parser panic or hang.

use std::fs;

use proptest::prelude::*;

use crate::common::{bytes, event, history, import, run_record, scalar, tf_record, version, wandb_log};

/// A valid file with some bytes changed, or its end removed.
fn damaged(valid: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = valid.len();
    let changes = proptest::collection::vec((0..length, any::<u8>()), 0..8);
    (changes, 0..=length).prop_map(move |(changes, end)| {
        let mut bytes = valid.clone();
        changes.into_iter().for_each(|(at, byte)| bytes[at] = byte);
        bytes.truncate(end);
        bytes
    })
}

fn check(name: &str, content: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    let _ = import(&path);
    let _ = import(folder.path());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damaged_event_files(content in damaged(
        [version(1.0), event(1.0, 1, &scalar("a", 1.0)), event(2.0, 2, &scalar("b", 2.0))].concat()
    )) {
        check("events.out.tfevents.1", &content);
    }

    /// Records with valid checksums around any bytes.
    #[test]
    fn any_events(records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..6)) {
        let file: Vec<u8> = records.iter().flat_map(|record| tf_record(record)).collect();
        check("events.out.tfevents.1", &file);
        let values: Vec<u8> = records.iter().flat_map(|record| event(1.0, 1, record)).collect();
        check("events.out.tfevents.2", &values);
    }

    #[test]
    fn damaged_logs(content in damaged(
        wandb_log(&[run_record("a", 1, &[("b", "{\"c\": 1}")]), history(1, &[("a", "1")]), history(2, &[("a", "2")])])
    )) {
        check("run-a.wandb", &content);
    }

    #[test]
    fn any_records(records in proptest::collection::vec((1_u64..30, proptest::collection::vec(any::<u8>(), 0..60)), 0..6)) {
        let mut all = vec![run_record("a", 1, &[])];
        all.extend(records.iter().map(|(field, data)| bytes(*field, data)));
        all.extend(records.iter().map(|(_, data)| data.clone()));
        check("run-a.wandb", &wandb_log(&all));
    }

    #[test]
    fn any_text(text in "(step|run|a|,|\"|\n|1|-|e|nan|\u{feff}|;|:|\\{|\\}|NaN|\\\\|é){0,40}") {
        check("metrics.csv", format!("step,a\n{text}").as_bytes());
        check("metrics.csv", text.as_bytes());
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("checkpoints")).unwrap();
        fs::write(folder.path().join("params.txt"), &text).unwrap();
        fs::write(folder.path().join("checkpoints/results.jsonl"), format!("{{{text}}}\n{text}")).unwrap();
        let _ = import(folder.path());
    }
}
