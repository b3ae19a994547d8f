//! What is drawn, and what is not. Alone in its program: libtorch's generator belongs to the process.

use clip_lab_blocks::dropout;
use tch::{Device, IndexOp as _, Kind, Tensor};

const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);

#[test]
fn dropout_draws_only_where_it_drops() {
    let x = Tensor::ones([1000], FLOAT);
    tch::manual_seed(7);
    let next = Tensor::rand([1], FLOAT);
    tch::manual_seed(7);
    assert_eq!(dropout(x.copy(), 0.0, true).unwrap(), x);
    assert_eq!(dropout(x.copy(), 0.5, false).unwrap(), x);
    assert_eq!(Tensor::rand([1], FLOAT), next);
    let dropped = dropout(x.copy(), 0.5, true).unwrap();
    let kept = f64::try_from(dropped.mean(Kind::Float)).unwrap();
    assert!((kept - 1.0).abs() < 0.2 && f64::try_from(dropped.i(..).max()).unwrap() == 2.0);
}
