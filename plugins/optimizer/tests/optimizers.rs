//! Optimizers compared with their formulas in f64, and after a restore.

use clip_lab_plugin_api::{Catalog, Optimizer, Params, Section, parse};
use tch::{Device, Kind, Tensor, nn};

const ADAMW: &str = "plugin = 'adamw'\nweight_decay = 0.3";
const SGD: &str = "plugin = 'sgd'\nweight_decay = 0.3";
const ALL: [&str; 4] = [
    ADAMW,
    SGD,
    "plugin = 'sgd'\nweight_decay = 0.3\nnesterov = true",
    "plugin = 'sgd'\nweight_decay = 0.3\nmomentum = 0.0",
];

fn optimizer(text: &str) -> Box<dyn Optimizer> {
    let mut catalog = Catalog::default();
    plugins_optimizer::register(&mut catalog);
    let section = Section::new("optimizer", 0..0, parse(text.to_owned()).unwrap());
    catalog.optimizer.plan(section).unwrap().build(()).unwrap()
}

/// A matrix (with weight decay), a bias (without), and a matrix with a third of the learning rate; double precision.
fn model() -> Params {
    let mut vars = nn::VarStore::new(Device::Cpu);
    vars.set_kind(Kind::Double);
    let root = vars.root();
    let _ = root.var_copy("weight", &Tensor::from_slice(&[1.0f64, -2.0, 0.5, 3.0]).reshape([2, 2]));
    let _ = root.var_copy("bias", &Tensor::from_slice(&[0.25f64, -0.75]));
    let _ = root.var_copy("slow", &Tensor::from_slice(&[-1.5f64, 2.0]).reshape([1, 2]));
    let mut params = Params::new(&vars, Vec::new());
    params.under("slow").for_each(|param| param.lr_scale = 1.0 / 3.0);
    params
}

fn gradient(step: u64, index: usize) -> f64 {
    ((step * 7 + index as u64 * 3 + 1) as f64).sin()
}

/// Sets the gradients of `step`, like a backward pass.
fn backward(params: &Params, step: u64) {
    for param in params.trained() {
        let values: Vec<f64> = (0..param.tensor.numel()).map(|index| gradient(step, index)).collect();
        param.tensor.shallow_clone().zero_grad();
        let gradient = Tensor::from_slice(&values).reshape(param.tensor.size());
        (&param.tensor * gradient.to_kind(param.tensor.kind())).sum(None).backward();
    }
}

fn run(optimizer: &mut dyn Optimizer, params: &Params, steps: std::ops::Range<u64>) {
    for step in steps {
        backward(params, step);
        optimizer.step(params, rate(step)).unwrap();
    }
}

fn rate(step: u64) -> f64 {
    0.1 / (step + 1) as f64
}

fn values(params: &Params) -> Vec<Vec<f64>> {
    params.iter().map(|param| Vec::try_from(param.tensor.flatten(0, -1)).unwrap()).collect()
}

/// Compares five steps with `formula(weight, gradients so far, lr, decay)`, one weight at a time.
fn follows(spec: &str, formula: impl Fn(f64, &[f64], f64, f64) -> f64) {
    let (params, mut optimizer) = (model(), optimizer(spec));
    let mut want = values(&params);
    run(&mut *optimizer, &params, 0..5);
    for (param, values) in params.iter().zip(&mut want) {
        for (index, value) in values.iter_mut().enumerate() {
            for step in 0..5 {
                let gradients: Vec<f64> = (0..=step).map(|step| gradient(step, index)).collect();
                let decay = if param.name == "bias" { 0.0 } else { 0.3 };
                *value = formula(*value, &gradients, rate(step) * param.lr_scale, decay);
            }
        }
    }
    for (got, want) in values(&params).iter().flatten().zip(want.iter().flatten()) {
        assert!((got - want).abs() < 1e-12, "{spec}: {got}, expected {want}");
    }
}

#[test]
fn adamw_follows_the_paper() {
    follows(ADAMW, |weight, gradients, lr, decay| {
        let mean = |beta: f64, of: &dyn Fn(f64) -> f64| {
            let sum = gradients.iter().fold(0.0, |mean, &g| beta * mean + (1.0 - beta) * of(g));
            sum / (1.0 - beta.powi(gradients.len() as i32))
        };
        let (first, second) = (mean(0.9, &|g| g), mean(0.98, &|g| g * g));
        weight * (1.0 - lr * decay) - lr * first / (second.sqrt() + 1e-6)
    });
}

#[test]
fn plain_descent_follows_the_gradient() {
    follows(ALL[3], |weight, gradients, lr, decay| {
        weight - lr * (gradients[gradients.len() - 1] + decay * weight)
    });
}

/// SGD with momentum, computed by hand, since its weight decay enters the momentum.
#[test]
fn momentum_and_nesterov_follow_pytorch() {
    for (spec, nesterov) in [(SGD, false), (ALL[2], true)] {
        let (params, mut optimizer) = (model(), optimizer(spec));
        let (mut weight, mut buffer) = (1.0, 0.0);
        run(&mut *optimizer, &params, 0..5);
        for step in 0..5 {
            let g = gradient(step, 0) + 0.3 * weight;
            buffer = 0.9 * buffer + g;
            weight -= rate(step) * if nesterov { g + 0.9 * buffer } else { buffer };
        }
        let got = params.iter().find(|param| param.name == "weight").unwrap().tensor.double_value(&[0, 0]);
        assert!((got - weight).abs() < 1e-12, "{spec}: {got}, expected {weight}");
    }
}

