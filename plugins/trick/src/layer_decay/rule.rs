//! Grouping of layers by learning rate. Libraries differ in the norms around the blocks and in the layers of a ResNet.

use clip_lab_plugin_api::prelude::*;

/// How layers are grouped, from input to output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// As BEiT and FT-CLIP: the embeddings with their norm; each block; final norm, pooling and projection or
    /// classifier. A transformer of L blocks has L + 2 groups. In a ResNet the stem is the first group, each residual
    /// block is a group, and attention pooling belongs to the top.
    #[default]
    Beit,
    /// As timm: like `beit`, but in a vision transformer the norm after the blocks and CLIP's norm before them both
    /// belong to the last block. (timm leaves the norm of average-pooled models in the top group; here it belongs to
    /// the last block too.) A ResNet-50 with a classifier has 18 groups. Text towers, which timm lacks, are grouped as
    /// with `beit`.
    Timm,
    /// As open_clip locks layers: the embeddings with their norm; each block, the final norm with the last one; a
    /// pooling with parameters (OpenAI's attention pooling, BERT's pooler); projection or classifier. In a ResNet each
    /// stage is a group.
    OpenClip,
}

/// A tower's layers and what is above them.
pub(super) struct Tower<'a> {
    /// `image` or `text`.
    pub name: &'a str,
    /// Its layers from input to output.
    pub layers: &'a [String],
    /// Parameters above the tower: projection, classifier.
    pub above: &'a [&'a str],
}

impl Tower<'_> {
    /// The group of a parameter, counted from the input, with gaps; none for parameters outside the tower.
    pub fn group(&self, rule: Rule, param: &str) -> Option<usize> {
        if self.above.iter().any(|above| below(param, above)) {
            return Some(self.top());
        }
        let layer = self.layers.iter().position(|layer| below(param, layer))?;
        let norm = |layer| below(param, &format!("{}.{layer}.norm", self.name));
        let head = below(param, &format!("{}.head", self.name));
        Some(match rule {
            Rule::Timm if self.name == "image" && (norm("embeddings") || norm("head")) => self.last_block(),
            Rule::Beit | Rule::Timm if head => self.top(),
            Rule::Beit | Rule::Timm => layer,
            Rule::OpenClip if norm("head") => self.last_block(),
            Rule::OpenClip => self.first_of_stage(layer),
        })
    }

    fn top(&self) -> usize {
        self.layers.len()
    }

    fn last_block(&self) -> usize {
        let head = format!("{}.head", self.name);
        self.layers.iter().rposition(|layer| *layer != head).unwrap_or(0)
    }

    /// The first residual block of a layer's stage; the layer itself if there are no stages.
    fn first_of_stage(&self, layer: usize) -> usize {
        let stages = format!("{}.stages.", self.name);
        let stage = |layer: &String| layer.strip_prefix(&stages)?.split('.').next().map(str::to_owned);
        match stage(&self.layers[layer]) {
            Some(own) => {
                self.layers.iter().position(|other| stage(other).as_ref() == Some(&own)).unwrap_or(layer)
            }
            None => layer,
        }
    }
}

fn below(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
