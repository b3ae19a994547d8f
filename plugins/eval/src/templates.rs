//! Prompt templates: sentences with `{}` where the name of a class goes.

use clip_lab_api::prelude::*;

/// A named set of templates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    /// "a photo of a {}."
    #[default]
    Photo,
    /// The class name alone.
    Plain,
    /// The seven that CLIP's authors found to be enough on ImageNet, from the prompt notebook of openai/CLIP.
    Openai7,
}

impl Named {
    /// The templates of the set.
    pub fn list(self) -> &'static [&'static str] {
        match self {
            Self::Photo => &["a photo of a {}."],
            Self::Plain => &["{}"],
            Self::Openai7 => &[
                "itap of a {}.",
                "a bad photo of the {}.",
                "a origami {}.",
                "a photo of the large {}.",
                "a {} in a video game.",
                "art of the {}.",
                "a photo of the small {}.",
            ],
        }
    }
}

/// Templates by name or written out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a list of sentences with {}, or one of \"photo\", \"plain\", \"openai7\"")]
pub enum Templates {
    /// A named set.
    Named(Named),
    /// One's own.
    Own(Vec<String>),
}

impl Templates {
    /// The texts of every template, one for each class.
    pub fn fill(&self, classes: &[String]) -> Vec<Vec<String>> {
        let fill = |template: &str| classes.iter().map(|class| template.replace("{}", class)).collect();
        match self {
            Self::Named(named) => named.list().iter().map(|template| fill(template)).collect(),
            Self::Own(list) => list.iter().map(|template| fill(template)).collect(),
        }
    }

    /// Whether there is a template and each has a place for the class.
    pub fn usable(&self) -> bool {
        match self {
            Self::Named(_) => true,
            Self::Own(list) => !list.is_empty() && list.iter().all(|template| template.contains("{}")),
        }
    }
}
