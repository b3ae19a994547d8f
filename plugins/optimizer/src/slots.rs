//! An optimizer's state tensors for each parameter, saved as `slot/parameter`.

use std::collections::BTreeMap;

use clip_lab_plugin_api::prelude::*;

/// `N` state tensors for every parameter that has been updated.
pub struct Slots<const N: usize> {
    names: [&'static str; N],
    states: BTreeMap<String, [Tensor; N]>,
}

impl<const N: usize> Slots<N> {
    pub fn new(names: [&'static str; N]) -> Self {
        Self { names, states: BTreeMap::new() }
    }

    /// The state of a parameter, on its device; `fresh` creates it at the first update.
    pub fn of(&mut self, param: &Param, fresh: impl FnOnce() -> Result<[Tensor; N]>) -> Result<&[Tensor; N]> {
        if !self.states.contains_key(&param.name) {
            self.states.insert(param.name.clone(), fresh()?);
        }
        let states = self.states.get_mut(&param.name).context("just inserted")?;
        for (tensor, slot) in states.iter_mut().zip(self.names) {
            let (saved, now) = (tensor.size(), param.tensor.size());
            let fits = saved.is_empty() || saved == now;
            ensure!(fits, "the saved `{slot}` of `{}` is {saved:?} and the parameter {now:?}", param.name);
            match_layout(tensor, &param.tensor)?;
        }
        Ok(states)
    }

    /// A snapshot; later updates do not change it.
    pub fn state(&self) -> State {
        let named = |(param, tensors): (&String, &[Tensor; N])| {
            let names = self.names.map(|slot| format!("{slot}/{param}"));
            names.into_iter().zip(tensors.each_ref().map(Tensor::shallow_clone)).collect::<Vec<_>>()
        };
        self.states.iter().flat_map(named).collect()
    }

    /// Copies a saved state; on an error nothing changes.
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
        self.states = parts.into_iter().map(whole).collect::<Result<_>>()?;
        Ok(())
    }

    /// Splits `exp_avg/image.fc.weight` into the slot's index and the parameter.
    fn split<'a>(&self, name: &'a str) -> Result<(usize, &'a str)> {
        let (slot, param) = name.split_once('/').unwrap_or((name, ""));
        match self.names.iter().position(|known| *known == slot) {
            Some(index) => Ok((index, param)),
            None => bail!(
                "the saved optimizer state has `{name}`, which this optimizer does not use; it uses {}",
                self.names.join(", ")
            ),
        }
    }
}

/// Moves a tensor to the device and memory layout of its parameter: fused kernels iterate over both in memory order.
fn match_layout(tensor: &mut Tensor, param: &Tensor) -> Result<()> {
    if tensor.dim() == 0 && tensor.device() != param.device() {
        *tensor = tensor.f_to_device(param.device())?;
    } else if tensor.dim() > 0 && (tensor.device(), tensor.stride()) != (param.device(), param.stride()) {
        let mut settled = tch::no_grad(|| param.f_zeros_like())?;
        settled.f_copy_(tensor)?;
        *tensor = settled;
    }
    Ok(())
}

/// The trained parameters that have a gradient, with it.
pub fn with_gradient(params: &Params) -> impl Iterator<Item = (&Param, Tensor)> {
    params.trained().map(|param| (param, param.tensor.grad())).filter(|(_, gradient)| gradient.defined())
}
