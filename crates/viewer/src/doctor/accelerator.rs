//! GPUs: the driver of the system, and what the core finds.

use std::fs;

use serde_json::{Value, json};

use super::finding::Finding;

const TOPIC: &str = "accelerator";

/// The devices of the core, and the driver of the system. `probe` is the answer of the core, if it starts.
pub fn accelerator(probe: Option<&Value>) -> Finding {
    let driver = fs::read_to_string("/proc/driver/nvidia/version").ok();
    let driver = driver.as_deref().and_then(|text| text.lines().next()).map(|line| line.trim().to_owned());
    let of = |key: &str| probe.map_or(&Value::Null, |probe| &probe[key]);
    let details = json!({
        "driver": driver, "devices": of("devices").as_u64().unwrap_or(0), "cuda": of("cuda"),
        "cuda_fault": of("cuda_fault"), "cuda_half": of("cuda_half"), "oldest_driver": of("oldest_driver"),
    });
    finding(&details).with(details)
}

/// What the devices and the driver in `details` mean for runs.
fn finding(details: &Value) -> Finding {
    let text = |key: &str| details[key].as_str();
    match (text("driver"), text("cuda_fault"), details["devices"].as_u64()) {
        (_, None, Some(devices @ 1..)) => {
            Finding::ok(TOPIC, format!("{devices} with CUDA; `device = \"auto\"` uses the first"))
        }
        (None, None, _) if text("cuda").is_some() => {
            let found = format!("none (no NVIDIA driver): runs use the CPU. {}", needs(details));
            Finding::ok(TOPIC, found)
        }
        (None, Some(fault), _) if text("cuda_half").is_some() => {
            let found = format!("none (no NVIDIA driver): runs use the CPU. CUDA would not open: {fault}");
            Finding::note(TOPIC, found, setup(details))
        }
        (None, ..) => Finding::ok(TOPIC, "none (no NVIDIA driver): runs use the CPU"),
        (Some(driver), Some(fault), _) => {
            let found = format!("there is a driver ({driver}), but no CUDA: runs use the CPU ({fault})");
            Finding::note(TOPIC, found, format!("{}\n{}", setup(details), needs(details)))
        }
        (Some(driver), None, _) => {
            let found = format!("there is a driver ({driver}), but no device: runs use the CPU");
            let hidden = "`nvidia-smi` lists the devices of the driver; CUDA_VISIBLE_DEVICES may hide some";
            Finding::note(TOPIC, found, format!("{hidden}\n{}", needs(details)))
        }
    }
}

/// The driver that CUDA needs; empty if the core does not start.
fn needs(details: &Value) -> String {
    let cuda = details["cuda"].as_str().map(|version| format!(" {version}")).unwrap_or_default();
    match &details["oldest_driver"] {
        Value::Null => String::new(),
        oldest => format!("libtorch's CUDA{cuda} needs NVIDIA driver {oldest} or newer"),
    }
}

/// How to install CUDA, or to repair it.
fn setup(details: &Value) -> String {
    match details["cuda_half"].as_str() {
        Some(half) => format!("remove {half}, and `cargo xtask setup --cuda` downloads it again"),
        None => "`cargo xtask setup --cuda` downloads the CUDA half of libtorch (2.5 GB); a libtorch of your own must have \
                 CUDA when you build against it"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Severity;

    const DRIVER: &str = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05";

    /// Severity and text for the fields that the core reports.
    fn finding_with(driver: Option<&str>, mut details: Value) -> (Severity, String) {
        details["driver"] = json!(driver);
        details["oldest_driver"] = json!(580);
        let finding = finding(&details);
        (finding.severity, [finding.found, finding.advice.unwrap_or_default()].join("\n"))
    }

    #[test]
    fn a_machine_without_a_driver_is_in_order_unless_its_cuda_half_is_damaged() {
        let (severity, text) = finding_with(None, json!({ "cuda_fault": "libtorch_cuda.so: cannot open" }));
        assert_eq!((severity, text.trim()), (Severity::Ok, "none (no NVIDIA driver): runs use the CPU"));
        let (severity, text) =
            finding_with(None, json!({ "cuda": "13.0", "devices": 0, "cuda_half": "/c/cuda" }));
        assert_eq!(severity, Severity::Ok);
        assert!(text.contains("libtorch's CUDA 13.0 needs NVIDIA driver 580 or newer"), "{text}");
        let damaged = json!({ "cuda_fault": "libcudnn.so.9: file too short", "cuda_half": "/c/cuda" });
        let (severity, text) = finding_with(None, damaged);
        assert_eq!(severity, Severity::Note);
        assert!(text.contains("libcudnn.so.9: file too short\nremove /c/cuda, and `cargo xtask"), "{text}");
    }

    #[test]
    fn a_driver_without_a_device_is_a_note_with_the_remedy() {
        let (severity, text) =
            finding_with(Some(DRIVER), json!({ "cuda_fault": "libtorch_cuda.so: cannot open" }));
        assert_eq!(severity, Severity::Note);
        assert!(text.contains("535.104.05), but no CUDA: runs use the CPU (libtorch_cuda.so: "), "{text}");
        assert!(text.contains("`cargo xtask setup --cuda` downloads the CUDA half"), "{text}");
        assert!(text.ends_with("libtorch's CUDA needs NVIDIA driver 580 or newer"), "{text}");
        let (severity, text) = finding_with(Some(DRIVER), json!({ "cuda": "13.0", "devices": 0 }));
        assert_eq!(severity, Severity::Note);
        assert!(text.contains("but no device") && text.contains("nvidia-smi"), "{text}");
        let (severity, text) = finding_with(Some(DRIVER), json!({ "cuda": "13.0", "devices": 2 }));
        assert_eq!((severity, text.starts_with("2 with CUDA; ")), (Severity::Ok, true));
    }
}
