//! Checks of tricks.

use anyhow::{Result, ensure};

use super::{
    tools::{is_finite, same_state},
    toy::Toy,
};
use crate::{Trick, TrickProperties};

/// Checks a trick on a small model with parameters below `image`, `text`, `image_projection`, `text_projection` and
/// `loss`: valid reports and averaged weights, parameters locked as declared, and a bit-exact resume from its state.
///
/// # Errors
/// Names the failed check.
pub fn trick(build: &dyn Fn() -> Result<Box<dyn Trick>>, properties: &TrickProperties) -> Result<()> {
    let (mut trick, mut toy) = prepared(build)?;
    for prefix in &properties.frozen {
        ensure!(toy.params.is_frozen(prefix), "properties() declares `{prefix}` locked, but it is not");
    }
    let before = toy.weights();
    for step in 0..3 {
        for (name, value) in toy.step_with(&mut *trick, step)?.0 {
            ensure!(
                value.numel() == 1 && is_finite(&value)?,
                "`{name}` in its report is not a finite scalar"
            );
        }
    }
    for param in toy.params.iter() {
        ensure!(
            param.lr_scale >= 0.0 && param.lr_scale.is_finite(),
            "`{}` has an invalid lr_scale",
            param.name
        );
        let old = before.iter().find(|(name, _)| *name == param.name);
        let unchanged = old.is_some_and(|(_, old)| *old == param.tensor);
        ensure!(!param.frozen || unchanged, "`{}` is locked and was changed", param.name);
    }
    check_averaged_weights(&*trick, &toy)?;
    resumes(build, trick, toy)
}

fn prepared(build: &dyn Fn() -> Result<Box<dyn Trick>>) -> Result<(Box<dyn Trick>, Toy)> {
    let (mut trick, mut toy) = (build()?, Toy::new());
    trick.prepare(&mut toy.params)?;
    Ok((trick, toy))
}

/// Checks that averaged weights match the names and shapes of the model.
fn check_averaged_weights(trick: &dyn Trick, toy: &Toy) -> Result<()> {
    let weights = toy.weights();
    for (name, averaged) in trick.averaged_weights().into_iter().flatten() {
        let original = weights.iter().find(|(other, _)| other == name);
        let fits = original.is_some_and(|(_, weight)| weight.size() == averaged.size());
        ensure!(fits, "averaged_weights() has `{name}`, but no weight has that name and shape");
    }
    Ok(())
}

fn resumes(
    build: &dyn Fn() -> Result<Box<dyn Trick>>,
    mut trick: Box<dyn Trick>,
    mut toy: Toy,
) -> Result<()> {
    let (mut other, mut copy) = prepared(build)?;
    copy.copy_from(&toy)?;
    other.restore(trick.state().into_iter().map(|(name, tensor)| (name, tensor.copy())).collect())?;
    for step in 3..5 {
        toy.step_with(&mut *trick, step)?;
        copy.step_with(&mut *other, step)?;
    }
    let message = "restore(state()) does not resume bit-exactly";
    same_state(&toy.weights(), &copy.weights(), message)?;
    let averaged = |trick: &dyn Trick| -> crate::State {
        let all = trick.averaged_weights().into_iter().flatten();
        all.map(|(name, tensor)| (name.clone(), tensor.copy())).collect()
    };
    same_state(&averaged(&*trick), &averaged(&*other), message)
}
