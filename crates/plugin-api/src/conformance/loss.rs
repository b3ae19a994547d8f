//! Checks of losses.

use anyhow::{Result, ensure};
use tch::{Kind as DType, Tensor, nn};

use super::{
    stripes::score_in_stripes,
    tools::{is_finite, sorted, wave},
};
use crate::{Classes, Loss, LossProperties, Pair, PairLoss, Scored, StripedLoss};

/// Calls a loss: with images and captions, or with logits and targets.
type Score<'a> = &'a dyn Fn(&Tensor, &Tensor) -> Result<Scored>;

/// Checks a loss built in double precision at the root of `vars` for batches of `batch`: a finite scalar, invariant to
/// permutations of the rows, lower for matching than for other rows, with gradients that agree with finite differences,
/// the same in stripes if it has them, and errors for shapes that do not fit.
///
/// # Errors
/// Names the failed check.
pub fn loss(loss: &Loss, vars: &nn::VarStore, properties: &LossProperties, batch: i64) -> Result<()> {
    let (built, declared) = (loss.task().inputs(), properties.task.inputs());
    ensure!(loss.task() == properties.task, "it scores {built}, but its properties() declare {declared}");
    match loss {
        Loss::Pairs(pairs) => over_pairs(loss, &**pairs, vars, batch),
        Loss::Classes(classes) => {
            let score = |a: &Tensor, b: &Tensor| classes.score(&Classes { logits: a, targets: b });
            let (logits, targets) = labelled(batch);
            value(&score, &logits, &targets)?;
            differences(&score, &logits, &targets, vars)?;
            clamps(loss, &score, &logits, &targets)
        }
    }
}

fn over_pairs(loss: &Loss, pairs: &dyn PairLoss, vars: &nn::VarStore, batch: i64) -> Result<()> {
    let score = |a: &Tensor, b: &Tensor| pairs.score(&Pair::new(a, b));
    let (image, text) = matching(batch);
    value(&score, &image, &text)?;
    differences(&score, &image, &text, vars)?;
    let group = Tensor::f_arange(batch, (DType::Int64, image.device()))?;
    let grouped = pairs.score(&Pair { group: Some(&group), ..Pair::new(&image, &text) })?;
    close(&grouped, &score(&image, &text)?, "groups of one row each must not change the loss")?;
    if let Some(striped) = pairs.striped() {
        let group = group.f_remainder(batch - 1)?;
        in_stripes(pairs, striped, &Pair { group: Some(&group), ..Pair::new(&image, &text) }, vars)?;
    }
    clamps(loss, &score, &image, &text)
}

/// Compares stripes of one, no and all other rows with the whole batch.
fn in_stripes(
    pairs: &dyn PairLoss,
    striped: &dyn StripedLoss,
    pair: &Pair,
    vars: &nn::VarStore,
) -> Result<()> {
    let whole = |pair: &Pair| Ok(vec![pairs.score(pair)?]);
    let (want, gradients) = differentiated(&whole, pair, vars)?;
    let counts = [1, 0, pair.image.size()[0] - 1];
    let stripes = |pair: &Pair| score_in_stripes(striped, pair, &counts);
    let (got, sums) = differentiated(&stripes, pair, vars)?;
    for scored in &got {
        close(&want[0], scored, "stripes must have the loss of the whole batch")?;
        let names = |scored: &Scored| scored.report.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        ensure!(names(scored) == names(&want[0]), "stripes must report what the whole batch does");
    }
    for ((name, sum), (_, gradient)) in sums.iter().zip(&gradients) {
        let off = sum.f_sub(gradient)?.f_abs()?.f_max()?.double_value(&[]);
        ensure!(off <= 1e-9, "the gradient of {name} in stripes differs by {off:e}");
    }
    Ok(())
}

type Named = Vec<(String, Tensor)>;

/// What `score` gives, and the gradients of embeddings and parameters, added up.
fn differentiated(
    score: &dyn Fn(&Pair) -> Result<Vec<Scored>>,
    pair: &Pair,
    vars: &nn::VarStore,
) -> Result<(Vec<Scored>, Named)> {
    let leaf = |tensor: &Tensor| tensor.copy().set_requires_grad(true);
    let (image, text) = (leaf(pair.image), leaf(pair.text));
    let all = score(&Pair { image: &image, text: &text, group: pair.group })?;
    for scored in &all {
        scored.loss.f_backward()?;
    }
    let mut gradients = vec![("images".to_owned(), image.grad()), ("captions".to_owned(), text.grad())];
    for (name, mut tensor) in sorted(vars).into_iter().filter(|(_, tensor)| tensor.requires_grad()) {
        gradients.push((name, tensor.grad().copy()));
        tensor.zero_grad();
    }
    Ok((all, gradients))
}

