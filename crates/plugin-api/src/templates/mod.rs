//! Zero-shot classes: prompt templates, sentences with `{}` where the name of a class goes, and the vectors of classes
//! that their embeddings give. Evaluators classify with them, and classifiers start from them.

use anyhow::{Result, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tch::Tensor;

/// A named set of templates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    /// "a photo of a {}."
    #[default]
    Photo,
    /// The class name alone.
    Plain,
    /// The seven that CLIP's authors found sufficient on ImageNet, from the prompt notebook of openai/CLIP.
    Openai7,
    /// The eighty with which CLIP's authors report ImageNet accuracy, from the same notebook.
    Openai80,
}

/// One per line, in the published order.
const OPENAI80: &str = include_str!("openai80.txt");

impl Named {
    /// Every set.
    pub const ALL: [Self; 4] = [Self::Photo, Self::Plain, Self::Openai7, Self::Openai80];

    /// The name as written in a spec.
    pub fn name(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Plain => "plain",
            Self::Openai7 => "openai7",
            Self::Openai80 => "openai80",
        }
    }

    /// The templates of the set.
    pub fn list(self) -> Vec<&'static str> {
        match self {
            Self::Photo => vec!["a photo of a {}."],
            Self::Plain => vec!["{}"],
            Self::Openai7 => vec![
                "itap of a {}.",
                "a bad photo of the {}.",
                "a origami {}.",
                "a photo of the large {}.",
                "a {} in a video game.",
                "art of the {}.",
                "a photo of the small {}.",
            ],
            Self::Openai80 => OPENAI80.lines().collect(),
        }
    }
}

/// Templates, by name or as a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "must be a list of sentences with {}, or one of \"photo\", \"plain\", \"openai7\", \"openai80\""
)]
pub enum Templates {
    /// A named set.
    Named(Named),
    /// A list of templates.
    Own(Vec<String>),
}

impl Templates {
    /// The templates.
    pub fn list(&self) -> Vec<&str> {
        match self {
            Self::Named(named) => named.list(),
            Self::Own(list) => list.iter().map(String::as_str).collect(),
        }
    }

    /// The texts of every template, one per class.
    pub fn fill(&self, classes: &[String]) -> Vec<Vec<String>> {
        let fill = |template: &str| classes.iter().map(|class| template.replace("{}", class)).collect();
        self.list().into_iter().map(fill).collect()
    }

    /// Whether there is at least one template and each contains `{}`.
    pub fn usable(&self) -> bool {
        let list = self.list();
        !list.is_empty() && list.iter().all(|template| template.contains("{}"))
    }
}

/// One L2-normalised vector per class, `[C, D]`: the normalised mean over templates of the normalised embeddings.
///
/// `by_template`: for each template the embeddings of its texts, `[C, D]`.
///
/// # Errors
/// If there is no template, or shapes differ.
pub fn class_weights(by_template: &[Tensor]) -> Result<Tensor> {
    ensure!(!by_template.is_empty(), "class weights need at least one template");
    let rows = by_template.iter().map(unit).collect::<Result<Vec<_>>>()?; // each [C, D]
    unit(&Tensor::f_stack(&rows, 0)?.f_mean_dim(0, false, None)?)
}

/// L2-normalises rows.
fn unit(rows: &Tensor) -> Result<Tensor> {
    let length = rows.f_square()?.f_sum_dim_intlist([1i64].as_slice(), true, None)?.f_sqrt()?;
    Ok(rows.f_div(&length.f_clamp_min(1e-12)?)?)
}

#[cfg(test)]
mod tests;
