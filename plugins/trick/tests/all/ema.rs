//! The moving average, compared with timm's `ModelEmaV3`.

use crate::support::{model, plan, trick};
use clip_lab_plugin_api::{Params, Report, Trick};
use tch::Tensor;

/// The decay reported for an update, counted from 1.
fn decay(text: &str, update: u64) -> f64 {
    let (_vars, params) = model(&["image.weight"], &[]);
    let mut report = Report::default();
    trick(&format!("plugin = 'ema'\n{text}")).before_update(&params, update - 1, &mut report).unwrap();
    assert_eq!(report.0[0].0, "ema_decay");
    report.0[0].1.double_value(&[])
}

fn update(trick: &mut dyn Trick, params: &Params, step: u64) {
    trick.before_update(params, step, &mut Report::default()).unwrap();
    for param in params.trained() {
        let _ = tch::no_grad(|| param.tensor.shallow_clone().f_add_scalar_(1.0).unwrap());
    }
    for (_, buffer) in params.buffers() {
        let _ = buffer.shallow_clone().f_add_scalar_(1).unwrap();
    }
    trick.after_update(params, step).unwrap();
}

/// The average of a parameter or buffer, all of whose values are equal.
fn average(trick: &dyn Trick, name: &str) -> f64 {
    let found = trick.averaged_weights().unwrap().iter().find(|(other, _)| other == name);
    found.unwrap().1.mean(tch::Kind::Double).double_value(&[])
}

#[test]
fn the_warmup_is_that_of_timm() {
    let golden = [
        ("", [(2, 0.370039), (11, 0.797820), (101, 0.953891), (1001, 0.990007), (10001, 0.997846)]),
        ("power = 0.75", [(2, 0.405396), (11, 0.834440), (101, 0.968612), (1001, 0.994381), (10001, 0.999)]),
    ];
    for (power, steps) in golden {
        for (step, want) in steps {
            let got = decay(&format!("warmup = true\ndecay = 0.9999\n{power}"), step);
            assert!((got - want).abs() < 1e-6, "{power} at {step}: {got}, timm has {want}");
        }
    }
    assert_eq!(decay("warmup = true", 1), 0.0, "the first update copies");
    assert_eq!(decay("warmup = true\ndecay = 0.99", 1_000_000), 0.99);
    assert_eq!(decay("warmup = true\ndecay = 0.99\nmin_decay = 0.5", 2), 0.5);
}

#[test]
fn without_a_warmup_the_decay_is_constant_from_the_first_update() {
    assert_eq!(decay("decay = 0.9", 1), 0.9);
    assert_eq!(decay("", 1000), 0.9999);
}

#[test]
fn a_delayed_average_copies_until_then() {
    let late = "decay = 0.9\nupdate_after = 3";
    assert_eq!([1, 3, 4, 5, 6].map(|update| decay(late, update)), [0.0, 0.0, 0.0, 0.9, 0.9]);
}

#[test]
fn it_starts_from_the_initial_weights_and_follows() {
    let (_vars, params) = model(&["image.weight", "image.bn.buffer"], &[]);
    let mut ema = trick("plugin = 'ema'\ndecay = 0.75");
    assert!(ema.averaged_weights().is_none(), "nothing was averaged yet");
    // Weights 1, 2, 3: averages 1, 1.25, 1.6875. Buffers are averaged too.
    for (step, want) in [(0, 1.25), (1, 1.6875)] {
        update(&mut *ema, &params, step);
        assert_eq!(average(&*ema, "image.weight"), want);
        assert_eq!(average(&*ema, "image.bn.buffer"), want);
    }
}

#[test]
fn integer_buffers_are_copied() {
    let (vars, _) = model(&["image.weight"], &[]);
    let _ = (vars.root() / "image").add("counter", Tensor::from_slice(&[7i64]), false);
    let params = Params::new(&vars, Vec::new());
    let mut ema = trick("plugin = 'ema'\ndecay = 0.75");
    update(&mut *ema, &params, 0);
    let (_, counter) =
        ema.averaged_weights().unwrap().iter().find(|(name, _)| name == "image.counter").unwrap();
    assert_eq!((counter.kind(), counter.int64_value(&[0])), (tch::Kind::Int64, 8));
    assert_eq!(average(&*ema, "image.weight"), 1.25);
}

#[test]
fn buffers_can_be_copied() {
    let (_vars, params) = model(&["image.weight", "image.bn.buffer"], &[]);
    let mut ema = trick("plugin = 'ema'\ndecay = 0.75\nbuffers = 'copy'");
    update(&mut *ema, &params, 0);
    assert_eq!((average(&*ema, "image.weight"), average(&*ema, "image.bn.buffer")), (1.25, 2.0));
}

#[test]
fn locked_weights_are_not_averaged() {
    let (_vars, mut params) = model(&["image.weight", "text.weight"], &[]);
    trick("plugin = 'freeze'").prepare(&mut params).unwrap();
    let mut ema = trick("plugin = 'ema'");
    update(&mut *ema, &params, 0);
    let names: Vec<&str> = ema.averaged_weights().unwrap().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["text.weight"]);
}

#[test]
fn a_restored_average_is_bit_exact() {
    let (_vars, params) = model(&["image.weight", "image.bn.buffer"], &[]);
    let mut whole = trick("plugin = 'ema'\ndecay = 0.7\nwarmup = true");
    (0..3).for_each(|step| update(&mut *whole, &params, step));
    let mut later = trick("plugin = 'ema'\ndecay = 0.7\nwarmup = true");
    let state = whole.state();
    later.restore(state).unwrap();
    let saved: Vec<Tensor> = later.state().into_iter().map(|(_, tensor)| tensor).collect();
    update(&mut *whole, &params, 3);
    // The saved state is a snapshot: the update above does not change it.
    assert!(whole.state().iter().zip(&saved).all(|((_, now), then)| now != then));
    for param in params.trained() {
        let _ = tch::no_grad(|| param.tensor.shallow_clone().f_sub_scalar_(1.0).unwrap());
    }
    params.buffers().iter().for_each(|(_, buffer)| drop(buffer.shallow_clone().f_sub_scalar_(1.0).unwrap()));
    update(&mut *later, &params, 3);
    assert_eq!(whole.state(), later.state());
}

#[test]
fn another_models_average_is_rejected() {
    let (_vars, params) = model(&["image.weight"], &[]);
    let (_others, other) = model(&["image.weights"], &[]);
    let mut ema = trick("plugin = 'ema'");
    update(&mut *ema, &params, 0);
    let mut later = trick("plugin = 'ema'");
    later.restore(ema.state()).unwrap();
    let error = later.before_update(&other, 1, &mut Report::default()).unwrap_err().to_string();
    assert!(error.contains("other parameters"), "{error}");
}

#[test]
fn invalid_settings_are_reported() {
    for (text, message) in [
        ("decay = 1.0", "[t].decay: must be at least 0 and below 1"),
        ("gamma = 0.0", "[t].gamma: must be positive"),
        ("power = -1.0", "[t].power: must be positive"),
        ("decay = 0.5\nmin_decay = 0.6", "[t].min_decay: must be at least 0 and at most decay"),
    ] {
        assert_eq!(plan(&format!("plugin = 'ema'\n{text}")).unwrap_err(), message);
    }
}
