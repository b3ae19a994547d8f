//! Exponential moving average of the weights.

use clip_lab_plugin_api::prelude::*;
use clip_lab_torch_ext::lerp_all;

/// Treatment of buffers: batch norm's running statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Buffers {
    /// Averages them like weights.
    #[default]
    Average,
    /// Copies them unchanged.
    Copy,
}

/// Exponential moving average of the weights, as timm's `ModelEmaV3`: after each update
/// `average = d * average + (1 - d) * weights`, starting from the initial weights. Evaluated in addition to the weights
/// and recorded as `SPLIT/ema/...`; the decay of each step is recorded as `train/ema_decay`. The average spans about
/// `1 / (1 - decay)` updates: choose this well below the length of the run, or use the warmup.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ema {
    /// Decay d: the fraction of the average kept in each update.
    pub decay: f64,
    /// Whether d rises from 0 to `decay` as `1 - (1 + s / gamma)^-power` after s further updates, so that the poor
    /// early weights are soon forgotten.
    pub warmup: bool,
    /// Scale of the warmup, in updates.
    pub gamma: f64,
    /// Exponent of the warmup: 2/3 for runs of a million updates, 3/4 for shorter ones.
    pub power: f64,
    /// Lower bound of d during the warmup.
    pub min_decay: f64,
    /// Number of updates during which the average is a copy of the weights.
    pub update_after: u64,
    /// Treatment of buffers, such as batch norm's running statistics.
    pub buffers: Buffers,
}

impl Default for Ema {
    fn default() -> Self {
        Self {
            decay: 0.9999,
            warmup: false,
            gamma: 1.0,
            power: 2.0 / 3.0,
            min_decay: 0.0,
            update_after: 0,
            buffers: Buffers::Average,
        }
    }
}

impl Settings for Ema {
    fn check(&self, problems: &mut Problems) {
        problems.require((0.0..1.0).contains(&self.decay), "decay", "must be at least 0 and below 1");
        problems.require(self.gamma > 0.0 && self.gamma.is_finite(), "gamma", "must be positive");
        problems.require(self.power > 0.0 && self.power.is_finite(), "power", "must be positive");
        let least = (0.0..=self.decay).contains(&self.min_decay);
        problems.require(least, "min_decay", "must be at least 0 and at most decay");
    }
}

impl Ema {
    /// The decay of an update, counted from 1. As in timm, with a warmup or a delay the first update after
    /// `update_after` copies the weights; with neither, the average starts from the initial weights, like timm without
    /// an update counter.
    pub fn decay_at(&self, update: u64) -> f64 {
        if !self.warmup && self.update_after == 0 {
            return self.decay;
        }
        let since = update.saturating_sub(self.update_after.saturating_add(1));
        match since {
            0 => 0.0,
            _ if !self.warmup => self.decay,
            _ => {
                let grown = 1.0 - (1.0 + since as f64 / self.gamma).powf(-self.power);
                grown.min(self.decay).max(self.min_decay)
            }
        }
    }
}

impl Plugin<dyn Trick> for Ema {
    fn properties(&self) -> TrickProperties {
        TrickProperties { averages: true, ..TrickProperties::default() }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Trick>> {
        Ok(Box::new(Running { settings: self.clone(), average: State::new(), checked: false }))
    }
}

/// The average, allocated at the first update.
struct Running {
    settings: Ema,
    /// The average of every trained parameter and every buffer, sorted by name. Locked parameters do not change, so they
    /// are left out.
    average: State,
    /// Whether the average was checked against the model.
    checked: bool,
}

impl Running {
    /// Starts from the current weights, or checks a restored average against them.
    fn initialise(&mut self, params: &Params) -> Result<()> {
        if self.average.is_empty() {
            self.average = members(params).map(|(name, tensor, _)| (name.to_owned(), copy(tensor))).collect();
        }
        let shape = |(name, tensor): &(String, Tensor)| (name.clone(), tensor.size());
        let same = self
            .average
            .iter()
            .map(shape)
            .eq(members(params).map(|(name, t, _)| (name.to_owned(), t.size())));
        ensure!(same, "the saved moving average has other parameters than this model");
        self.checked = true;
        Ok(())
    }
}

impl Trick for Running {
    fn before_update(&mut self, params: &Params, step: u64, report: &mut Report) -> Result<()> {
        if !self.checked {
            self.initialise(params)?;
        }
        report.add("ema_decay", &Tensor::from(self.settings.decay_at(step + 1)));
        Ok(())
    }

    fn after_update(&mut self, params: &Params, step: u64) -> Result<()> {
        let weight = 1.0 - self.settings.decay_at(step + 1);
        let _guard = tch::no_grad_guard();
        let (mut averages, mut current) = (Vec::new(), Vec::new());
        for ((_, average), (_, now, buffer)) in self.average.iter_mut().zip(members(params)) {
            if now.is_floating_point() && !(buffer && self.settings.buffers == Buffers::Copy) {
                averages.push(average.shallow_clone());
                current.push(now.shallow_clone());
            } else {
                average.f_copy_(now)?;
            }
        }
        lerp_all(&averages, &current, weight)
    }

    fn averaged_weights(&self) -> Option<&State> {
        (!self.average.is_empty()).then_some(&self.average)
    }

    fn state(&self) -> State {
        self.average.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect()
    }

    fn restore(&mut self, state: State) -> Result<()> {
        self.average = state.iter().map(|(name, tensor)| (name.clone(), copy(tensor))).collect();
        self.average.sort_by(|a, b| a.0.cmp(&b.0));
        self.checked = false;
        Ok(())
    }
}

/// The averaged tensors: name, tensor, whether it is a buffer; sorted by name, as in checkpoints.
fn members(params: &Params) -> impl Iterator<Item = (&str, &Tensor, bool)> {
    let weights = params.trained().map(|param| (param.name.as_str(), &param.tensor, false));
    let buffers = params.buffers().iter().map(|(name, tensor)| (name.as_str(), tensor, true));
    let mut all: Vec<_> = weights.chain(buffers).collect();
    all.sort_by_key(|(name, ..)| *name);
    all.into_iter()
}

fn copy(tensor: &Tensor) -> Tensor {
    tensor.detach().copy()
}
