//! Evaluations after training: they are stored separately from training metrics and deleted with their run.

use crate::common::{OtherProgram, at, new_run};
use clip_lab_store::{Evaluated, Goal, NewEvaluation, RankSet, Reader, Recorder, Status, Store, StoreError};
use serde_json::json;

fn evaluation(name: &str, top1: f64, ranks: &[u32]) -> NewEvaluation {
    let set = RankSet {
        suite: "zero_shot".into(),
        direction: "i2c".into(),
        ranks: ranks.into(),
        ..RankSet::default()
    };
    NewEvaluation {
        name: name.into(),
        step: 30,
        weights: "raw".into(),
        data: "abc".into(),
        settings: json!({ "templates": "openai80" }),
        metrics: vec![
            ("zero_shot/top1".into(), top1, Goal::Up),
            ("zero_shot/odd".into(), f64::NAN, Goal::None),
        ],
        ranks: vec![set],
    }
}

#[test]
fn evaluations_come_back_in_order_and_leave_training_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let recorder = Recorder::start(&path, new_run("a")).unwrap();
    recorder.log(at(30), &[("test/zero_shot/top1", 0.5)]);
    recorder.flush();
    let store = Store::open(&path).unwrap();
    let reader = store.reader().unwrap();
    let run = reader.run("a").unwrap().id;
    // While it trains.
    store.evaluate(run, &evaluation("cifar10", 0.25, &[0, 3])).unwrap();
    recorder.log(at(40), &[("test/zero_shot/top1", 0.6)]);
    recorder.finish(Status::Finished, None);
    let last = store.evaluate(run, &evaluation("cifar10", 0.75, &[0, 1])).unwrap();
    let found = reader.evaluations(run).unwrap();
    assert_eq!(found.iter().map(|row| row.metrics[1].value).collect::<Vec<_>>(), [Some(0.25), Some(0.75)]);
    let row = &found[1];
    assert_eq!((row.id, row.name.as_str(), row.step, row.data.as_str()), (last, "cifar10", 30, "abc"));
    assert_eq!(row.settings["templates"], "openai80");
    assert_eq!((row.metrics[0].name.as_str(), row.metrics[0].value), ("cifar10/zero_shot/odd", None), "NaN");
    assert_eq!((row.metrics[1].name.as_str(), row.metrics[1].goal), ("cifar10/zero_shot/top1", Goal::Up));
    let which =
        Evaluated { step: 30, split: "cifar10", suite: "zero_shot", direction: "i2c", weights: "raw" };
    assert_eq!(reader.ranks_of(run, &which).unwrap(), Some(vec![0, 1]), "those of the last");
    assert_eq!(reader.points(run, "test/zero_shot/top1").unwrap().len(), 2);
    assert_eq!(reader.series(run).unwrap().len(), 1, "no series of training");
}

#[test]
fn evaluations_leave_with_their_run_and_need_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    Recorder::start(&path, new_run("a")).unwrap().finish(Status::Finished, None);
    let store = Store::open(&path).unwrap();
    let run = store.reader().unwrap().run("a").unwrap().id;
    store.evaluate(run, &evaluation("x", 0.5, &[0])).unwrap();
    store.delete(run).unwrap();
    for table in [
        "SELECT CAST(count(*) AS TEXT) FROM evaluation",
        "SELECT CAST(count(*) AS TEXT) FROM evaluation_metric",
    ] {
        assert_eq!(OtherProgram::open(&path).text(table), "0");
    }
    let refused = store.evaluate(run, &evaluation("x", 0.5, &[0])).unwrap_err();
    assert!(matches!(refused, StoreError::Database { .. }), "{refused}");
    assert!(Reader::open(&path).unwrap().evaluations(run).unwrap().is_empty());
}
