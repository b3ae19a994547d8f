//! A warning about number formats that leave a GPU idle.

use super::Warning;
use crate::{
    model::nvidia_driver,
    plan::{Plan, Precision, Run},
};

pub(super) fn warnings(plan: &Plan) -> Option<Warning> {
    let message = full_fp32(&plan.run, || nvidia_driver().is_some())?;
    Some(Warning::about(plan, "run.precision", message))
}

/// The warning of a run in fp32 on a GPU. `has_driver` is whether the device `auto` may be a GPU of this machine.
fn full_fp32(run: &Run, has_driver: impl FnOnce() -> bool) -> Option<&'static str> {
    let gpu = run.device.starts_with("cuda") || (run.device == "auto" && has_driver());
    (gpu && run.precision == Precision::Fp32).then_some(
        "fp32 without TF32 uses a fraction of the GPU's matrix units: set `run.precision = \"tf32\"` or `\"bf16\"`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_fp32_is_slow_on_gpus_only() {
        let warned = |device: &str, precision, driver: bool| {
            let run = Run { device: device.to_owned(), precision, ..Run::default() };
            full_fp32(&run, || driver).is_some()
        };
        for (device, driver, gpu) in [
            ("cuda", false, true),
            ("cuda:1", true, true),
            ("auto", true, true),
            ("auto", false, false),
            ("cpu", true, false),
        ] {
            assert_eq!(warned(device, Precision::Fp32, driver), gpu, "{device}, driver: {driver}");
            for other in [Precision::Tf32, Precision::Bf16, Precision::Fp16] {
                assert!(!warned(device, other, driver), "{device}, {other:?}");
            }
        }
    }
}
