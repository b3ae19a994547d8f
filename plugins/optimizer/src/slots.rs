//! The tensors that an optimizer keeps for each parameter, named `slot/parameter` when saved.

use std::collections::BTreeMap;

use clip_lab_api::prelude::*;

/// `N` tensors for every parameter that was ever updated.
pub struct Slots<const N: usize> {
    names: [&'static str; N],
    kept: BTreeMap<String, [Tensor; N]>,
}

impl<const N: usize> Slots<N> {
    pub fn new(names: [&'static str; N]) -> Self {
        Self { names, kept: BTreeMap::new() }
    }

    /// The tensors of a parameter, on its device; `fresh` makes them at its first update.
    pub fn of(&mut self, param: &Param, fresh: impl FnOnce() -> Result<[Tensor; N]>) -> Result<&[Tensor; N]> {
        if !self.kept.contains_key(&param.name) {
            self.kept.insert(param.name.clone(), fresh()?);
        }
        let kept = self.kept.get_mut(&param.name).context("just inserted")?;
        for (tensor, slot) in kept.iter_mut().zip(self.names) {
            let (saved, now) = (tensor.size(), param.tensor.size());
            let fits = saved.is_empty() || saved == now;
            ensure!(fits, "the saved `{slot}` of `{}` is {saved:?} and the parameter {now:?}", param.name);
            settle(tensor, &param.tensor)?;
        }
        Ok(kept)
    }

    /// A snapshot: later updates do not change it.
    pub fn state(&self) -> State {
        let named = |(param, tensors): (&String, &[Tensor; N])| {
            let names = self.names.map(|slot| format!("{slot}/{param}"));
            names.into_iter().zip(tensors.each_ref().map(Tensor::copy)).collect::<Vec<_>>()
        };
        self.kept.iter().flat_map(named).collect()
    }

    /// Takes back a snapshot, whole or not at all.
    pub fn restore(&mut self, state: State) -> Result<()> {
        let mut parts: BTreeMap<String, [Option<Tensor>; N]> = BTreeMap::new();
        for (name, tensor) in state {
            let (slot, param) = self.split(&name)?;
            parts.entry(param.to_owned()).or_insert_with(|| [const { None }; N])[slot] = Some(tensor.copy());
        }
        let whole = |(param, tensors): (String, [Option<Tensor>; N])| {
            let missing = tensors.iter().position(Option::is_none).map(|slot| self.names[slot]);
            let complete: Vec<Tensor> = tensors.into_iter().flatten().collect();
            let complete = complete.try_into().ok();
            let lacks =
                || format!("the saved optimizer state lacks `{}/{param}`", missing.unwrap_or_default());
            complete.with_context(lacks).map(|tensors| (param.clone(), tensors))
        };
        self.kept = parts.into_iter().map(whole).collect::<Result<_>>()?;
        Ok(())
    }

    /// Splits `exp_avg/image.fc.weight` into the number of the slot and the parameter.
    fn split<'a>(&self, name: &'a str) -> Result<(usize, &'a str)> {
        let (slot, param) = name.split_once('/').unwrap_or((name, ""));
        match self.names.iter().position(|known| *known == slot) {
            Some(index) => Ok((index, param)),
            None => bail!(
                "the saved optimizer state has `{name}`, which this optimizer does not keep; it keeps {}",
                self.names.join(", ")
            ),
        }
    }
}

/// Moves a tensor to where its parameter is and lays it out alike: fused kernels walk through memory side by side.
fn settle(tensor: &mut Tensor, param: &Tensor) -> Result<()> {
    if tensor.dim() == 0 && tensor.device() != param.device() {
        *tensor = tensor.f_to_device(param.device())?;
    } else if tensor.dim() > 0 && (tensor.device(), tensor.stride()) != (param.device(), param.stride()) {
        let mut settled = tch::no_grad(|| param.f_zeros_like())?;
        settled.f_copy_(tensor)?;
        *tensor = settled;
    }
    Ok(())
}

/// The trained parameters that have a gradient, each with it.
pub fn with_gradient(params: &Params) -> impl Iterator<Item = (&Param, Tensor)> {
    params.trained().map(|param| (param, param.tensor.grad())).filter(|(_, gradient)| gradient.defined())
}
