//! Run folders: found next to the store wherever it is, locked while a run is recorded, and nothing else is deleted.

use std::{fs, os::unix::fs::symlink, path::Path};

use crate::common::{OtherProgram, at, new_run};
use clip_lab_store::{NewArtifact, Reader, Recorder, ResumePoint, Status, Store, new_uid, run_folder};

fn record(store: &Path, name: &str) -> String {
    let new = new_run(name);
    let recorder = Recorder::start(store, new.clone()).unwrap();
    recorder.log(at(1), &[("loss", 1.0)]);
    fs::write(recorder.folder().join("last.safetensors"), "weights").unwrap();
    assert_eq!(recorder.finish(Status::Finished, None), None);
    new.uid
}

/// `cp -r`, again where a file of SQLite disappears on the way: its last connection removes two when it closes.
fn copy(from: &Path, to: &Path) {
    let copied = |_| {
        let _ = fs::remove_dir_all(to);
        std::process::Command::new("cp").arg("-r").args([from, to]).status().unwrap().success()
    };
    assert!((0..5).any(copied));
}

#[test]
fn a_copied_store_deletes_its_own_folders() {
    let base = tempfile::tempdir().unwrap();
    let (original, copied) = (base.path().join("runs"), base.path().join("copy"));
    let uid = record(&original.join("s.db"), "a");
    copy(&original, &copied);
    let store = Store::open(&copied.join("s.db")).unwrap();
    let run = store.reader().unwrap().run("a").unwrap();
    assert_eq!(run.dir, copied.canonicalize().unwrap().join(&uid));
    store.delete(run.id).unwrap();
    assert!(!copied.join(&uid).exists());
    assert!(original.join(&uid).join("last.safetensors").exists());
}

#[test]
fn a_moved_store_finds_its_folders() {
    let base = tempfile::tempdir().unwrap();
    let (first, second) = (base.path().join("first"), base.path().join("second"));
    let uid = record(&first.join("s.db"), "a");
    fs::rename(&first, &second).unwrap();
    let run = Reader::open(&second.join("s.db")).unwrap().run("a").unwrap();
    assert!(run.dir.join("last.safetensors").exists());
    drop(Recorder::resume(&second.join("s.db"), &uid, 0).unwrap());
}

#[test]
fn a_store_from_elsewhere_leads_to_no_other_folder() {
    let base = tempfile::tempdir().unwrap();
    let (store, victim) = (base.path().join("runs/s.db"), base.path().join("victim"));
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join("kept"), "x").unwrap();
    record(&store, "a");
    let linked = record(&store, "linked");
    let folder = run_folder(&store, &linked).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    symlink(&victim, &folder).unwrap();
    let opened = Store::open(&store).unwrap();
    let reader = opened.reader().unwrap();
    let refused = opened.delete(reader.run("linked").unwrap().id).unwrap_err().to_string();
    assert!(refused.contains("symbolic link"), "{refused}");
    OtherProgram::open(&store).run("UPDATE run SET uid = '../victim' WHERE name = 'a'");
    let names: Vec<String> = reader.runs().unwrap().into_iter().map(|run| run.name).collect();
    assert_eq!(names, ["linked"]);
    assert!(opened.mark_failed_start("../victim", "x", "y").is_err());
    assert!(
        Recorder::start(&store, clip_lab_store::NewRun { uid: "../victim".into(), ..new_run("b") }).is_err()
    );
    assert!(victim.join("kept").exists());
}

#[test]
fn an_older_store_loses_its_absolute_paths() {
    let base = tempfile::tempdir().unwrap();
    let store = base.path().join("s.db");
    let new = new_run("old");
    let recorder = Recorder::start(&store, new.clone()).unwrap();
    let artifact =
        |name: &str| NewArtifact { kind: "checkpoint".into(), name: name.into(), ..NewArtifact::default() };
    recorder.artifact(artifact("last"));
    recorder.artifact(artifact("elsewhere"));
    recorder.finish(Status::Finished, None);
    let mut other = OtherProgram::open(&store);
    other.run("ALTER TABLE run ADD COLUMN dir TEXT NOT NULL DEFAULT '/data/runs/01'");
    other.run("UPDATE artifact SET path = '/data/runs/01/last.safetensors' WHERE name = 'last'");
    other.run("UPDATE artifact SET path = '/data/runs/012/x' WHERE name = 'elsewhere'");
    other.run("DELETE FROM _sqlx_migrations WHERE version >= 4");
    drop(other);
    let run = Reader::open(&store).unwrap().run("old").unwrap();
    assert_eq!(run.dir, base.path().canonicalize().unwrap().join(&new.uid), "also before the migration");
    drop(Store::open(&store).unwrap());
    let reader = Reader::open(&store).unwrap();
    let paths: Vec<String> =
        reader.artifacts(run.id).unwrap().iter().map(|file| file.path.display().to_string()).collect();
    assert_eq!(paths, ["last.safetensors", "/data/runs/012/x"]);
    assert_eq!(
        OtherProgram::open(&store)
            .text("SELECT count(*) || '' FROM pragma_table_info('run') WHERE name = 'dir'"),
        "0"
    );
}

