//! Recorded data is read back: values, non-finite values, resumes, metadata.

use crate::common::{at, fast_policy, new_run, until};
use clip_lab_store::{
    ConfigEntry, Environment, Evaluated, Goal, Level, NewArtifact, RankSet, Reader, Recorder, Request,
    Status, Store, new_uid,
};

#[test]
fn nan_and_infinities_come_back_and_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let values = [1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1 + 0.2];
    let recorder = Recorder::start(&store, new_run("a")).unwrap();
    for (step, value) in values.iter().enumerate() {
        recorder.log(at(step as u64), &[("loss", *value), ("loss", 9.0)]);
    }
    assert_eq!(recorder.finish(Status::NonFinite, Some("loss is NaN")), None);
    let reader = Reader::open(&store).unwrap();
    let run = reader.run("a").unwrap();
    let bits: Vec<u64> = reader.points(run.id, "loss").unwrap().iter().map(|p| p.value.to_bits()).collect();
    assert_eq!(bits, values.map(f64::to_bits));
    let series = &reader.series(run.id).unwrap()[0];
    assert_eq!((series.n, series.n_nan, series.n_inf, series.first_bad_step), (5, 1, 2, Some(1)));
    assert_eq!((series.min, series.max_step, series.last_step), (Some(0.1 + 0.2), Some(0), Some(4)));
    assert_eq!((run.status, run.step, run.samples), (Status::NonFinite, 4, 16));
    assert_eq!(run.reason.as_deref(), Some("loss is NaN"));
}

#[test]
fn run_metadata_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let mut new = new_run("b");
    new.seed = u64::MAX;
    new.config = vec![ConfigEntry { key: "lr".into(), value: "0.1".into(), origin: "a.toml:3".into() }];
    new.spec_text = "lr = 0.1\n".into();
    let mut environment =
        Environment { git_dirty: Some(true), argv: vec!["clip-lab".into()], ..Default::default() };
    environment.extra.insert("code".into(), "c0de".into());
    new.environment = environment.clone();
    let ranks = RankSet { step: 2, split: "val".into(), ranks: vec![0, 3, u32::MAX], ..Default::default() };
    let file = NewArtifact { kind: "checkpoint".into(), name: "best".into(), bytes: 9, ..Default::default() };
    let recorder = Recorder::start(&store, new.clone()).unwrap();
    recorder.describe_metric("hit", "%", Goal::Up);
    recorder.log(at(1), &[("hit", 3.0)]);
    recorder.rank(ranks.clone());
    recorder.set_environment("train_flops_per_sample", 2.5e9.into());
    environment.extra.insert("train_flops_per_sample".into(), 2.5e9.into());
    recorder.artifact(file);
    recorder.event(Level::Warning, "data", Some(1), "2 images skipped");
    recorder.flush();
    let reader = Reader::open(&store).unwrap();
    let run = reader.run(&new.uid[..25]).unwrap();
    assert_eq!((run.seed, run.status), (u64::MAX, Status::Running));
    assert_eq!(reader.config(run.id).unwrap(), new.config);
    assert_eq!(reader.environment(run.id).unwrap(), environment);
    assert_eq!(reader.spec_text(run.id).unwrap(), new.spec_text);
    let of = |split| Evaluated { step: 2, split, suite: "", direction: "", weights: "" };
    assert_eq!(reader.ranks_of(run.id, &of("val")).unwrap().as_ref(), Some(&ranks.ranks));
    assert_eq!(reader.ranks_of(run.id, &of("test")).unwrap(), None);
    assert_eq!(reader.ranks(run.id).unwrap(), [ranks]);
    assert_eq!(reader.artifacts(run.id).unwrap()[0].bytes, 9);
    let events = reader.events(run.id, 0).unwrap();
    assert_eq!((events[0].level, events[0].step), (Level::Warning, Some(1)));
    assert!(reader.events(run.id, events[0].id).unwrap().is_empty());
    let series = &reader.series(run.id).unwrap()[0];
    assert_eq!((series.best(), series.unit.as_str()), (Some((3.0, 1)), "%"));
    drop(recorder);
    assert_eq!(reader.run("b").unwrap().status, Status::Failed, "dropped without an end");
}