#[test]
fn a_restored_optimizer_is_bit_exact() {
    for spec in ALL {
        let (first_run, resumed) = (model(), model());
        let (mut first, mut second, mut third) = (optimizer(spec), optimizer(spec), optimizer(spec));
        run(&mut *first, &first_run, 0..3);
        run(&mut *second, &resumed, 0..3);
        third.restore(second.state()).unwrap();
        run(&mut *first, &first_run, 3..6);
        run(&mut *third, &resumed, 3..6);
        assert_eq!(values(&first_run), values(&resumed), "{spec}");
    }
}

#[test]
fn a_restored_state_is_a_copy() {
    for spec in [ADAMW, SGD] {
        let (params, mut first, mut second) = (model(), optimizer(spec), optimizer(spec));
        run(&mut *first, &params, 0..1);
        second.restore(first.state()).unwrap();
        let before: Vec<Tensor> = first.state().iter().map(|(_, tensor)| tensor.copy()).collect();
        run(&mut *first, &params, 1..2);
        assert!(second.state().iter().zip(&before).all(|((_, after), before)| after == before));
        assert!(first.state().iter().zip(&before).any(|((_, after), before)| after != before));
    }
}

#[test]
fn the_state_is_named_by_slot_and_parameter() {
    let (params, mut optimizer) = (model(), optimizer(ADAMW));
    run(&mut *optimizer, &params, 0..2);
    let names: Vec<String> = optimizer.state().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names[..3], ["step/bias", "exp_avg/bias", "exp_avg_sq/bias"]);
    assert_eq!(names.len(), 9);
    assert_eq!(optimizer.state()[0].1.double_value(&[]), 2.0);
}

#[test]
fn parameters_that_are_frozen_or_without_gradient_are_unchanged() {
    for spec in ALL {
        let (mut params, mut optimizer) = (model(), optimizer(spec));
        let before = values(&params);
        optimizer.step(&params, 0.1).unwrap();
        assert_eq!(values(&params), before, "{spec}: nothing has a gradient");
        backward(&params, 0);
        params.under("weight").for_each(|param| param.frozen = true);
        optimizer.step(&params, 0.1).unwrap();
        let after = values(&params);
        let moved: Vec<bool> = before.iter().zip(&after).map(|(before, after)| before != after).collect();
        assert_eq!(moved, [true, true, false], "{spec}: bias, slow, weight");
    }
}

#[test]
fn the_gradient_is_not_modified() {
    for spec in ALL {
        let (params, mut optimizer) = (model(), optimizer(spec));
        run(&mut *optimizer, &params, 0..2);
        let weight = params.iter().find(|param| param.name == "weight").unwrap();
        assert_eq!(weight.tensor.grad().double_value(&[0, 1]), gradient(1, 1));
    }
}

#[test]
fn a_state_has_the_memory_layout_of_its_parameter() {
    let vars = nn::VarStore::new(Device::Cpu);
    tch::manual_seed(3);
    let plain = Tensor::randn([2, 3, 4, 4], (Kind::Float, Device::Cpu));
    let swapped = plain.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]); // channels last
    let _ = vars.root().add("weight", swapped, true);
    let params = Params::new(&vars, Vec::new());
    let (mut first_run, mut resumed) = (optimizer(ADAMW), optimizer(ADAMW));
    run(&mut *first_run, &params, 0..1);
    // Files contain contiguous tensors.
    let saved = first_run.state().into_iter().map(|(name, tensor)| (name, tensor.contiguous()));
    resumed.restore(saved.collect()).unwrap();
    let start = params.iter().next().unwrap().tensor.copy();
    run(&mut *first_run, &params, 1..2);
    let expected = values(&params);
    tch::no_grad(|| params.iter().next().unwrap().tensor.shallow_clone().copy_(&start));
    run(&mut *resumed, &params, 1..2);
    assert_eq!(values(&params), expected);
}

#[test]
fn a_foreign_state_is_an_error_that_names_it() {
    let one = || Tensor::ones([2, 2], (Kind::Double, Device::Cpu));
    let error = |spec: &str, state| optimizer(spec).restore(state).unwrap_err().to_string();
    let foreign = error(SGD, vec![("exp_avg/weight".to_owned(), one())]);
    assert!(foreign.contains("`exp_avg/weight`") && foreign.ends_with("it uses momentum"), "{foreign}");
    let incomplete =
        error(ADAMW, vec![("step/weight".to_owned(), one()), ("exp_avg/weight".to_owned(), one())]);
    assert_eq!(incomplete, "the saved optimizer state lacks `exp_avg_sq/weight`");
    let (params, mut misshapen) = (model(), optimizer(SGD));
    misshapen.restore(vec![("momentum/bias".to_owned(), one())]).unwrap();
    backward(&params, 0);
    let error = misshapen.step(&params, 0.1).unwrap_err().to_string();
    assert_eq!(error, "the saved `momentum` of `bias` is [2, 2] and the parameter [2]");
}

#[test]
fn invalid_settings_are_reported() {
    let mut catalog = Catalog::default();
    plugins_optimizer::register(&mut catalog);
    for (text, message) in [
        ("plugin = 'adamw'\nlr = 0.0", "[optimizer].lr: must be positive"),
        ("plugin = 'adamw'\nbetas = [0.9, 1.0]", "[optimizer].betas: must both be at least 0 and below 1"),
        ("plugin = 'sgd'\nmomentum = 0.0\nnesterov = true", "[optimizer].nesterov: needs a momentum above 0"),
        ("plugin = 'sgd'\nweight_decay = -1.0", "[optimizer].weight_decay: must not be negative"),
    ] {
        let section = Section::new("optimizer", 0..0, parse(text.to_owned()).unwrap());
        assert_eq!(catalog.optimizer.plan(section).unwrap_err()[0].message, message);
    }
}
