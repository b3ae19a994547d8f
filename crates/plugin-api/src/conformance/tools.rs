//! Helpers shared by several checks.

use anyhow::{Context as _, Result, ensure};
use tch::{Kind as DType, Tensor, nn};

use crate::Mode;

/// Calls an encoder, whatever it encodes.
pub type Encode<'a, T> = &'a dyn Fn(&T, Mode) -> Result<Tensor>;

/// Checks that features have the right shape, are finite, and are reproducible.
pub fn features<T>(encode: Encode<'_, T>, input: &T, width: i64, actual: i64) -> Result<()> {
    ensure!(width == actual, "properties() declares a width of {width}, but width() is {actual}");
    let first = encode(input, Mode::Eval)?;
    ensure!(first.size() == [3, width], "3 inputs became {:?}, not [3, {width}]", first.size());
    ensure!(is_finite(&first)?, "the features are not finite");
    ensure!(first.f_equal(&encode(input, Mode::Eval)?)?, "evaluating twice gives different results");
    Ok(())
}

/// Checks that the features of the first input do not depend on the other inputs.
pub fn independent<T>(encode: Encode<'_, T>, input: &T, others: &T) -> Result<()> {
    let (before, after) = (encode(input, Mode::Eval)?, encode(others, Mode::Eval)?);
    same(&before.get(0), &after.get(0), "in evaluation the features of one input depend on another input")?;
    ensure!(!before.get(1).f_equal(&after.get(1))?, "the features do not depend on the input");
    Ok(())
}

/// Checks that every parameter gets a finite gradient in training.
pub fn gradients<T>(encode: Encode<'_, T>, input: &T, vars: &nn::VarStore) -> Result<()> {
    let features = encode(input, Mode::Train)?;
    let weights = wave(&features.size(), features.device());
    (features * weights).sum(DType::Float).f_backward()?;
    for (name, mut tensor) in sorted(vars).into_iter().filter(|(_, tensor)| tensor.requires_grad()) {
        let gradient = tensor.grad();
        ensure!(gradient.defined(), "no gradient reaches `{name}`");
        ensure!(is_finite(&gradient)?, "the gradient of `{name}` is not finite");
        tensor.zero_grad();
    }
    Ok(())
}

/// Checks that every parameter is below exactly one prefix, that every prefix has a parameter, and that no name was
/// taken twice (tch then appends `__`).
pub fn layers(layers: &[String], vars: &nn::VarStore) -> Result<()> {
    let below = |name: &str, prefix: &String| {
        name.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let all = sorted(vars);
    for (name, tensor) in &all {
        ensure!(!name.contains("__"), "two variables have the same name: tch renamed the second to `{name}`");
        let count = layers.iter().filter(|prefix| below(name, prefix)).count();
        let valid = !tensor.requires_grad() || count == 1;
        ensure!(valid, "`{name}` is below {count} of the prefixes {layers:?}, not below one");
    }
    let empty = layers.iter().find(|prefix| !all.iter().any(|(name, _)| below(name, prefix)));
    ensure!(empty.is_none(), "no parameter is below the prefix {empty:?}");
    Ok(())
}

pub fn sorted(vars: &nn::VarStore) -> Vec<(String, Tensor)> {
    let mut all: Vec<_> = vars.variables().into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

pub fn same(a: &Tensor, b: &Tensor, message: &'static str) -> Result<()> {
    let close = a.f_allclose(b, 1e-4, 1e-5, false).context(message)?;
    ensure!(close, "{message}, by up to {}", f64::try_from((a - b).abs().max())?);
    Ok(())
}

pub fn is_finite(x: &Tensor) -> Result<bool> {
    Ok(bool::try_from(x.f_isfinite()?.f_all()?)?)
}

/// Distinct values, without using the random generator.
pub fn wave(shape: &[i64], device: tch::Device) -> Tensor {
    let count = shape.iter().product::<i64>();
    (Tensor::arange(count, (DType::Float, device)) * 0.7).sin().reshape(shape)
}

/// Checks that both have the same names and bit-identical values.
pub fn same_state(a: &crate::State, b: &crate::State, message: &str) -> Result<()> {
    ensure!(a.len() == b.len(), "{message}: {} tensors and {}", a.len(), b.len());
    for ((name, x), (other, y)) in a.iter().zip(b) {
        ensure!(name == other && x.size() == y.size(), "{message}: `{name}` and `{other}`");
        ensure!(x.f_equal(y)?, "{message}: `{name}` differs");
    }
    Ok(())
}
