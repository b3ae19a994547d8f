//! The key-value store through which processes find each other.
#![allow(unsafe_code)]

use std::{ffi::c_void, time::Duration};

use super::ffi::{self, Fault};

/// A connection with libtorch's TCPStore, whose server is in this process or another.
#[derive(Debug)]
pub struct Store(*mut c_void);

// SAFETY: a TCPStore may be used by several threads; it holds a lock during a request.
unsafe impl Send for Store {}
// SAFETY: as above.
unsafe impl Sync for Store {}

impl Store {
    /// Connects within `timeout`, after starting the server if `serve`. `prefix` is put before all keys.
    pub fn open(host: &str, port: u16, serve: bool, prefix: &str, timeout: Duration) -> Result<Self, Fault> {
        ffi::open_store(host, port, serve, prefix, timeout).map(Self)
    }

    pub fn set(&self, key: &str, value: &[u8]) -> Result<(), Fault> {
        ffi::set(self.0, key, value)
    }

    /// The value, once it exists. A server that is stopped, not gone, may block longer than `timeout`.
    pub fn get(&self, key: &str, timeout: Duration) -> Result<Vec<u8>, Fault> {
        ffi::get(self.0, key, timeout)
    }

    pub fn has(&self, key: &str) -> Result<bool, Fault> {
        ffi::has(self.0, key)
    }

    /// For libtorch's process groups, which keep a reference.
    pub(super) fn raw(&self) -> *mut c_void {
        self.0
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        ffi::free_store(self.0);
    }
}
