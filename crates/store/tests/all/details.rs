//! Settings, tags and notes of many runs in one query equal those read run by run.

use crate::common::new_run;
use clip_lab_store::{ConfigEntry, NewRun, Reader, Recorder, RunDetails, RunId, Status, Store};

fn entry(key: &str, value: &str) -> ConfigEntry {
    ConfigEntry { key: key.into(), value: value.into(), origin: "default".into() }
}

#[test]
fn facts_of_many_runs_are_those_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    for (name, lr) in [("a", "0.001"), ("b", "1e-6"), ("c", "\"it's \\\"so\\\"\"")] {
        let config =
            vec![entry("optimizer.lr", lr), entry("loss.plugin", "\"clip\""), entry("run.steps", "null")];
        let run = NewRun { config, ..new_run(name) };
        Recorder::start(&path, run).unwrap().finish(Status::Finished, None);
    }
    let store = Store::open(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    let ids: Vec<RunId> = reader.runs().unwrap().iter().map(|run| run.id).collect();
    store.tag(ids[0], "zero").unwrap();
    store.tag(ids[0], "an \"odd\" one").unwrap();
    store.note(ids[1], "first\nof two").unwrap();
    store.note(ids[1], "second").unwrap();
    let details = reader.details(&ids[..2]).unwrap();
    assert_eq!(details.len(), 2, "the third was not asked for");
    for id in &ids[..2] {
        let settings = reader.config(*id).unwrap().into_iter().map(|e| (e.key, e.value)).collect();
        let notes = reader.notes(*id).unwrap().into_iter().map(|note| note.text).collect();
        assert_eq!(details[id], RunDetails { settings, tags: reader.tags(*id).unwrap(), notes });
    }
    assert_eq!(details[&ids[1]].settings["optimizer.lr"], "1e-6");
}
