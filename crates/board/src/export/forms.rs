//! Ways of drawing: one file each, plain data in, a [`super::scene::Scene`] out.

mod curves;

pub use curves::curves;
