//! A tensor whose rows are written in place by several threads.
#![allow(unsafe_code)]

use std::{slice, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use tch::{Device, Kind, Tensor};

use crate::pinned::empty_for;

/// The tensor while its rows are being written.
#[derive(Debug)]
pub struct Rows(Arc<Buffer>);

/// Exclusive access to one row.
#[derive(Debug)]
pub struct Row {
    start: *mut f32,
    len: usize,
    // Keeps the memory alive.
    _buffer: Arc<Buffer>,
}

#[derive(Debug)]
struct Buffer(Tensor);

// SAFETY: between `Rows::new` and `Rows::join` the tensor itself is not used, only its memory through rows, which do not
// overlap; `join` returns it only when no row is left.
unsafe impl Sync for Buffer {}
// SAFETY: a row is the only access to its part of the memory, which `_buffer` keeps alive.
unsafe impl Send for Row {}

impl Rows {
    /// `rows` uninitialised rows of f32 with `shape`: the tensor is `[rows, ..shape]`. For a GPU its memory is pinned,
    /// so that it can be copied asynchronously.
    ///
    /// # Errors
    /// If libtorch cannot allocate the tensor.
    pub fn new(rows: usize, shape: &[i64], device: Device) -> Result<(Self, Vec<Row>)> {
        ensure!(shape.iter().all(|side| *side >= 0), "rows of shape {shape:?}");
        let mut size = vec![i64::try_from(rows)?];
        size.extend(shape);
        let tensor = empty_for(device, &size, Kind::Float)?;
        let len = usize::try_from(shape.iter().product::<i64>())?;
        let start = tensor.data_ptr().cast::<f32>();
        let whole = Arc::new(Buffer(tensor));
        // SAFETY: the tensor is contiguous f32 on the CPU and has `rows * len` values.
        let row =
            |index: usize| Row { start: unsafe { start.add(index * len) }, len, _buffer: whole.clone() };
        let parts = (0..rows).map(row).collect();
        Ok((Self(whole), parts))
    }

    /// The tensor, once every row has been dropped. Rows that were not written have undefined values.
    ///
    /// # Errors
    /// If a row still exists.
    pub fn join(self) -> Result<Tensor> {
        Ok(Arc::into_inner(self.0).context("a row is still being written")?.0)
    }
}

impl Row {
    /// The values of the row.
    pub fn as_mut_slice(&mut self) -> &mut [f32] {
        // SAFETY: `_buffer` keeps the memory alive, this row has exclusive access, and the slice borrows the row.
        unsafe { slice::from_raw_parts_mut(self.start, self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_written_by_threads_are_the_tensor() {
        let (rows, parts) = Rows::new(3, &[2, 2], Device::Cpu).unwrap();
        let write = |(index, mut row): (usize, Row)| {
            std::thread::spawn(move || row.as_mut_slice().fill(index as f32 + 0.5)).join().unwrap();
        };
        parts.into_iter().enumerate().for_each(write);
        let whole = rows.join().unwrap();
        assert_eq!(whole.size(), [3, 2, 2]);
        assert_eq!(
            Vec::<f32>::try_from(whole.mean_dim([1, 2].as_slice(), false, Kind::Float)).unwrap(),
            [0.5, 1.5, 2.5]
        );
    }

    #[test]
    fn join_fails_while_a_row_exists() {
        let (rows, mut parts) = Rows::new(2, &[1], Device::Cpu).unwrap();
        let kept = parts.pop();
        drop(parts);
        assert!(rows.join().is_err());
        drop(kept);
        assert!(Rows::new(0, &[3], Device::Cpu).unwrap().0.join().is_ok());
    }
}
