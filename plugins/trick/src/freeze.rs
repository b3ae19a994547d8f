//! Locking of parameters.

use clip_lab_plugin_api::prelude::*;

use crate::prefix;

/// Locks parameters, for the whole run or until a step; `params = ["image"]` is LiT
/// (<https://arxiv.org/abs/2111.07991>), with the image tower locked. Locked parameters need no gradient and are not
/// updated, and batch norms with locked parameters keep their running statistics. A projection is not part of its
/// tower: it is trained while the tower is locked. A tower locked for the whole run computes as in evaluation; a tower
/// unlocked later uses dropout from the first step. Several `freeze` tricks with different `until` unlock a tower
/// gradually; for a parameter that several of them name, the last step applies.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Freeze {
    /// What to lock: prefixes of parameter names, ending at a dot, such as "image", "text.embeddings" or
    /// "image.blocks.0".
    pub params: Vec<String>,
    /// The step (from 0) at which training of these parameters begins; by default they are locked for the whole run.
    pub until: Option<u64>,
}

impl Default for Freeze {
    fn default() -> Self {
        Self { params: vec!["image".to_owned()], until: None }
    }
}

impl Settings for Freeze {
    fn check(&self, problems: &mut Problems) {
        problems.require(!self.params.is_empty(), "params", "must name at least one prefix");
        problems.require(
            self.until != Some(0),
            "until",
            "must be at least 1; leave it out to lock for the whole run",
        );
    }
}

impl Plugin<dyn Trick> for Freeze {
    fn properties(&self) -> TrickProperties {
        // Parameters that are unlocked later do not count as locked.
        let frozen = if self.until.is_none() { self.params.clone() } else { Vec::new() };
        TrickProperties { frozen, ..TrickProperties::default() }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Trick>> {
        Ok(Box::new(self.clone()))
    }
}

impl Trick for Freeze {
    fn prepare(&mut self, params: &mut Params) -> Result<()> {
        prefix::each(params, &self.params, |param| {
            match self.until {
                None => param.frozen = true,
                Some(step) => param.locked_until = param.locked_until.max(step),
            }
            let _ = param.tensor.set_requires_grad(false);
        })
    }

    fn before_step(&mut self, params: &Params, step: u64) -> Result<()> {
        if self.until.is_none_or(|until| step < until) {
            return Ok(());
        }
        let waiting = params.trained().filter(|param| param.locked_until > 0 && step >= param.locked_until);
        for param in waiting.filter(|param| !param.tensor.requires_grad()) {
            let _ = param.tensor.set_requires_grad(true);
        }
        Ok(())
    }
}
