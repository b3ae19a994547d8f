//! Locked parameters.

use std::collections::BTreeSet;

use clip_lab_api::{prelude::*, problem::nearest};

/// Locks parameters for the whole run; `params = ["image"]` is LiT (<https://arxiv.org/abs/2111.07991>), with the
/// image tower locked. Locked parameters need no gradient and are never updated, and batch norms whose parameters are
/// locked keep their running statistics. A projection is not part of its tower: locking a tower leaves it learning.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Freeze {
    /// What to lock: beginnings of parameter names up to a dot, such as "image", "text.embeddings" or
    /// "image.blocks.0".
    pub params: Vec<String>,
}

impl Default for Freeze {
    fn default() -> Self {
        Self { params: vec!["image".to_owned()] }
    }
}

impl Settings for Freeze {
    fn check(&self, faults: &mut Faults) {
        faults.require(!self.params.is_empty(), "params", "must name at least one prefix");
    }
}

impl Plugin<dyn Trick> for Freeze {
    fn facts(&self) -> TrickFacts {
        TrickFacts { frozen: self.params.clone() }
    }

    fn build(&self, _scope: ()) -> Result<Box<dyn Trick>> {
        Ok(Box::new(self.clone()))
    }
}

impl Trick for Freeze {
    fn prepare(&mut self, params: &mut Params) -> Result<()> {
        for prefix in &self.params {
            let mut found = false;
            for param in params.under(prefix) {
                param.frozen = true;
                let _ = param.tensor.set_requires_grad(false);
                found = true;
            }
            ensure!(found, stranger(prefix, params));
        }
        Ok(())
    }
}

/// Words for a prefix below which nothing lies.
fn stranger(prefix: &str, params: &Params) -> String {
    let known: BTreeSet<&str> = params.iter().flat_map(|param| prefixes(&param.name)).collect();
    let known: Vec<&str> = known.into_iter().collect();
    let hint = match nearest(prefix, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let first: Vec<&str> = known.into_iter().filter(|name| !name.contains('.')).collect();
            format!("names begin with {}", first.join(", "))
        }
    };
    format!("no parameter lies below `{prefix}`; {hint}")
}

/// `a`, `a.b` and `a.b.c` for `a.b.c`.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').map(|(dot, _)| &name[..dot]).chain([name])
}
