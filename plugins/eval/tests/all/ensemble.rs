//! Greedy selection of templates, on embeddings simple enough to check by hand.

use plugins_eval::{Classified, Ensemble, Pictures};
use tch::Tensor;

/// Four images of three classes along the axes.
fn pictures() -> Pictures {
    let images =
        Tensor::from_slice2(&[[1.0f32, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.6, 0.8]]);
    Pictures { images, labels: vec![0, 1, 2, 2] }
}

/// Classes along the axes with these indices.
fn texts(axes: [usize; 3]) -> Tensor {
    let row = |axis: usize| std::array::from_fn::<f32, 3, _>(|place| f32::from(u8::from(place == axis)));
    Tensor::from_slice2(&axes.map(row))
}

#[test]
fn templates_are_selected_while_they_help() {
    // The first template is right for classes 0 and 1, the second for class 2, the third for class 0.
    let ensemble = Ensemble::new(vec![texts([0, 1, 1]), texts([1, 0, 2]), texts([0, 0, 0])]).unwrap();
    let alone = |template| ensemble.classify(&[template], &pictures()).unwrap().top1();
    assert_eq!([alone(0), alone(1), alone(2)], [0.5, 0.5, 0.25], "ties go to the first class");
    let mut calls = 0;
    let taken = ensemble.greedy(&pictures(), 10, |_| calls += 1).unwrap();
    assert_eq!((taken[0].template, taken[0].accuracy), (0, 0.5));
    assert_eq!((taken[1].template, taken[1].accuracy), (1, 0.75));
    assert!(taken.windows(2).all(|pair| pair[1].accuracy > pair[0].accuracy), "{taken:?}");
    let all: Vec<usize> = taken.iter().map(|taken| taken.template).collect();
    assert_eq!(ensemble.classify(&all, &pictures()).unwrap().top1(), taken.last().unwrap().accuracy);
    assert!(taken.len() == 2 && calls == taken.len(), "{taken:?}");
    assert_eq!(ensemble.greedy(&pictures(), 1, |_| {}).unwrap().len(), 1);
    assert!(Ensemble::new(Vec::new()).is_err());
}

#[test]
fn confusions_are_counted_by_class() {
    let scores = Tensor::from_slice2(&[[0.9f32, 0.1], [0.2, 0.8], [0.7, 0.3], [0.5, 0.5]]);
    let axes = Tensor::from_slice2(&[[1.0f32, 0.0], [0.0, 1.0]]);
    let found = Classified::new(&scores, &axes, vec![0, 0, 1, 1]).unwrap();
    assert_eq!(found.answers, [0, 1, 0, 0], "ties go to the first class");
    assert_eq!(found.confusion(), [1, 1, 2, 0]);
    assert_eq!((found.top1(), found.mean_per_class()), (0.25, 0.25));
    let some = pictures().some(&[3, 0]).unwrap();
    assert_eq!((some.labels, some.images.size()), (vec![2, 0], vec![2, 3]));
}
