//! Sets of templates, and class weights computed by hand.

use super::*;

#[test]
fn every_named_set_has_a_place_for_the_class() {
    for named in Named::ALL {
        let mut list = named.list();
        assert!(list.iter().all(|template| template.matches("{}").count() == 1));
        list.sort_unstable();
        list.dedup();
        assert_eq!(list.len(), named.list().len(), "{}: a template twice", named.name());
    }
    let texts = Templates::Named(Named::Openai7).fill(&["cat".to_owned(), "dog".to_owned()]);
    assert_eq!((texts.len(), texts[0][1].as_str()), (7, "itap of a dog."));
}

#[test]
fn embeddings_are_unit_length_before_and_after_the_average() {
    let first = Tensor::from_slice2(&[[10.0f64, 0.0], [0.0, 1.0]]);
    let second = Tensor::from_slice2(&[[0.0f64, 1.0], [0.0, 3.0]]);
    let weights = class_weights(&[first, second]).unwrap();
    let half = 0.5f64.sqrt();
    let want = Tensor::from_slice2(&[[half, half], [0.0, 1.0]]);
    assert!(weights.allclose(&want, 1e-12, 1e-12, false), "{weights}");
}
