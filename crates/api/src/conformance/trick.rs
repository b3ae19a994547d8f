//! Checks of tricks.

use anyhow::{Result, ensure};

use super::{
    tools::{is_finite, same_state},
    toy::Toy,
};
use crate::{Trick, TrickFacts};

/// Checks a trick on a small model whose parameters lie below `image`, `text`, `image_projection`, `text_projection` and
/// `loss`: reports and shadows in order, locked what it says is locked, and going on from its state to the bit.
///
/// # Errors
/// Says what does not hold.
pub fn trick(build: &dyn Fn() -> Result<Box<dyn Trick>>, facts: &TrickFacts) -> Result<()> {
    let (mut trick, mut toy) = prepared(build)?;
    for prefix in &facts.frozen {
        ensure!(toy.params.is_frozen(prefix), "facts() says that `{prefix}` is locked, and it is not");
    }
    let before = toy.weights();
    for step in 0..3 {
        for (name, value) in toy.step_with(&mut *trick, step)?.0 {
            ensure!(value.numel() == 1 && is_finite(&value)?, "`{name}` in its report is no finite scalar");
        }
    }
    for param in toy.params.iter() {
        ensure!(param.lr_scale >= 0.0 && param.lr_scale.is_finite(), "`{}` has a strange rate", param.name);
        let old = before.iter().find(|(name, _)| *name == param.name);
        let still = old.is_some_and(|(_, old)| *old == param.tensor);
        ensure!(!param.frozen || still, "`{}` is locked and was changed", param.name);
    }
    shadows(&*trick, &toy)?;
    goes_on(build, trick, toy)
}

fn prepared(build: &dyn Fn() -> Result<Box<dyn Trick>>) -> Result<(Box<dyn Trick>, Toy)> {
    let (mut trick, mut toy) = (build()?, Toy::new());
    trick.prepare(&mut toy.params)?;
    Ok((trick, toy))
}

/// Other weights to evaluate with are weights of the model.
fn shadows(trick: &dyn Trick, toy: &Toy) -> Result<()> {
    let weights = toy.weights();
    for (name, shadow) in trick.shadow().into_iter().flatten() {
        let known = weights.iter().find(|(known, _)| known == name);
        let fits = known.is_some_and(|(_, weight)| weight.size() == shadow.size());
        ensure!(fits, "its shadow has `{name}`, and no weight has that name and shape");
    }
    Ok(())
}

fn goes_on(
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
    let message = "restore(state()) does not go on as if never stopped";
    same_state(&toy.weights(), &copy.weights(), message)?;
    let shadow = |trick: &dyn Trick| -> crate::State {
        let all = trick.shadow().into_iter().flatten();
        all.map(|(name, tensor)| (name.clone(), tensor.copy())).collect()
    };
    same_state(&shadow(&*trick), &shadow(&*other), message)
}
