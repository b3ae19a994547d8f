//! Products of matrices in memory that is used again, read as numbers without a copy.
#![allow(unsafe_code)]

use std::{marker::PhantomData, slice};

use anyhow::{Result, ensure};
use tch::{Device, Tensor, kind::Element};

/// Room for products of up to so many numbers.
#[derive(Debug)]
pub struct Products<T> {
    /// On the processor, contiguous; nobody else holds it.
    room: Tensor,
    numbers: PhantomData<T>,
}

impl<T: Element> Products<T> {
    /// Room for `most` numbers.
    ///
    /// # Errors
    /// When there is no memory for them.
    pub fn new(most: usize) -> Result<Self> {
        let room = Tensor::f_empty([i64::try_from(most)?], (T::KIND, Device::Cpu))?;
        Ok(Self { room, numbers: PhantomData })
    }

    /// `a bᵀ`, row by row: `a` `[R, D]` and `b` `[C, D]` give `R * C` numbers. The same matrices at the same place give the
    /// same numbers to the bit. From another device the product is copied here.
    ///
    /// # Errors
    /// When the shapes do not fit, there is no room, or libtorch refuses.
    pub fn of(&mut self, a: &Tensor, b: &Tensor) -> Result<&[T]> {
        let (rows, columns) = (a.size2()?.0, b.size2()?.0);
        let count = rows * columns;
        ensure!(count <= self.room.numel() as i64, "a product of {rows} x {columns} has no room here");
        let out = self.room.f_narrow(0, 0, count)?.f_view([rows, columns])?;
        tch::no_grad(|| -> Result<()> {
            if a.device() == Device::Cpu {
                let _ = a.f_mm_out(&out, &b.f_tr()?)?;
            } else {
                out.shallow_clone().f_copy_(&a.f_mm(&b.f_tr()?)?)?;
            }
            Ok(())
        })?;
        // libtorch may give `out` other memory when it does not like what it gets; then `room` would hold something else.
        ensure!(out.data_ptr() == self.room.data_ptr(), "the product was written elsewhere");
        // SAFETY: `room` is contiguous, of kind `T` and holds `count` numbers, all written now; it is borrowed with `self`,
        // and no other tensor over its memory is left once `out` is gone.
        Ok(unsafe { slice::from_raw_parts(self.room.data_ptr().cast::<T>(), count as usize) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_read_row_by_row_and_the_room_is_used_again() {
        let a = Tensor::from_slice2(&[[1.0f32, 2.0], [3.0, 4.0]]);
        let b = Tensor::from_slice2(&[[1.0f32, 0.0], [0.0, 1.0], [1.0, 1.0]]);
        let mut products = Products::<f32>::new(6).unwrap();
        assert_eq!(products.of(&a, &b).unwrap(), [1.0, 2.0, 3.0, 3.0, 4.0, 7.0]);
        assert_eq!(products.of(&b, &b.narrow(0, 2, 1)).unwrap(), [1.0, 1.0, 2.0]);
    }

    #[test]
    fn what_has_no_room_or_does_not_fit_is_an_error() {
        let wide = Tensor::from_slice2(&[[1.0f64, 2.0, 3.0]]);
        let mut products = Products::<f64>::new(1).unwrap();
        assert_eq!(products.of(&wide, &wide).unwrap(), [14.0]);
        let two = Tensor::from_slice2(&[[1.0f64, 2.0], [3.0, 4.0]]);
        assert!(products.of(&two, &two).unwrap_err().to_string().contains("has no room"));
        assert!(products.of(&wide, &two.narrow(0, 0, 1)).is_err());
        assert!(products.of(&wide.to_kind(tch::Kind::Float), &wide).is_err());
    }
}