#[test]
fn of_two_that_resume_at_once_one_is_rejected() {
    let base = tempfile::tempdir().unwrap();
    let store = base.path().join("s.db");
    let uid = record(&store, "a");
    for _ in 0..8 {
        let both = std::thread::scope(|scope| {
            let tries = [(); 2].map(|()| scope.spawn(|| Recorder::resume(&store, &uid, 1)));
            tries.map(|one| one.join().unwrap())
        });
        let refused: Vec<String> =
            both.iter().filter_map(|one| one.as_ref().err()).map(ToString::to_string).collect();
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(refused[0].contains("is being recorded") || refused[0].contains("in use"), "{refused:?}");
        both.into_iter().flatten().for_each(|recorder| drop(recorder.finish(Status::Interrupted, None)));
    }
    let run = Reader::open(&store).unwrap().run("a").unwrap();
    assert_eq!(run.attempt, 9);
}

#[test]
fn records_after_the_checkpoint_are_superseded() {
    let base = tempfile::tempdir().unwrap();
    let store = base.path().join("s.db");
    let new = new_run("a");
    let recorder = Recorder::start(&store, new.clone()).unwrap();
    recorder.log(at(7), &[("train/loss", 1.0)]);
    recorder.log(at(7), &[("val/hit@1", 0.5)]);
    let logged = recorder.flush();
    assert_eq!(logged, Some(2));
    recorder.log(at(7), &[("test/hit@1", 0.25)]);
    recorder.finish(Status::Interrupted, None);
    let again = Recorder::resume(&store, &new.uid, ResumePoint { step: 7, logged }).unwrap();
    again.log(at(7), &[("test/hit@1", 0.75)]);
    again.finish(Status::Finished, None);
    let reader = Reader::open(&store).unwrap();
    let run = reader.run("a").unwrap();
    let values = |metric: &str| -> Vec<f64> {
        reader.points(run.id, metric).unwrap().iter().map(|point| point.value).collect()
    };
    assert_eq!(values("test/hit@1"), [0.75]);
    assert_eq!((values("train/loss"), values("val/hit@1")), (vec![1.0], vec![0.5]));
}

#[test]
fn a_run_that_is_recorded_keeps_its_folder() {
    let base = tempfile::tempdir().unwrap();
    let store = base.path().join("s.db");
    let recorder = Recorder::start(&store, new_run("a")).unwrap();
    let opened = Store::open(&store).unwrap();
    let run = opened.reader().unwrap().run("a").unwrap();
    // Whatever the row contains: it may be from another machine, or edited by hand.
    OtherProgram::open(&store).run("UPDATE run SET status = 'finished'");
    let refused = opened.delete(run.id).unwrap_err().to_string();
    assert!(refused.contains("in use"), "{refused}");
    assert!(recorder.folder().exists());
    recorder.finish(Status::Finished, None);
    opened.delete(run.id).unwrap();
    assert!(opened.reader().unwrap().runs().unwrap().is_empty());
    assert!(!run_folder(&store, &run.uid).unwrap().exists());
    assert!(run_folder(&store, &new_uid().to_lowercase()).is_err());
}

#[test]
fn files_behind_planted_links_keep_their_content() {
    let base = tempfile::tempdir().unwrap();
    let (store, victim) = (base.path().join("runs/s.db"), base.path().join("victim"));
    let uid = record(&store, "a");
    let folder = run_folder(&store, &uid).unwrap();
    let lock = store.with_extension("lock");
    for planted in [lock.clone(), folder.join("run.lock"), folder.join("spool.jsonl")] {
        fs::write(&victim, "kept").unwrap();
        let _ = fs::remove_file(&planted);
        symlink(&victim, &planted).unwrap();
        let opened = Store::open(&store);
        if planted == lock {
            let error = opened.map(drop).unwrap_err().to_string();
            assert!(error.contains("a symbolic link, not a regular file"), "{error}");
        } else {
            drop(opened.unwrap());
        }
        let resumed = Recorder::resume(&store, &uid, 0);
        assert!(resumed.is_err() || planted.ends_with("spool.jsonl"), "{}", planted.display());
        drop(resumed);
        assert_eq!(fs::read_to_string(&victim).unwrap(), "kept", "{}", planted.display());
        let _ = fs::remove_file(&planted);
    }
}

#[test]
fn the_lock_beside_an_unreadable_spool_is_not_followed() {
    let base = tempfile::tempdir().unwrap();
    let (store, victim) = (base.path().join("runs/s.db"), base.path().join("victim"));
    let folder = run_folder(&store, &record(&store, "a")).unwrap();
    fs::write(&victim, "kept").unwrap();
    fs::write(folder.join("spool.jsonl"), "not a spool").unwrap();
    let _ = fs::remove_file(folder.join("run.lock"));
    symlink(&victim, folder.join("run.lock")).unwrap();
    drop(Store::open(&store).unwrap());
    assert_eq!(fs::read_to_string(&victim).unwrap(), "kept");
}
