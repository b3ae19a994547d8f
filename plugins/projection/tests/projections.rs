//! Projections built from a spec's table, compared with their formulas in double precision.

use clip_lab_plugin_api::{Catalog, Mode, Planned, Projection, ProjectionContext, Section, parse};
use tch::{Device, Kind, Tensor, nn};

fn plan(text: &str) -> Planned<dyn Projection> {
    let mut catalog = Catalog::default();
    plugins_projection::register(&mut catalog);
    let section = Section::new("model.image_projection", 0..0, parse(text.to_owned()).unwrap());
    catalog.projection.plan(section).unwrap()
}

fn build(text: &str, input: i64) -> (nn::VarStore, Box<dyn Projection>) {
    tch::manual_seed(7);
    let mut vars = nn::VarStore::new(Device::Cpu);
    vars.set_kind(Kind::Double);
    let head = plan(text).build(ProjectionContext { vars: vars.root(), input }).unwrap();
    (vars, head)
}

fn features(rows: i64, width: i64) -> Tensor {
    Tensor::randn([rows, width], (Kind::Double, Device::Cpu))
}

fn shapes(vars: &nn::VarStore) -> Vec<(String, Vec<i64>)> {
    let mut shapes: Vec<_> = vars.variables().into_iter().map(|(name, t)| (name, t.size())).collect();
    shapes.sort();
    shapes
}

fn close(a: &Tensor, b: &Tensor) {
    assert!(a.allclose(b, 1e-12, 1e-12, false), "{a:?} {b:?}");
}

#[test]
fn linear_is_one_matrix() {
    let (vars, head) = build("plugin = 'linear'\ndim = 3", 5);
    assert_eq!(shapes(&vars), [("weight".to_owned(), vec![3, 5])]);
    let x = features(4, 5);
    close(&head.project(&x, Mode::Train).unwrap(), &x.matmul(&vars.variables()["weight"].tr()));
}

#[test]
fn linear_is_initialised_like_clip() {
    let (vars, _) = build("plugin = 'linear'\ndim = 400\nbias = true", 256);
    let (weight, bias) = (&vars.variables()["weight"], &vars.variables()["bias"]);
    assert!((weight.std(true).double_value(&[]) - 1.0 / 16.0).abs() < 1e-3);
    assert!(weight.mean(Kind::Double).double_value(&[]).abs() < 1e-3);
    assert_eq!(bias.abs().max().double_value(&[]), 0.0);
}

#[test]
fn mlp_is_two_layers_and_a_gelu() {
    let (vars, head) = build("plugin = 'mlp'\ndim = 4\nbias = true", 8);
    let v = vars.variables();
    assert_eq!(v["fc1.weight"].size(), [6, 8]);
    assert_eq!(v["fc2.weight"].size(), [4, 6]);
    assert!(v["fc1.weight"].abs().max().double_value(&[]) <= 8f64.powf(-0.5));
    let x = features(3, 8);
    let hidden = x.matmul(&v["fc1.weight"].tr()) + &v["fc1.bias"];
    let gelu = &hidden * 0.5 * ((&hidden / 2f64.sqrt()).erf() + 1.0);
    let want = gelu.matmul(&v["fc2.weight"].tr()) + &v["fc2.bias"];
    close(&head.project(&x, Mode::Eval).unwrap(), &want);
}

#[test]
fn mlp_has_no_bias_by_default_and_any_hidden_width() {
    let (vars, _) = build("plugin = 'mlp'\ndim = 4\nhidden = 9", 8);
    assert_eq!(shapes(&vars), [("fc1.weight".to_owned(), vec![9, 8]), ("fc2.weight".to_owned(), vec![4, 9])]);
}

#[test]
fn residual_is_the_head_of_simple_clip() {
    let (vars, head) = build("plugin = 'residual'\ndim = 4", 6);
    let v = vars.variables();
    let x = features(5, 6);
    let p = x.matmul(&v["projection.weight"].tr()) + &v["projection.bias"];
    let sum = &p + p.gelu("none").matmul(&v["fc.weight"].tr()) + &v["fc.bias"];
    let centred = &sum - sum.mean_dim(1, true, Kind::Double);
    let variance = centred.square().mean_dim(1, true, Kind::Double);
    close(&head.project(&x, Mode::Eval).unwrap(), &(centred / (variance + 1e-5).sqrt()));
}

#[test]
fn residual_drops_only_in_training() {
    let (_vars, head) = build("plugin = 'residual'\ndim = 64\ndropout = 0.5", 6);
    let x = features(5, 6);
    let eval = || head.project(&x, Mode::Eval).unwrap();
    let train = || head.project(&x, Mode::Train).unwrap();
    assert_eq!(eval(), eval());
    assert_ne!(train(), train());
}

#[test]
fn identity_passes_features_on() {
    let (vars, head) = build("plugin = 'identity'", 6);
    let x = features(5, 6);
    assert_eq!(head.project(&x, Mode::Train).unwrap(), x);
    assert!(vars.is_empty());
}

#[test]
fn widths_are_known_before_anything_is_built() {
    let properties = |text| plan(text).properties;
    assert_eq!(properties("plugin = 'linear'\ndim = 9").dim, Some(9));
    assert_eq!(properties("plugin = 'residual'").dim, Some(256));
    assert!(properties("plugin = 'mlp'").learned);
    let identity = properties("plugin = 'identity'");
    assert_eq!((identity.dim, identity.learned), (None, false));
}

#[test]
fn features_of_another_width_are_an_error() {
    for text in ["plugin = 'linear'", "plugin = 'mlp'", "plugin = 'residual'"] {
        let (_vars, head) = build(text, 6);
        let error = head.project(&features(2, 7), Mode::Eval).unwrap_err().to_string();
        assert_eq!(error, "features are 7 wide and the projection was built for 6");
    }
}

#[test]
fn invalid_settings_are_reported() {
    let mut catalog = Catalog::default();
    plugins_projection::register(&mut catalog);
    for (text, message) in [
        ("plugin = 'linear'\ndim = 0", "[p].dim: must be at least 1"),
        ("plugin = 'mlp'\nhidden = -1", "[p].hidden: must be at least 1"),
        ("plugin = 'residual'\ndropout = 1.0", "[p].dropout: must be at least 0 and below 1"),
    ] {
        let section = Section::new("p", 0..0, parse(text.to_owned()).unwrap());
        assert_eq!(catalog.projection.plan(section).unwrap_err()[0].message, message);
    }
}
