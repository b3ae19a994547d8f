//! Sums of gradients.

use anyhow::Result;
use clip_lab_plugin_api::{Param, Params};
use clip_lab_torch_ext::process_group::Op;
use tch::{Kind, Tensor};

use super::{Ranks, on_host};

/// Values of a bucket: 32 MiB.
const BUCKET: usize = 8 << 20;

impl Ranks {
    /// Sums the gradients of all trained parameters over the ranks. A rank without a gradient, because none of its images
    /// could be read, adds zeros; a gradient that no rank has stays undefined, since optimizers update every parameter
    /// that has one. Where `counts` is false for a name, this rank's gradient is not added.
    pub(super) fn sum_gradients(&self, params: &Params, counts: &dyn Fn(&str) -> bool) -> Result<()> {
        let trained: Vec<&Param> = params.trained().collect();
        let own = trained.iter().map(|param| i64::from(param.tensor.grad().defined()));
        let anywhere = self.all_reduce(&Tensor::from_slice(&own.collect::<Vec<_>>()), Op::Max)?;
        let anywhere = Vec::<i64>::try_from(&anywhere)?;
        let present: Vec<&Param> =
            trained.into_iter().zip(anywhere).filter(|(_, any)| *any > 0).map(|(param, _)| param).collect();
        let mut started = Vec::new();
        for bucket in buckets(&present) {
            let flat = on_host(&flat(bucket, counts)?)?;
            started.push((bucket, self.group.start_all_reduce(&flat, Op::Sum)?));
        }
        for (bucket, work) in started {
            let sum = work.wait()?;
            let mut start = 0;
            for param in bucket {
                let values = param.tensor.numel() as i64;
                set_gradient(&param.tensor, &sum.f_narrow(0, start, values)?)?;
                start += values;
            }
        }
        Ok(())
    }
}

/// Splits parameters into runs of at most [`BUCKET`] values; a larger parameter has its own.
fn buckets<'a, 'b>(params: &'a [&'b Param]) -> Vec<&'a [&'b Param]> {
    let (mut buckets, mut start, mut values) = (Vec::new(), 0, 0);
    for (index, param) in params.iter().enumerate() {
        if values > 0 && values + param.tensor.numel() > BUCKET {
            buckets.push(&params[start..index]);
            (start, values) = (index, 0);
        }
        values += param.tensor.numel();
    }
    if start < params.len() {
        buckets.push(&params[start..]);
    }
    buckets
}

/// The gradients of a bucket in one row.
fn flat(bucket: &[&Param], counts: &dyn Fn(&str) -> bool) -> Result<Tensor> {
    let row = |param: &&Param| {
        let gradient = param.tensor.grad();
        if gradient.defined() && counts(&param.name) {
            return Ok(gradient.f_detach()?.f_reshape([-1])?);
        }
        let options = (Kind::Float, param.tensor.device());
        Ok(Tensor::f_zeros([param.tensor.numel() as i64], options)?)
    };
    let rows = bucket.iter().map(row).collect::<Result<Vec<Tensor>>>()?;
    Ok(Tensor::f_cat(&rows, 0)?)
}

/// Replaces the gradient of a parameter.
fn set_gradient(param: &Tensor, values: &Tensor) -> Result<()> {
    let values = values.f_view_as(param)?.f_to_device(param.device())?;
    let mut gradient = param.grad();
    if gradient.defined() {
        tch::no_grad(|| gradient.f_copy_(&values))?;
    } else {
        // tch cannot set a gradient: this is the one of sum(param * values).
        param.f_mul(&values)?.f_sum(None)?.f_backward()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, nn};

    fn params(sizes: &[i64]) -> (nn::VarStore, Params) {
        let vars = nn::VarStore::new(Device::Cpu);
        for (index, size) in sizes.iter().enumerate() {
            let _ = vars.root().f_var(&format!("p{index}"), &[*size], nn::Init::Const(1.0)).unwrap();
        }
        let params = Params::new(&vars, Vec::new());
        (vars, params)
    }

    #[test]
    fn buckets_are_filled_in_order() {
        let half = BUCKET as i64 / 2;
        let (_vars, params) = params(&[half, half, 3, 2 * half + 1, 1]);
        let trained: Vec<&Param> = params.trained().collect();
        let lengths: Vec<usize> = buckets(&trained).iter().map(|bucket| bucket.len()).collect();
        assert_eq!(lengths, [2, 1, 1, 1]);
        assert!(buckets(&[]).is_empty());
    }

    #[test]
    fn a_missing_gradient_is_zero_and_can_be_set() {
        let (_vars, params) = params(&[2, 3]);
        let all: Vec<&Param> = params.trained().collect();
        all[1].tensor.f_sum(None).unwrap().backward();
        assert_eq!(flat(&all, &|_| true).unwrap(), Tensor::from_slice(&[0.0f32, 0.0, 1.0, 1.0, 1.0]));
        assert_eq!(flat(&all, &|name| name != "p1").unwrap(), Tensor::zeros([5], (Kind::Float, Device::Cpu)));
        let values = [Tensor::from_slice(&[5.0f32, 6.0]), Tensor::from_slice(&[7.0f32, 8.0, 9.0])];
        for (param, values) in all.iter().zip(&values) {
            set_gradient(&param.tensor, values).unwrap();
            assert_eq!(param.tensor.grad(), *values);
        }
    }
}
