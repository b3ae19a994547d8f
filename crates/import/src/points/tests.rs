use super::{Points, Row};
use crate::LeftOut;

fn rows(points: &Points, newest: impl Fn(&str) -> Option<u64>) -> Vec<(u64, i64, f64, String)> {
    let mut rows = Vec::new();
    let each = |row: Row<'_>| {
        rows.push((row.step, row.ms, row.epoch, format!("{:?}", row.values)));
        Ok::<(), ()>(())
    };
    points.rows(newest, 0.0, each).unwrap();
    rows
}

#[test]
fn rows_are_in_the_order_of_steps_and_the_last_value_counts() {
    let (mut points, mut left_out) = (Points::default(), LeftOut::default());
    points.add("loss", 2, 2000, 0.2);
    points.add("loss", 1, 1000, 9.0);
    points.add("loss", 1, 1010, 0.1);
    points.add("epoch", 2, 2001, 0.5);
    points.add("late", 2, 5000, 1.0);
    points.add("loss", -1, 0, 1.0);
    points.finish(&mut left_out);
    let expected = [
        (1, 1010, 0.0, "[(\"loss\", 0.1)]".to_owned()),
        (2, 2000, 0.5, "[(\"loss\", 0.2), (\"epoch\", 0.5)]".to_owned()),
        (2, 5000, 0.5, "[(\"late\", 1.0)]".to_owned()),
    ];
    assert_eq!(rows(&points, |_| None), expected);
    assert_eq!(left_out.to_string(), "1 invalid point, 1 repeated point");
    let newer = rows(&points, |name| (name == "loss").then_some(2));
    assert_eq!(newer.len(), 2, "{newer:?}");
}

#[test]
fn epochs_become_the_steps_of_their_time() {
    let mut points = Points::default();
    for step in 0..10 {
        points.add("train/loss", step, step * 1000, 1.0);
    }
    points.add("val/loss", 1, 4500, 0.5);
    points.epochs_to_steps(|name| name.starts_with("val/"));
    points.finish(&mut LeftOut::default());
    assert!(rows(&points, |_| None).contains(&(4, 4500, 1.0, "[(\"val/loss\", 0.5)]".to_owned())));
}

#[test]
fn a_restart_and_a_new_name() {
    let mut points = Points::default();
    (0..10).for_each(|step| points.add("a", step, 0, 1.0));
    assert_eq!((points.drop_from(7), points.len(), points.last_step()), (3, 7, 6));
    points.add("b", 9, 0, 1.0);
    points.rename(|name| (name == "b").then(|| "a".to_owned()), &mut LeftOut::default());
    assert_eq!((points.metrics(), points.len()), (&["a".to_owned()][..], 8));
}
