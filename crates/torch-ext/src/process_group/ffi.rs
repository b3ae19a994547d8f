//! Calls into `shim/c10d.cpp`.
#![allow(unsafe_code)]

use std::{
    ffi::{CString, c_char, c_int, c_void},
    ptr, slice,
    time::Duration,
};

use tch::Tensor;

use super::Op;
use crate::ffi::take_message;

/// The message of a C++ exception.
pub type Fault = String;

unsafe extern "C" {
    fn shim_store_open(
        host: *const c_char,
        port: u16,
        serve: bool,
        prefix: *const c_char,
        timeout_ms: i64,
        out: *mut *mut c_void,
    ) -> *mut c_char;
    fn shim_store_free(store: *mut c_void);
    fn shim_store_set(store: *mut c_void, key: *const c_char, value: *const u8, n: usize) -> *mut c_char;
    fn shim_store_get(
        store: *mut c_void,
        key: *const c_char,
        timeout_ms: i64,
        list: *mut c_void,
        take: extern "C" fn(*mut c_void, *const u8, usize),
    ) -> *mut c_char;
    fn shim_store_has(store: *mut c_void, key: *const c_char, out: *mut bool) -> *mut c_char;
    fn shim_group_gloo(
        store: *mut c_void,
        rank: c_int,
        size: c_int,
        address: *const c_char,
        timeout_ms: i64,
        out: *mut *mut c_void,
    ) -> *mut c_char;
    fn shim_group_free(group: *mut c_void);
    fn shim_group_all_reduce(
        group: *mut c_void,
        tensor: *const c_void,
        op: c_int,
        work: *mut *mut c_void,
    ) -> *mut c_char;
    fn shim_group_all_gather(
        group: *mut c_void,
        out: *const c_void,
        input: *const c_void,
        work: *mut *mut c_void,
    ) -> *mut c_char;
    fn shim_group_reduce_scatter(
        group: *mut c_void,
        out: *const c_void,
        input: *const c_void,
        op: c_int,
        work: *mut *mut c_void,
    ) -> *mut c_char;
    fn shim_group_all_to_all(
        group: *mut c_void,
        out: *const c_void,
        input: *const c_void,
        work: *mut *mut c_void,
    ) -> *mut c_char;
    fn shim_group_broadcast(
        group: *mut c_void,
        tensor: *const c_void,
        root: c_int,
        work: *mut *mut c_void,
    ) -> *mut c_char;
    fn shim_group_barrier(group: *mut c_void, timeout_ms: i64, work: *mut *mut c_void) -> *mut c_char;
    fn shim_work_wait(work: *mut c_void, slice_ms: i64, done: *mut bool) -> *mut c_char;
    fn shim_work_is_done(work: *mut c_void) -> bool;
    fn shim_work_free(work: *mut c_void);
}

/// A collective operation with its tensors.
pub enum Call<'a> {
    AllReduce(&'a Tensor, Op),
    /// Output, then input.
    AllGather(&'a Tensor, &'a Tensor),
    /// Output, then input.
    ReduceScatter(&'a Tensor, &'a Tensor, Op),
    /// Output, then input.
    AllToAll(&'a Tensor, &'a Tensor),
    /// The tensor, and the rank whose values it becomes.
    Broadcast(&'a Tensor, usize),
    Barrier(Duration),
}

fn done(message: *mut c_char) -> Result<(), Fault> {
    take_message(message).map_or(Ok(()), |text| Err(text.lines().next().unwrap_or("unknown").to_owned()))
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX).max(1)
}

fn c_string(text: &str) -> Result<CString, Fault> {
    CString::new(text).map_err(|_| format!("`{}` contains a zero byte", text.escape_debug()))
}

fn tensor(tensor: &Tensor) -> *const c_void {
    tensor.as_ptr().cast()
}

/// Opens a client of the store, and its server if `serve`.
pub fn open_store(
    host: &str,
    port: u16,
    serve: bool,
    prefix: &str,
    timeout: Duration,
) -> Result<*mut c_void, Fault> {
    let (host, prefix) = (c_string(host)?, c_string(prefix)?);
    let mut store = ptr::null_mut();
    // SAFETY: C strings, and out pointers that are set unless there is a message.
    done(unsafe {
        shim_store_open(host.as_ptr(), port, serve, prefix.as_ptr(), milliseconds(timeout), &raw mut store)
    })?;
    Ok(store)
}

