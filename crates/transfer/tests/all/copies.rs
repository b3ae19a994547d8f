//! A copy has everything, and the next one copies nothing.

use std::{fs, os::unix::fs::symlink};

use clip_lab_store::{NewRun, Reader, Recorder, Status, new_uid, run_folder};
use clip_lab_transfer::{Checkpoints, Outcome, Settings, copy};

use crate::common::{content, local, log, outcomes, push, record, resume};

#[test]
fn a_copy_is_equal_in_every_query_and_the_next_one_copies_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a/s.db"), folder.path().join("b/s.db"));
    record(&a, "one", 300);
    let uid = record(&a, "two", 9000);
    resume(&a, &uid, 4000, 6000);
    let reports = push(&a, &b);
    assert_eq!(outcomes(&reports), [Outcome::New, Outcome::New]);
    assert!(reports[1].bytes > 10_000 && reports[1].log_calls > 10_000, "{reports:?}");
    assert_eq!(content(&a), content(&b));
    let reports = push(&a, &b);
    assert_eq!(outcomes(&reports), [Outcome::Unchanged, Outcome::Unchanged]);
    assert!(reports.iter().all(|report| report.bytes == 0 && report.log_calls == 0));
}

#[test]
fn a_run_that_goes_on_and_is_resumed_is_copied_from_where_the_copy_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a/s.db"), folder.path().join("b/s.db"));
    let run = NewRun { uid: new_uid(), name: "live".into(), ..NewRun::default() };
    let recorder = Recorder::start(&a, run.clone()).unwrap();
    log(&recorder, 0..1000);
    recorder.flush();
    assert_eq!(outcomes(&push(&a, &b)), [Outcome::New]);
    assert_eq!(Reader::open(&b).unwrap().run("live").unwrap().status, Status::Running);
    log(&recorder, 1000..1500);
    recorder.finish(Status::Interrupted, None);
    let reports = push(&a, &b);
    assert_eq!((outcomes(&reports), reports[0].log_calls), (vec![Outcome::Updated], 550));
    assert_eq!(content(&a), content(&b));
    for (from, to) in [(700, 900), (800, 2000)] {
        resume(&a, &run.uid, from, to);
        assert_eq!(outcomes(&push(&a, &b)), [Outcome::Updated]);
        assert_eq!(content(&a), content(&b));
        assert_eq!(outcomes(&push(&a, &b)), [Outcome::Unchanged]);
    }
}

#[test]
fn a_run_that_is_recorded_in_the_target_is_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a/s.db"), folder.path().join("b/s.db"));
    let uid = record(&a, "one", 50);
    push(&a, &b);
    let recorder = Recorder::resume(&b, &uid, 40).unwrap();
    resume(&a, &uid, 30, 60);
    let skipped = outcomes(&push(&a, &b)).remove(0);
    assert!(matches!(&skipped, Outcome::Skipped(why) if why.contains("in use")), "{skipped:?}");
    log(&recorder, 41..45);
    recorder.finish(Status::Finished, None);
    let diverged = outcomes(&push(&a, &b)).remove(0);
    assert!(matches!(&diverged, Outcome::Failed(why) if why.contains("resumed in both")), "{diverged:?}");
}

#[test]
fn files_are_chosen_and_links_and_secrets_stay() {
    let folder = tempfile::tempdir().unwrap();
    let a = folder.path().join("a/s.db");
    let uid = record(&a, "one", 50);
    let runs = run_folder(&a, &uid).unwrap();
    fs::write(runs.join("best.safetensors"), "b").unwrap();
    fs::write(runs.join("best_ema.safetensors"), "e").unwrap();
    fs::write(runs.join("spec.toml"), "token = \"secret\"").unwrap();
    symlink("/etc/passwd", runs.join("link")).unwrap();
    let all = ["best.safetensors", "best_ema.safetensors", "charts", "last.safetensors", "run.lock"];
    let choices = [
        (Settings::default(), all.to_vec()),
        (
            Settings { checkpoints: Checkpoints::Last, ..Settings::default() },
            vec!["charts", "last.safetensors", "run.lock"],
        ),
        (
            Settings { checkpoints: Checkpoints::Best, ..Settings::default() },
            vec![all[0], all[1], "charts", "run.lock"],
        ),
        (Settings { checkpoints: Checkpoints::None, ..Settings::default() }, vec!["charts", "run.lock"]),
        (Settings { no_files: true, ..Settings::default() }, vec!["run.lock"]),
    ];
    for (number, (settings, expected)) in choices.into_iter().enumerate() {
        let b = folder.path().join(format!("b{number}/s.db"));
        let reports = copy(&mut local(&a), &mut local(&b), "", &settings, &mut |_, _, _| {}).unwrap();
        assert!(reports[0].secret_spec);
        let copied = fs::read_dir(run_folder(&b, &uid).unwrap()).unwrap().flatten();
        let mut copied: Vec<_> = copied.map(|entry| entry.file_name().into_string().unwrap()).collect();
        copied.sort();
        assert_eq!(copied, expected, "{settings:?}");
    }
    let c = folder.path().join("c/s.db");
    let settings = Settings { dry_run: true, ..Settings::default() };
    let reports = copy(&mut local(&a), &mut local(&c), "", &settings, &mut |_, _, _| {}).unwrap();
    assert!(reports[0].outcome == Outcome::New && reports[0].bytes > 1000 && !c.exists());
}

#[test]
fn content_decides_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a/s.db"), folder.path().join("b/s.db"));
    let uid = record(&a, "one", 50);
    push(&a, &b);
    let [ours, theirs] = [&a, &b].map(|store| run_folder(store, &uid).unwrap().join("charts/loss.svg"));
    let time = fs::metadata(&ours).unwrap().modified().unwrap();
    fs::write(&theirs, "<SVG/>").unwrap();
    fs::File::open(&theirs).unwrap().set_modified(time).unwrap();
    assert_eq!(outcomes(&push(&a, &b)), [Outcome::Unchanged]);
    let settings = Settings { checksum: true, ..Settings::default() };
    let reports = copy(&mut local(&a), &mut local(&b), "", &settings, &mut |_, _, _| {}).unwrap();
    assert_eq!(reports[0].bytes, 6, "only what differs");
    assert_eq!(content(&a), content(&b));
}