#[test]
fn a_resumed_run_shows_every_step_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let new = new_run("c");
    let record = |recorder: Recorder, steps: std::ops::Range<u64>, add: f64| {
        steps.for_each(|step| recorder.log(at(step), &[("loss", step as f64 + add)]));
        recorder.finish(Status::Interrupted, None);
    };
    record(Recorder::start(&store, new.clone()).unwrap(), 0..700, 1000.0);
    record(Recorder::resume(&store, &new.uid, 499).unwrap(), 500..900, 0.0);
    record(Recorder::resume(&store, &new.uid, 299).unwrap(), 300..1000, 0.5);
    let reader = Reader::open(&store).unwrap();
    let run = reader.run("c").unwrap();
    let points = reader.points(run.id, "loss").unwrap();
    let want: Vec<f64> = (0..1000).map(|s| s as f64 + if s < 300 { 1000.0 } else { 0.5 }).collect();
    assert_eq!(points.iter().map(|p| p.value).collect::<Vec<_>>(), want);
    assert!(points.windows(2).all(|w| w[0].step < w[1].step && w[0].active_ms <= w[1].active_ms));
    let series = &reader.series(run.id).unwrap()[0];
    assert_eq!((series.n, series.max, series.max_step), (1000, Some(1299.0), Some(299)));
    assert_eq!((series.min, series.min_step, series.last), (Some(300.5), Some(300), Some(999.5)));
    assert_eq!((run.attempt, run.step), (3, 999));
    let buckets = reader.buckets(run.id, "loss", Default::default(), None, 20).unwrap();
    assert!(buckets.len() <= 20);
    assert_eq!(buckets.iter().map(|b| b.n).sum::<u64>(), 1000);
    let sum: f64 = buckets.iter().map(|b| b.mean * b.n as f64).sum();
    assert!((sum - want.iter().sum::<f64>()).abs() < 1e-6);
}

#[test]
fn requests_and_edits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let new = new_run("d");
    let store = Store::open(&path).unwrap();
    store.queue(&new).unwrap();
    let reader = store.reader().unwrap();
    assert!(reader.changed().unwrap() && !reader.changed().unwrap());
    let id = reader.run("d").unwrap().id;
    assert_eq!(reader.run("d").unwrap().status, Status::Queued);
    let recorder = Recorder::start_with(&path, new.clone(), fast_policy()).unwrap();
    assert!(reader.changed().unwrap());
    store.request(id, Request::Checkpoint).unwrap();
    store.request(id, Request::Stop).unwrap();
    recorder.flush();
    let mut received = Vec::new();
    until("the requests are received", || {
        received.extend(recorder.requests());
        received.len() > 1
    });
    assert_eq!(received, [Request::Checkpoint, Request::Stop]);
    assert!(store.delete(id).unwrap_err().to_string().contains("stop it before"));
    assert!(Recorder::resume(&path, &new.uid, 0).err().unwrap().to_string().contains("is being recorded"));
    assert!(Recorder::start(&path, new.clone()).err().unwrap().to_string().contains("already"));
    recorder.finish(Status::Finished, None);
    store.tag(id, "good").unwrap();
    store.tag(id, "bad").unwrap();
    store.untag(id, "bad").unwrap();
    store.note(id, "look again").unwrap();
    assert_eq!(reader.tags(id).unwrap(), ["good"]);
    assert_eq!(reader.notes(id).unwrap()[0].text, "look again");
    assert!(store.request(id, Request::Stop).unwrap_err().to_string().contains("finished"));
    assert!(reader.run("e").unwrap_err().to_string().contains("no run matches `e`"));
    store.mark_failed_start(&new_uid(), "child", "no libtorch").unwrap();
    assert_eq!(reader.run("child").unwrap().reason.as_deref(), Some("no libtorch"));
    store.delete(id).unwrap();
    assert!(!folder.path().join(&new.uid).exists() && reader.runs().unwrap().len() == 1);
}
