//! Parameters unlocked during training.

use crate::support::{model, plan, trick};
use clip_lab_plugin_api::Params;

const NAMES: [&str; 3] = ["image.blocks.0.weight", "image.blocks.1.weight", "text.weight"];

fn learning(params: &Params) -> Vec<&str> {
    params.iter().filter(|param| param.tensor.requires_grad()).map(|param| param.name.as_str()).collect()
}

#[test]
fn parameters_unlocked_later_do_not_count_as_locked_and_need_no_gradient_before() {
    assert!(plan("plugin = 'freeze'\nuntil = 5").unwrap().properties.frozen.is_empty());
    let (_vars, mut params) = model(&NAMES, &[]);
    let mut freeze = trick("plugin = 'freeze'\nuntil = 5");
    freeze.prepare(&mut params).unwrap();
    assert!(!params.is_frozen("image"));
    assert_eq!(params.trained().count(), 3);
    for step in 0..5 {
        freeze.before_step(&params, step).unwrap();
        assert_eq!(learning(&params), ["text.weight"]);
    }
    freeze.before_step(&params, 5).unwrap();
    assert_eq!(learning(&params), NAMES);
}

#[test]
fn a_run_that_is_resumed_later_finds_it_unlocked() {
    let (_vars, mut params) = model(&NAMES, &[]);
    let mut freeze = trick("plugin = 'freeze'\nuntil = 5");
    freeze.prepare(&mut params).unwrap();
    freeze.before_step(&params, 9).unwrap();
    assert_eq!(learning(&params), NAMES);
}

#[test]
fn several_freezes_unlock_independently() {
    let texts = [
        "plugin = 'freeze'\nparams = ['image']\nuntil = 2",
        "plugin = 'freeze'\nparams = ['image.blocks.0']\nuntil = 4",
        "plugin = 'freeze'\nparams = ['text']",
    ];
    for order in [[0, 1, 2], [2, 1, 0]] {
        let (_vars, mut params) = model(&NAMES, &[]);
        let mut tricks: Vec<_> = order.iter().map(|&index| trick(texts[index])).collect();
        tricks.iter_mut().for_each(|trick| trick.prepare(&mut params).unwrap());
        let mut at = |step| {
            tricks.iter_mut().for_each(|trick| trick.before_step(&params, step).unwrap());
            learning(&params).len()
        };
        assert_eq!([0, 1, 2, 3, 4, 9].map(&mut at), [0, 0, 1, 1, 2, 2], "{order:?}");
    }
}
