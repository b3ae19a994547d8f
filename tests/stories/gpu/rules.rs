//! The device itself: rules that the CPU does not have.

use std::{env, process::Command};

use clip_lab_torch_ext::{open_cuda, peak_memory};
use tch::{Device, Kind, Tensor};

use super::device::add_to;
use crate::program::Running;

const GPU: Device = Device::Cuda(0);

/// The next test in a process of its own, as libtorch must open the device first.
#[test]
fn the_device_has_rules_of_its_own() {
    let (_program, module) = module_path!().split_once("::").unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([format!("{module}::on_the_device").as_str(), "--exact", "--ignored"]);
    add_to(&mut command);
    let out = Running::spawn(command).wait().success();
    assert!(out.contains("1 passed"), "{out}");
}

#[test]
#[ignore = "needs the environment that the test above sets"]
fn on_the_device() {
    open_cuda().unwrap();
    tensors_of_two_devices_are_an_error();
    random_numbers_are_not_those_of_the_cpu();
    memory_is_counted_and_host_memory_can_be_pinned();
}

fn tensors_of_two_devices_are_an_error() {
    let [here, there] = [Device::Cpu, GPU].map(|device| Tensor::ones([2, 2], (Kind::Float, device)));
    for mixed in [here.f_add(&there), there.f_matmul(&here), Tensor::f_cat(&[&here, &there], 0)] {
        let error = mixed.unwrap_err().to_string();
        assert!(error.contains("Expected all tensors to be on the same device"), "{error}");
    }
    let half = Tensor::from(0.5f32);
    assert_eq!(there.f_mul(&half).unwrap().device(), GPU, "a scalar may be on the CPU");
}

fn random_numbers_are_not_those_of_the_cpu() {
    let draw = |device| Tensor::rand([8], (Kind::Float, device)).to_device(Device::Cpu);
    tch::manual_seed(3);
    let (on_device, on_cpu) = (draw(GPU), draw(Device::Cpu));
    assert!(on_device != on_cpu);
    tch::manual_seed(3);
    assert!(draw(Device::Cpu) == on_cpu && draw(GPU) == on_device, "each has its own generator");
}

fn memory_is_counted_and_host_memory_can_be_pinned() {
    let before = peak_memory(GPU).unwrap();
    let large = Tensor::zeros([1 << 22], (Kind::Float, GPU));
    assert!(peak_memory(GPU).unwrap() >= before.max(16 << 20));
    drop(large);
    let pageable = Tensor::zeros([4], (Kind::Float, Device::Cpu));
    assert!(!pageable.is_pinned(GPU) && pageable.pin_memory(GPU).is_pinned(GPU));
}
