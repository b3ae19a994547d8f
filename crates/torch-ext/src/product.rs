//! Matrix products in a reused buffer, readable as a slice without a copy.
#![allow(unsafe_code)]

use std::{marker::PhantomData, slice};

use anyhow::{Result, ensure};
use tch::{Device, Tensor, kind::Element};

use crate::without_tf32;

/// A buffer for matrix products of limited size.
#[derive(Debug)]
pub struct Products<T> {
    /// CPU, contiguous; not shared.
    buffer: Tensor,
    numbers: PhantomData<T>,
}

impl<T: Element> Products<T> {
    /// A buffer for `most` values.
    ///
    /// # Errors
    /// If libtorch cannot allocate the buffer.
    pub fn new(most: usize) -> Result<Self> {
        let buffer = Tensor::f_empty([i64::try_from(most)?], (T::KIND, Device::Cpu))?;
        Ok(Self { buffer, numbers: PhantomData })
    }

    /// `a bᵀ`, row by row: `a` `[R, D]` and `b` `[C, D]` give `R * C` values. Equal inputs at the same position give
    /// bit-identical values. Products on other devices are computed without TF32 and copied to the CPU.
    ///
    /// # Errors
    /// If the shapes do not fit, or the buffer is too small.
    pub fn of(&mut self, a: &Tensor, b: &Tensor) -> Result<&[T]> {
        let (rows, columns) = (a.size2()?.0, b.size2()?.0);
        let count = rows * columns;
        ensure!(count <= self.buffer.numel() as i64, "a product of {rows} x {columns} exceeds the buffer");
        let out = self.buffer.f_narrow(0, 0, count)?.f_view([rows, columns])?;
        tch::no_grad(|| -> Result<()> {
            if a.device() == Device::Cpu {
                let _ = a.f_mm_out(&out, &b.f_tr()?)?;
            } else {
                out.shallow_clone().f_copy_(&without_tf32(|| a.f_mm(&b.f_tr()?))??)?;
            }
            Ok(())
        })?;
        // libtorch may reallocate `out` if its layout does not fit; the buffer would then not contain the product.
        ensure!(out.data_ptr() == self.buffer.data_ptr(), "libtorch reallocated the output of the product");
        // SAFETY: `buffer` is contiguous, of kind `T` and has `count` initialised values; it is borrowed with `self`, and
        // no other tensor shares its memory once `out` is dropped.
        Ok(unsafe { slice::from_raw_parts(self.buffer.data_ptr().cast::<T>(), count as usize) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_read_row_by_row_and_the_buffer_is_reused() {
        let a = Tensor::from_slice2(&[[1.0f32, 2.0], [3.0, 4.0]]);
        let b = Tensor::from_slice2(&[[1.0f32, 0.0], [0.0, 1.0], [1.0, 1.0]]);
        let mut products = Products::<f32>::new(6).unwrap();
        assert_eq!(products.of(&a, &b).unwrap(), [1.0, 2.0, 3.0, 3.0, 4.0, 7.0]);
        assert_eq!(products.of(&b, &b.narrow(0, 2, 1)).unwrap(), [1.0, 1.0, 2.0]);
    }

    #[test]
    fn products_that_exceed_the_buffer_or_do_not_fit_are_errors() {
        let wide = Tensor::from_slice2(&[[1.0f64, 2.0, 3.0]]);
        let mut products = Products::<f64>::new(1).unwrap();
        assert_eq!(products.of(&wide, &wide).unwrap(), [14.0]);
        let two = Tensor::from_slice2(&[[1.0f64, 2.0], [3.0, 4.0]]);
        assert!(products.of(&two, &two).unwrap_err().to_string().contains("exceeds the buffer"));
        assert!(products.of(&wide, &two.narrow(0, 0, 1)).is_err());
        assert!(products.of(&wide.to_kind(tch::Kind::Float), &wide).is_err());
    }
}
