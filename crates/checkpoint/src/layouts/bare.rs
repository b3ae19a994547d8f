//! A safetensors file without configuration: the layout is recognised from tensor names, and settings are derived from
//! shapes. The spec must set the others.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail};

use super::location::{TowerLocation, prefix};
use super::shapes::{count, dim, ratio};
use super::timm_vit::Hints;
use super::{Layout, hf_image, open_clip_text, open_clip_vision, timm, two_towers};
use crate::Import;
use crate::positions::grid;
use crate::source::{Shards, Tensors};

/// The known layouts: the tensor that identifies each, and its description.
const KINDS: &[(Kind, &str, &str)] = &[
    (Kind::OpenClip, "visual.conv1.weight", "a CLIP with OpenAI's names"),
    (Kind::HfVit, "embeddings.patch_embeddings.projection.weight", "a ViT with Hugging Face's names"),
    (Kind::Timm, "patch_embed.proj.weight", "a ViT with timm's names"),
    (Kind::Timm, "layer1.0.conv1.weight", "a ResNet with timm's and torchvision's names"),
    (Kind::HfText, "embeddings.word_embeddings.weight", "a BERT with Hugging Face's names"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    OpenClip,
    HfVit,
    Timm,
    HfText,
}

pub(super) struct Bare {
    file: PathBuf,
    tensors: Arc<dyn Tensors>,
    kind: Kind,
    prefix: String,
    description: &'static str,
}

impl Bare {
    pub fn open(file: &Path) -> Result<Self> {
        let tensors: Arc<dyn Tensors> = Arc::new(Shards::file(file)?);
        let found = KINDS.iter().find_map(|(kind, probe, description)| {
            prefix(&*tensors, "", probe).map(|prefix| (*kind, prefix, *description))
        });
        let Some((kind, prefix, description)) = found else { bail!(unknown_layout(file, &*tensors)) };
        Ok(Self { file: file.to_owned(), tensors, kind, prefix, description })
    }

    fn place(&self) -> TowerLocation<'_> {
        TowerLocation { tensors: &self.tensors, within: &self.prefix, others: &[], pooler: false }
    }

    fn hf_vit(&self) -> Result<Import> {
        let at = |name: &str| format!("{}{name}", self.prefix);
        let tensors = &*self.tensors;
        let width = dim(tensors, &at("embeddings.patch_embeddings.projection.weight"), 0)?;
        let patch = dim(tensors, &at("embeddings.patch_embeddings.projection.weight"), 2)?;
        let rows = dim(tensors, &at("embeddings.position_embeddings"), 1)?;
        let Some((side, true)) = grid(rows) else {
            bail!("{rows} positions are not a square grid and a class token")
        };
        let inner = dim(tensors, &at("encoder.layer.0.intermediate.dense.weight"), 0)?;
        let import = Import::new(
            "vit",
            [
                ("image_size", (side * patch).into()),
                ("patch_size", patch.into()),
                ("width", width.into()),
                ("depth", count(tensors, &at("encoder.layer."), ".layernorm_before.weight").into()),
                ("mlp_ratio", ratio(inner, width).into()),
                ("qkv_bias", tensors.has(&at("encoder.layer.0.attention.attention.query.bias")).into()),
                ("norm_eps", 1e-12.into()),
            ],
        );
        let weights = hf_image::vit_weights(&self.place())?;
        Ok(Import { needs: vec!["heads"], ..import.with(weights) })
    }
}

impl Layout for Bare {
    fn image(&self) -> Result<Option<Import>> {
        Ok(Some(match self.kind {
            Kind::OpenClip if self.tensors.has("visual.attnpool.c_proj.weight") => {
                open_clip_vision::modified_resnet(&self.tensors)?
            }
            Kind::OpenClip => open_clip_vision::vit(&self.tensors)?,
            Kind::HfVit => self.hf_vit()?,
            Kind::Timm => timm::tower(&self.tensors, &self.prefix, &Hints::default(), None)?,
            Kind::HfText => return Ok(None),
        }))
    }

    fn text(&self) -> Result<Option<Import>> {
        match self.kind {
            Kind::OpenClip => open_clip_text::transformer(&self.tensors).map(Some),
            Kind::HfText => open_clip_text::bert(&self.place(), "cls").map(Some),
            Kind::HfVit | Kind::Timm => Ok(None),
        }
    }

    fn image_projection(&self) -> Result<Option<Import>> {
        if self.kind == Kind::OpenClip { open_clip_vision::projection(&self.tensors) } else { Ok(None) }
    }

    fn text_projection(&self) -> Result<Option<Import>> {
        if self.kind == Kind::OpenClip { open_clip_text::projection(&self.tensors) } else { Ok(None) }
    }

    fn tokenizer(&self) -> Result<Option<Import>> {
        Ok((self.kind == Kind::OpenClip).then(|| Import::new("clip_bpe", [])))
    }

    fn loss(&self) -> Result<Option<Import>> {
        two_towers::loss(&*self.tensors)
    }

    fn describe(&self) -> String {
        let beside = self.file.with_file_name("config.json").exists();
        let hint = if beside { "; name its folder instead, to use its config.json" } else { "" };
        format!("{}: recognised as {}{hint}", self.file.display(), self.description)
    }
}

fn unknown_layout(file: &Path, tensors: &dyn Tensors) -> String {
    let examples = tensors.names().into_iter().take(3).collect::<Vec<_>>().join("`, `");
    let known = KINDS.iter().map(|(.., description)| *description).collect::<Vec<_>>().join(", ");
    format!(
        "{}: its tensors (`{examples}`, ...) have no known layout: {known}. If it has a config.json, name the folder of \
         both",
        file.display()
    )
}
