//! Checks of optimizers.

use anyhow::{Result, ensure};

use super::{tools::same_state, toy::Toy};
use crate::{Optimizer, OptimizerProperties};

/// Checks an optimizer: it approaches a minimum; it does not change parameters that are frozen, have a zero learning
/// rate or have no gradient; and it resumes bit-exactly from its state.
///
/// # Errors
/// Names the failed check.
pub fn optimizer(
    build: &dyn Fn() -> Result<Box<dyn Optimizer>>,
    properties: &OptimizerProperties,
) -> Result<()> {
    ensure!(
        properties.lr > 0.0 && properties.lr.is_finite(),
        "properties() declares a learning rate of {}",
        properties.lr
    );
    descends(&mut *build()?)?;
    leaves_frozen_unchanged(&mut *build()?)?;
    resumes(build)
}

fn descends(optimizer: &mut dyn Optimizer) -> Result<()> {
    let mut toy = Toy::new();
    let start = toy.distance()?;
    for _ in 0..30 {
        toy.update(optimizer, 0, 1e-2)?;
    }
    let end = toy.distance()?;
    ensure!(end < start, "30 steps increased the distance from the minimum from {start} to {end}");
    Ok(())
}

fn leaves_frozen_unchanged(optimizer: &mut dyn Optimizer) -> Result<()> {
    let mut toy = Toy::new();
    let unchanged = ["image.stem.weight", "image.head.weight"];
    for param in toy.params.iter_mut().filter(|param| unchanged.contains(&param.name.as_str())) {
        match param.name.as_str() {
            "image.stem.weight" => {
                param.frozen = true;
                let _ = param.tensor.set_requires_grad(false);
            }
            _ => param.lr_scale = 0.0,
        }
    }
    let before = toy.weights();
    optimizer.step(&toy.params, 0.1)?;
    same_state(&before, &toy.weights(), "parameters without a gradient are changed")?;
    for step in 0..3 {
        toy.update(optimizer, step, 0.1)?;
    }
    for ((name, old), (_, new)) in before.iter().zip(&toy.weights()) {
        let moved = !old.f_equal(new)?;
        let expected = !unchanged.contains(&name.as_str()) && !name.contains("running");
        ensure!(
            moved == expected,
            "`{name}` {}",
            if moved { "is frozen and was changed" } else { "was not changed" }
        );
    }
    Ok(())
}

fn resumes(build: &dyn Fn() -> Result<Box<dyn Optimizer>>) -> Result<()> {
    let (mut optimizer, mut toy) = (build()?, Toy::new());
    for step in 0..3 {
        toy.update(&mut *optimizer, step, 0.01)?;
    }
    let (mut other, mut copy) = (build()?, Toy::new());
    copy.copy_from(&toy)?;
    other.restore(optimizer.state())?;
    same_state(&optimizer.state(), &other.state(), "state() after restore(state())")?;
    for step in 3..5 {
        toy.update(&mut *optimizer, step, 0.01)?;
        copy.update(&mut *other, step, 0.01)?;
    }
    same_state(&toy.weights(), &copy.weights(), "restore(state()) does not resume bit-exactly")?;
    let nonsense = vec![("nonsense".to_owned(), tch::Tensor::from(1.0))];
    ensure!(build()?.restore(nonsense).is_err(), "the state of another optimizer must be an error");
    Ok(())
}
