//! Copies to a GPU on a stream of their own: it computes meanwhile, and neither it nor the host waits for them.
#![allow(unsafe_code)]

use std::{
    ffi::{c_char, c_void},
    ptr::null_mut,
};

use anyhow::Result;
use tch::{Device, Tensor};

use crate::ffi::{into_result, pointers};

unsafe extern "C" {
    fn shim_stream(device: i8, id: *mut i64) -> *mut c_char;
    fn shim_upload(
        device: i8,
        id: i64,
        host: *const *const c_void,
        n: usize,
        out: *const *mut c_void,
        event: *mut *mut c_void,
    ) -> *mut c_char;
    fn shim_wait_upload(event: *mut c_void, tensors: *const *const c_void, n: usize) -> *mut c_char;
    fn shim_drop_event(event: *mut c_void);
}

/// A stream of a GPU that only copies. For the CPU it does nothing.
#[derive(Debug, Clone, Copy)]
pub struct CopyStream(Option<Pooled>);

/// A stream of the pool of a GPU.
#[derive(Debug, Clone, Copy)]
struct Pooled {
    device: i8,
    id: i64,
}

/// Tensors on their way to a device.
#[derive(Debug)]
pub struct Upload {
    tensors: Vec<Tensor>,
    /// The end of the copies; none on the CPU.
    end: Option<Event>,
}

/// An event of libtorch, which is ours.
#[derive(Debug)]
struct Event(*mut c_void);

impl CopyStream {
    /// A stream of `device`.
    ///
    /// # Errors
    /// If libtorch does not find the GPU.
    pub fn new(device: Device) -> Result<Self> {
        let Device::Cuda(number) = device else { return Ok(Self(None)) };
        let (device, mut id) = (i8::try_from(number)?, 0);
        // SAFETY: `id` is ours.
        into_result(unsafe { shim_stream(device, &raw mut id) })?;
        Ok(Self(Some(Pooled { device, id })))
    }

    /// Issues copies of `host` to the device. The host does not wait for them if the tensors are in pinned memory, which
    /// libtorch reuses only once it has been copied.
    ///
    /// # Errors
    /// If libtorch cannot allocate the copies.
    pub fn upload(self, host: Vec<Tensor>) -> Result<Upload> {
        let Some(Pooled { device, id }) = self.0 else { return Ok(Upload { tensors: host, end: None }) };
        let mut tensors: Vec<Tensor> = host.iter().map(|_| Tensor::new()).collect();
        let out: Vec<*mut c_void> =
            tensors.iter_mut().map(|tensor| tensor.as_mut_ptr().cast::<c_void>()).collect();
        let (list, mut event) = (pointers(&host), null_mut());
        // SAFETY: both lists hold as many live tensors as stated; those of `out` are assigned, and `event` is ours.
        into_result(unsafe {
            shim_upload(device, id, list.as_ptr(), list.len(), out.as_ptr(), &raw mut event)
        })?;
        Ok(Upload { tensors, end: Some(Event(event)) })
    }
}

impl Upload {
    /// The tensors on the device. Its current stream waits for the copies, the host does not.
    pub fn wait(self) -> Result<Vec<Tensor>> {
        if let Some(Event(event)) = &self.end {
            let list = pointers(&self.tensors);
            // SAFETY: the event and the tensors are live during the call.
            into_result(unsafe { shim_wait_upload(*event, list.as_ptr(), list.len()) })?;
        }
        Ok(self.tensors)
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: the event is ours, and not used afterwards.
        unsafe { shim_drop_event(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pinned::pack;
    use tch::Cuda;

    #[test]
    fn uploaded_tensors_are_equal_on_every_device() {
        let gpu = Cuda::is_available().then_some(Device::Cuda(0));
        for device in [Some(Device::Cpu), gpu].into_iter().flatten() {
            let stream = CopyStream::new(device).unwrap();
            let values = || pack([&[3, -1], &[i64::MAX]], device).unwrap();
            drop(stream.upload(vec![values()]).unwrap());
            for _ in 0..3 {
                let bytes = Tensor::from_slice(&[0u8, 7, 255]);
                let upload = stream.upload(vec![values(), bytes]).unwrap();
                let [integers, bytes]: [Tensor; 2] = upload.wait().unwrap().try_into().unwrap();
                assert_eq!((integers.device(), bytes.device()), (device, device));
                assert_eq!(Vec::<i64>::try_from(&integers).unwrap(), [3, -1, i64::MAX]);
                assert_eq!(Vec::<u8>::try_from(&bytes).unwrap(), [0, 7, 255]);
            }
            assert!(stream.upload(Vec::new()).unwrap().wait().unwrap().is_empty());
        }
    }

    #[test]
    fn a_missing_gpu_has_no_stream() {
        if !Cuda::is_available() {
            assert!(CopyStream::new(Device::Cuda(0)).is_err());
        }
    }
}
