//! Buckets agree with the points they summarise.

use crate::common::{at, new_run};
use clip_lab_store::{Axis, Bucket, Point, Reader, Recorder, Status};

/// A linear congruential generator (Knuth's MMIX): enough for test values.
fn random(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1u64 << 53) as f64
}

fn x(point: &Point, axis: Axis, started_ms: i64) -> f64 {
    match axis {
        Axis::Step => point.step as f64,
        Axis::Epoch => point.epoch,
        Axis::Samples => point.samples as f64,
        Axis::WallSeconds => point.wall_ms as f64 / 1000.0 - started_ms as f64 / 1000.0,
        Axis::ActiveSeconds => point.active_ms as f64 / 1000.0,
    }
}

/// The bucket of the points from `bucket.x0` to `bucket.x1`, computed by brute force.
fn brute(points: &[&Point], axis: Axis, started: i64) -> Bucket {
    let good: Vec<f64> = points.iter().map(|p| p.value).filter(|v| v.is_finite()).collect();
    let some = |v: Option<f64>| v.unwrap_or(f64::NAN);
    Bucket {
        x0: x(points[0], axis, started),
        x1: x(points[points.len() - 1], axis, started),
        min: some(good.iter().copied().reduce(f64::min)),
        max: some(good.iter().copied().reduce(f64::max)),
        mean: good.iter().sum::<f64>() / good.len() as f64,
        first: some(good.first().copied()),
        last: some(good.last().copied()),
        n: good.len() as u64,
        n_bad: (points.len() - good.len()) as u64,
    }
}

fn same(a: &Bucket, b: &Bucket) -> bool {
    let five = |b: &Bucket| [b.min, b.max, b.first, b.last, b.x0, b.x1].map(f64::to_bits);
    let mean = (a.mean.is_nan() && b.mean.is_nan()) || (a.mean - b.mean).abs() < 1e-9;
    let nan =
        |b: &Bucket| b.n == 0 && b.min.is_nan() && b.max.is_nan() && b.first.is_nan() && b.last.is_nan();
    (a.n, a.n_bad) == (b.n, b.n_bad) && mean && (five(a) == five(b) || nan(a) && nan(b))
}

#[test]
fn buckets_agree_with_the_points_over_any_range() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let (mut state, steps) = (1, 5000);
    let recorder = Recorder::start(&store, new_run("a")).unwrap();
    for step in 0..steps {
        let value = match step % 97 {
            13 => f64::NAN,
            14 => f64::INFINITY,
            _ if step / 64 == 7 => f64::NAN,
            _ => random(&mut state),
        };
        recorder.log(at(step), &[("dense", value)]);
        if step % 50 == 3 {
            recorder.log(at(step), &[("sparse", value)]);
        }
        if step % 1000 == 0 {
            recorder.flush();
        }
    }
    recorder.finish(Status::Finished, None);
    let reader = Reader::open(&store).unwrap();
    let run = reader.run("a").unwrap();
    for metric in ["dense", "sparse"] {
        let points = reader.points(run.id, metric).unwrap();
        for trial in 0..120 {
            let axis =
                [Axis::Step, Axis::Epoch, Axis::Samples, Axis::WallSeconds, Axis::ActiveSeconds][trial % 5];
            let end = x(&points[points.len() - 1], axis, run.started_ms);
            let a = random(&mut state) * 1.1 * end;
            let range = (trial >= 5).then(|| (a, a + random(&mut state) * (end - a)));
            let most = 2 + (random(&mut state) * 300.0) as usize;
            let buckets = reader.buckets(run.id, metric, axis, range, most).unwrap();
            assert!(buckets.len() <= most, "{} of {most}", buckets.len());
            let inside =
                |p: &&Point| range.is_none_or(|(a, b)| (a..=b).contains(&x(p, axis, run.started_ms)));
            let mut rest: Vec<&Point> = points.iter().filter(inside).collect();
            for bucket in &buckets {
                let later = rest.split_off((bucket.n + bucket.n_bad) as usize);
                let want = brute(&rest, axis, run.started_ms);
                assert!(same(bucket, &want), "{metric} {axis:?} {range:?} {most}: {bucket:?}, not {want:?}");
                rest = later;
            }
            assert!(rest.is_empty(), "{} points are in no bucket", rest.len());
        }
    }
}

#[test]
fn a_spike_never_vanishes() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let recorder = Recorder::start(&store, new_run("a")).unwrap();
    (0..40_000).for_each(|step| recorder.log(at(step), &[("loss", if step == 23_457 { 99.0 } else { 1.0 })]));
    recorder.finish(Status::Finished, None);
    let reader = Reader::open(&store).unwrap();
    let run = reader.run("a").unwrap();
    for most in [2, 10, 100, 240, 3000] {
        let buckets = reader.buckets(run.id, "loss", Axis::Step, None, most).unwrap();
        let spike: Vec<&Bucket> = buckets.iter().filter(|b| b.max == 99.0).collect();
        assert!(
            spike.len() == 1 && spike[0].x0 <= 23_457.0 && spike[0].x1 >= 23_457.0 && buckets.len() <= most
        );
    }
    assert!(
        reader.buckets(run.id, "lss", Axis::Step, None, 9).unwrap_err().to_string().contains("it has loss")
    );
}
