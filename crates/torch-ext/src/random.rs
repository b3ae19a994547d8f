//! States of the random generators.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_void};

use anyhow::Result;
use tch::{Device, Tensor};

use crate::ffi::into_result;

unsafe extern "C" {
    fn shim_rng_state(cuda: c_int, out: *mut c_void) -> *mut c_char;
    fn shim_set_rng_state(cuda: c_int, state: *const c_void) -> *mut c_char;
}

/// The states of the generators used on a device: the CPU's, and the device's own. Restoring it repeats the random
/// numbers.
#[derive(Debug)]
pub struct RandomState {
    device: Device,
    cpu: Tensor,
    own: Option<Tensor>,
}

impl RandomState {
    /// The current states.
    ///
    /// # Errors
    /// If the device does not exist.
    pub fn take(device: Device) -> Result<Self> {
        let own = if device.is_cuda() { Some(get(device)?) } else { None };
        Ok(Self { device, cpu: get(Device::Cpu)?, own })
    }

    /// Restores the states.
    ///
    /// # Errors
    /// If a libtorch operation fails.
    pub fn set(&self) -> Result<()> {
        set(Device::Cpu, &self.cpu)?;
        self.own.as_ref().map_or(Ok(()), |own| set(self.device, own))
    }
}

/// The state of the CPU's random generator, `[5056]` uint8.
///
/// # Errors
/// If a libtorch operation fails.
pub fn rng_state() -> Result<Tensor> {
    get(Device::Cpu)
}

/// Restores a state of the CPU's random generator from [`rng_state`].
///
/// # Errors
/// If `state` is not a generator state.
pub fn set_rng_state(state: &Tensor) -> Result<()> {
    set(Device::Cpu, state)
}

fn number(device: Device) -> c_int {
    match device {
        Device::Cuda(number) => number as c_int,
        _ => -1,
    }
}

fn get(device: Device) -> Result<Tensor> {
    let mut out = Tensor::new();
    // SAFETY: `out` is assigned a tensor.
    into_result(unsafe { shim_rng_state(number(device), out.as_mut_ptr().cast()) })?;
    Ok(out)
}

fn set(device: Device, state: &Tensor) -> Result<()> {
    // SAFETY: `state` is a live tensor; libtorch checks its type and length.
    into_result(unsafe { shim_set_rng_state(number(device), state.as_ptr().cast()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    #[test]
    fn random_numbers_continue_from_a_saved_state() {
        let draw = || Tensor::rand([4], (Kind::Float, Device::Cpu));
        let (state, whole) = (rng_state().unwrap(), RandomState::take(Device::Cpu).unwrap());
        let first = draw();
        set_rng_state(&state).unwrap();
        assert_eq!(first, draw());
        assert_ne!(first, draw());
        whole.set().unwrap();
        assert_eq!(first, draw());
    }

    #[test]
    fn an_invalid_state_is_rejected() {
        assert!(set_rng_state(&Tensor::ones([2], (Kind::Float, Device::Cpu))).is_err());
    }

    #[test]
    fn a_gpu_has_a_generator_of_its_own() {
        if !tch::Cuda::is_available() {
            assert!(RandomState::take(Device::Cuda(0)).is_err());
            return;
        }
        let draw = || Tensor::rand([4], (Kind::Float, Device::Cuda(0)));
        let state = RandomState::take(Device::Cuda(0)).unwrap();
        let first = draw();
        state.set().unwrap();
        assert_eq!(first, draw());
    }
}