/// Ends the connection, and the server if there is one. Once for each store.
pub fn free_store(store: *mut c_void) {
    // SAFETY: allocated by `open_store`, freed once by `Store`.
    unsafe { shim_store_free(store) }
}

pub fn set(store: *mut c_void, key: &str, value: &[u8]) -> Result<(), Fault> {
    let key = c_string(key)?;
    // SAFETY: a live store, a C string, and `n` bytes.
    done(unsafe { shim_store_set(store, key.as_ptr(), value.as_ptr(), value.len()) })
}

/// Waits until the key exists.
pub fn get(store: *mut c_void, key: &str, timeout: Duration) -> Result<Vec<u8>, Fault> {
    extern "C" fn take(list: *mut c_void, value: *const u8, n: usize) {
        if n > 0 {
            // SAFETY: `list` is the vector below, and `value` points to `n` bytes.
            unsafe { (*list.cast::<Vec<u8>>()).extend_from_slice(slice::from_raw_parts(value, n)) }
        }
    }
    let key = c_string(key)?;
    let mut value = Vec::<u8>::new();
    // SAFETY: a live store and a C string; `take` gets back the vector it expects.
    done(unsafe {
        shim_store_get(store, key.as_ptr(), milliseconds(timeout), (&raw mut value).cast(), take)
    })?;
    Ok(value)
}

pub fn has(store: *mut c_void, key: &str) -> Result<bool, Fault> {
    let key = c_string(key)?;
    let mut found = false;
    // SAFETY: a live store, a C string, and an out pointer.
    done(unsafe { shim_store_has(store, key.as_ptr(), &raw mut found) })?;
    Ok(found)
}

/// Connects by Gloo with all ranks; see `make_gloo` in shim/c10d.h.
pub fn gloo(
    store: *mut c_void,
    rank: usize,
    size: usize,
    address: &str,
    timeout: Duration,
) -> Result<*mut c_void, Fault> {
    let address = c_string(address)?;
    let mut group = ptr::null_mut();
    let (rank, size) = (rank as c_int, size as c_int);
    // SAFETY: a live store, a C string, and an out pointer that is set unless there is a message.
    done(unsafe {
        shim_group_gloo(store, rank, size, address.as_ptr(), milliseconds(timeout), &raw mut group)
    })?;
    Ok(group)
}

/// Waits for operations in progress. Once for each group.
pub fn free_group(group: *mut c_void) {
    // SAFETY: allocated by `gloo`, freed once by `ProcessGroup`.
    unsafe { shim_group_free(group) }
}

/// Begins an operation and returns its handle.
pub fn begin(group: *mut c_void, call: &Call) -> Result<*mut c_void, Fault> {
    let mut work = ptr::null_mut();
    let out = &raw mut work;
    // SAFETY: a live group and live tensors, of which c10d keeps references until the operation ends.
    done(unsafe {
        match call {
            Call::AllReduce(inout, op) => shim_group_all_reduce(group, tensor(inout), *op as c_int, out),
            Call::AllGather(to, from) => shim_group_all_gather(group, tensor(to), tensor(from), out),
            Call::ReduceScatter(to, from, op) => {
                shim_group_reduce_scatter(group, tensor(to), tensor(from), *op as c_int, out)
            }
            Call::AllToAll(to, from) => shim_group_all_to_all(group, tensor(to), tensor(from), out),
            Call::Broadcast(inout, root) => shim_group_broadcast(group, tensor(inout), *root as c_int, out),
            Call::Barrier(timeout) => shim_group_barrier(group, milliseconds(*timeout), out),
        }
    })?;
    Ok(work)
}

/// Blocks until the operation ends, or until `slice` has passed; whether it has ended.
pub fn wait(work: *mut c_void, slice: Duration) -> Result<bool, Fault> {
    let mut ended = false;
    // SAFETY: a live handle, and an out pointer.
    done(unsafe { shim_work_wait(work, milliseconds(slice), &raw mut ended) })?;
    Ok(ended)
}

pub fn is_done(work: *mut c_void) -> bool {
    // SAFETY: a live handle.
    unsafe { shim_work_is_done(work) }
}

/// Forgets the handle; the operation goes on. Once for each handle.
pub fn free_work(work: *mut c_void) {
    // SAFETY: allocated by `begin`, freed once by `Work`.
    unsafe { shim_work_free(work) }
}
