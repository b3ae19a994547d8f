//! Runs in every number format, with channels-last images, and with activation recomputation.

use crate::support::{Lab, serial_guard};
use clip_lab::train::{RunEnd, Stop};

const TINY: &str = include_str!("precision.toml");

fn spec(run: &str) -> String {
    TINY.replace("[run]\n", &format!("[run]\n{run}\n"))
}

/// The losses of a run.
fn losses(run: &str) -> Vec<(u64, f64)> {
    let lab = Lab::new();
    assert_eq!(lab.train(&spec(run), None, Stop::default()).unwrap(), RunEnd::Finished, "{run}");
    lab.points("train/loss")
}

#[test]
fn recomputed_activations_change_no_bit() {
    let _guard = serial_guard();
    assert_eq!(losses(""), losses("recompute_activations = true"));
    let cast = "precision = \"bf16\"";
    assert_eq!(losses(cast), losses(&format!("{cast}\nrecompute_activations = true")));
}

#[test]
fn deterministic_kernels_change_no_bit_on_the_cpu() {
    let _guard = serial_guard();
    // In this order, since the setting is that of the process, and other tests expect the default.
    assert_eq!(losses("deterministic = true"), losses(""));
}

#[test]
fn every_format_trains_similarly() {
    let _guard = serial_guard();
    let exact = losses("");
    assert_eq!(exact, losses("precision = \"tf32\""), "the CPU computes in fp32");
    // Skips the first updates of fp16, until its loss scale has decreased.
    for (run, tolerance, steps) in [
        ("precision = \"bf16\"", 0.1, 8),
        ("precision = \"fp16\"", 0.01, 1),
        ("channels_last = true", 1e-3, 8),
    ] {
        let other = losses(run);
        assert_ne!(exact, other, "{run}");
        assert!(other.last().unwrap().1 < other[0].1, "{run}: {other:?}");
        for ((step, a), (_, b)) in exact.iter().zip(&other).take(steps) {
            assert!((a - b).abs() < tolerance, "{run}, step {step}: {a} and {b}");
        }
    }
}

#[test]
fn the_loss_scale_is_resumed() {
    let _guard = serial_guard();
    let (lab, text) = (Lab::new(), spec("precision = \"fp16\""));
    assert!(matches!(lab.train(&text, None, Stop::after(3)).unwrap(), RunEnd::Stopped { step: 3 }));
    let uid = lab.newest().uid;
    assert_eq!(lab.train(&text, Some(&uid), Stop::default()).unwrap(), RunEnd::Finished);
    assert_eq!(lab.points("train/loss"), losses("precision = \"fp16\""));
    let scales = lab.points("train/loss_scale");
    assert!(scales.iter().all(|(_, scale)| scale.log2().fract() == 0.0 && *scale <= 65536.0), "{scales:?}");
    assert_eq!(scales.len(), 8);
}

#[test]
fn machine_utilisation_is_recorded() {
    let _guard = serial_guard();
    let lab = Lab::new();
    lab.train(&spec(""), None, Stop::default()).unwrap();
    let extra = lab.reader().environment(lab.newest().id).unwrap().extra;
    let fact = |key: &str| extra[key].as_f64().unwrap();
    let (flops, peak) = (fact("train_flops_per_sample"), fact("peak_flops"));
    assert!(flops > 1e4 && peak > 1e7, "{flops} {peak}");
    let point = |metric: &str| lab.points(metric).last().copied().unwrap().1;
    assert!((point("speed/flops_per_s") / (point("speed/pairs_per_s") * flops) - 1.0).abs() < 1e-9);
    assert!((point("speed/mfu") - point("speed/flops_per_s") / peak).abs() < 1e-12);
    assert!(lab.reader().points(lab.newest().id, "train/loss_scale").is_err(), "nothing is scaled");
    // Micro-batches and recomputation do not change the model's FLOPs.
    for other in ["micro_batch = 16", "recompute_activations = true"] {
        let lab = Lab::new();
        lab.train(&spec(other), None, Stop::default()).unwrap();
        let extra = lab.reader().environment(lab.newest().id).unwrap().extra;
        let ratio = extra["train_flops_per_sample"].as_f64().unwrap() / flops;
        assert!((ratio - 1.0).abs() < 0.02, "{other}: {ratio}");
    }
}