fn clamps(loss: &Loss, score: Score, given: &Tensor, right: &Tensor) -> Result<()> {
    let before = score(given, right)?;
    loss.clamp();
    close(&before, &score(given, right)?, "clamp() changes the loss without an update")
}

/// L2-normalised rows and slightly perturbed ones, `[B, D]`.
fn matching(batch: i64) -> (Tensor, Tensor) {
    let rows = wave(&[batch, 8], tch::Device::Cpu).to_kind(DType::Double);
    let perturbed = &rows + (&rows * 9.0).cos() * 0.1;
    let unit =
        |rows: Tensor| &rows / rows.square().sum_dim_intlist([1i64].as_slice(), true, DType::Double).sqrt();
    (unit(rows), unit(perturbed))
}

/// Logits and slightly smoothed targets of the same classes, `[B, 4]`.
fn labelled(batch: i64) -> (Tensor, Tensor) {
    let class = Tensor::arange(batch, (DType::Int64, tch::Device::Cpu)).remainder(4);
    let targets = class.one_hot(4).to_kind(DType::Double) * 0.96 + 0.01;
    (&targets * 2.0 + wave(&[batch, 4], tch::Device::Cpu).to_kind(DType::Double) * 0.1, targets)
}

fn value(score: Score, given: &Tensor, right: &Tensor) -> Result<()> {
    let scored = score(given, right)?;
    ensure!(scored.loss.size().is_empty(), "the loss is {:?}, not a scalar", scored.loss.size());
    ensure!(is_finite(&scored.loss)?, "the loss is not finite");
    for (name, value) in &scored.report {
        ensure!(value.numel() == 1 && is_finite(value)?, "`{name}` in its report is not a finite scalar");
        ensure!(!name.contains(char::is_whitespace), "`{name}` in its report contains white space");
    }
    let batch = given.size()[0];
    let order = Tensor::f_arange(batch, (DType::Int64, given.device()))?.f_flip([0])?;
    let permuted = score(&given.f_index_select(0, &order)?, &right.f_index_select(0, &order)?)?;
    close(&scored, &permuted, "the order of rows changes the loss")?;
    let wrong = score(given, &right.f_roll([1], [0])?)?;
    let lower = scored.loss.double_value(&[]) < wrong.loss.double_value(&[]);
    ensure!(lower, "matching rows must have a lower loss than others");
    ensure!(
        score(given, &right.f_narrow(0, 0, batch - 1)?).is_err(),
        "shapes that do not fit must be an error"
    );
    Ok(())
}

/// Compares the gradients of the input and of the loss's own parameters with central differences.
fn differences(score: Score, given: &Tensor, right: &Tensor, vars: &nn::VarStore) -> Result<()> {
    let given = given.copy().set_requires_grad(true);
    let mut checked = vec![("its input".to_owned(), given.shallow_clone())];
    checked.extend(sorted(vars).into_iter().filter(|(_, tensor)| tensor.requires_grad()));
    score(&given, right)?.loss.f_backward()?;
    for (name, tensor) in &mut checked {
        let gradient = tensor.grad();
        ensure!(gradient.defined() && is_finite(&gradient)?, "no finite gradient reaches {name}");
        for place in [0, tensor.numel() as i64 / 2, tensor.numel() as i64 - 1] {
            let slope = slope(score, &given, right, tensor, place)?;
            let exact = gradient.f_reshape([-1])?.double_value(&[place]);
            let agrees = (slope - exact).abs() <= 1e-6 + 1e-4 * exact.abs();
            ensure!(agrees, "the gradient of {name} is {exact}, but finite differences give {slope}");
        }
        tensor.zero_grad();
    }
    Ok(())
}

fn slope(score: Score, given: &Tensor, right: &Tensor, tensor: &Tensor, place: i64) -> Result<f64> {
    const STEP: f64 = 1e-5;
    let _guard = tch::no_grad_guard();
    let entry = tensor.f_view([-1])?.f_narrow(0, place, 1)?;
    let at = |by: f64| -> Result<f64> {
        let _ = entry.shallow_clone().f_add_scalar_(by)?;
        Ok(score(given, right)?.loss.double_value(&[]))
    };
    let (up, down) = (at(STEP)?, at(-2.0 * STEP)?);
    let _ = entry.shallow_clone().f_add_scalar_(STEP)?;
    Ok((up - down) / (2.0 * STEP))
}

fn close(a: &Scored, b: &Scored, message: &str) -> Result<()> {
    let (a, b) = (a.loss.double_value(&[]), b.loss.double_value(&[]));
    ensure!((a - b).abs() <= 1e-9 * (1.0 + a.abs()), "{message}: {a} and {b}");
    Ok(())
}
