//! A tensor whose rows are written in place by several threads.
#![allow(unsafe_code)]

use std::{marker::PhantomData, slice, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use tch::{Device, Tensor, kind::Element};

use crate::pinned::empty_for;

/// The tensor, of f32 or u8, while its rows are being written.
#[derive(Debug)]
pub struct Rows<T>(Arc<Buffer>, PhantomData<T>);

/// Exclusive access to one row.
#[derive(Debug)]
pub struct Row<T> {
    start: *mut T,
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
unsafe impl<T: Send> Send for Row<T> {}

impl<T: Element> Rows<T> {
    /// `rows` uninitialised rows with `shape`: the tensor is `[rows, ..shape]`. For a GPU its memory is pinned,
    /// so that it can be copied asynchronously.
    ///
    /// # Errors
    /// If libtorch cannot allocate the tensor, or for another type than f32, u8 and i64.
    pub fn new(rows: usize, shape: &[i64], device: Device) -> Result<(Self, Vec<Row<T>>)> {
        ensure!(shape.iter().all(|side| *side >= 0), "rows of shape {shape:?}");
        let mut size = vec![i64::try_from(rows)?];
        size.extend(shape);
        let tensor = empty_for(device, &size, T::KIND)?;
        let len = usize::try_from(shape.iter().product::<i64>())?;
        let start = tensor.data_ptr().cast::<T>();
        let whole = Arc::new(Buffer(tensor));
        // SAFETY: the tensor is contiguous, on the CPU, of type `T`, and has `rows * len` values.
        let row =
            |index: usize| Row { start: unsafe { start.add(index * len) }, len, _buffer: whole.clone() };
        let parts = (0..rows).map(row).collect();
        Ok((Self(whole, PhantomData), parts))
    }

    /// The tensor, once every row has been dropped. Rows that were not written have undefined values.
    ///
    /// # Errors
    /// If a row still exists.
    pub fn join(self) -> Result<Tensor> {
        Ok(Arc::into_inner(self.0).context("a row is still being written")?.0)
    }
}

impl<T> Row<T> {
    /// The values of the row.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: `_buffer` keeps the memory alive, this row has exclusive access, and the slice borrows the row.
        unsafe { slice::from_raw_parts_mut(self.start, self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    #[test]
    fn rows_written_by_threads_are_the_tensor() {
        let (rows, parts) = Rows::new(3, &[2, 2], Device::Cpu).unwrap();
        let write = |(index, mut row): (usize, Row<f32>)| {
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
    fn rows_of_bytes_are_a_tensor_of_bytes() {
        let (rows, parts) = Rows::<u8>::new(2, &[3], Device::Cpu).unwrap();
        for (mut row, levels) in parts.into_iter().zip([[0, 1, 2], [253, 254, 255]]) {
            row.as_mut_slice().copy_from_slice(&levels);
        }
        let whole = rows.join().unwrap();
        assert_eq!(whole.kind(), Kind::Uint8);
        assert_eq!(Vec::<Vec<u8>>::try_from(&whole).unwrap(), [[0, 1, 2], [253, 254, 255]]);
    }

    #[test]
    fn join_fails_while_a_row_exists() {
        let (rows, mut parts) = Rows::<f32>::new(2, &[1], Device::Cpu).unwrap();
        let kept = parts.pop();
        drop(parts);
        assert!(rows.join().is_err());
        drop(kept);
        assert!(Rows::<f32>::new(0, &[3], Device::Cpu).unwrap().0.join().is_ok());
    }
}
