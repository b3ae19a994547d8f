//! A migration that is stopped, as by Ctrl-C, leaves the store as it was.

use std::{path::Path, thread::sleep, time::Duration};

use crate::{
    child::{child, role},
    common::{OtherProgram, back_to_schema_4, new_run, schema, until},
};
use clip_lab_store::{Recorder, Status, migrate};
use rustix::process::{Pid, Signal, kill_process};

/// A store of schema 4 whose migration takes some tenths of a second.
fn large_store(store: &Path) {
    Recorder::start(store, new_run("a")).unwrap().finish(Status::Finished, None);
    back_to_schema_4(store);
    OtherProgram::open(store).run(
        "INSERT INTO config (run, key, value, origin)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
         SELECT 1, 'model.image.' || (i * 7919 % 200003), i, 'default' FROM n",
    );
}

#[test]
fn an_interrupted_migration_leaves_the_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    large_store(&store);
    let mut stopped = 0;
    for ms in [0, 30, 100] {
        let mut process = child("interrupted", "migrate", folder.path(), "").spawn().unwrap();
        until("it migrates", || {
            let lock = std::fs::read_to_string(folder.path().join("s.lock")).unwrap_or_default();
            lock.contains(&format!("process {} ", process.id())) || process.try_wait().unwrap().is_some()
        });
        sleep(Duration::from_millis(ms));
        // Not SIGINT, which a background job ignores. It may have ended.
        let _ = kill_process(Pid::from_child(&process), Signal::TERM);
        let status = process.wait().unwrap();
        assert_eq!(OtherProgram::open(&store).text("PRAGMA integrity_check"), "ok");
        match status.success() {
            true => assert_eq!(schema(&store), ("5".into(), "3".into())),
            false => assert_eq!(schema(&store), ("4".into(), "0".into())),
        }
        stopped += usize::from(!status.success());
    }
    assert!(stopped > 0, "the migration is too fast to be stopped");
    migrate(&store, &|_| ()).unwrap();
    assert_eq!(schema(&store), ("5".into(), "3".into()));
}

/// Not a test: the process that is stopped above.
#[test]
fn child_process() {
    let Some((_, folder, _)) = role() else { return };
    migrate(&folder.join("s.db"), &|_| ()).unwrap();
}
