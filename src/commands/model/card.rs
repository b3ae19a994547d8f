//! The model card: what the model is, how good, where from, and how to load it.

mod run;

use std::fmt::Write as _;

use clip_lab_cli::{ModelExportArgs, ModelFormat};
use clip_lab_escape::{code, fenced, inline, markdown};

use super::record::Found;
use crate::commands::target::{Model, Target};

/// What a card is written from.
pub struct Card<'a> {
    /// What was asked for.
    pub args: &'a ModelExportArgs,
    /// What the model is for the tool that loads it.
    pub kind: &'a str,
    /// The checkpoint.
    pub source: &'a str,
    /// The model as it was planned.
    pub target: &'a Target,
    /// And built.
    pub model: &'a Model,
    /// What the store knows of its run.
    pub found: Option<&'a Found>,
}

impl Card<'_> {
    /// Markdown, with the head that the Hugging Face Hub reads.
    pub fn text(&self) -> String {
        let sections = [self.head(), self.loading(), self.parts(), self.pictures(), self.run()];
        sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn name(&self) -> String {
        let folder = || self.args.out.file_name().map(|name| name.to_string_lossy().into_owned());
        self.found.map(|found| found.run.name.clone()).or_else(folder).unwrap_or_default()
    }

    fn head(&self) -> String {
        let library = match self.args.format {
            ModelFormat::Hf => "library_name: transformers\n",
            ModelFormat::OpenClip => "library_name: open_clip\n",
            ModelFormat::TorchScript => "",
        };
        let (pipeline, tags, what) = match &self.model.classes {
            Some(_) => ("image-classification", "", "A classifier of pictures"),
            None => {
                ("zero-shot-image-classification", "tags:\n- clip\n- image-text\n", "An image-text model")
            }
        };
        format!(
            "---\n{library}pipeline_tag: {pipeline}\n{tags}---\n# {}\n\n{what} ({}), written by clip-lab {} from {}.\n",
            markdown(&self.name()),
            code(self.kind),
            env!("CARGO_PKG_VERSION"),
            code(file_name(self.source)),
        )
    }

    fn loading(&self) -> String {
        let lines = match (self.args.format, self.kind) {
            (ModelFormat::Hf, kind) => format!(
                "from transformers import {kind}, AutoTokenizer, AutoImageProcessor\n\
                 model = {kind}.from_pretrained(\"DIR\").eval()\n\
                 tokenizer, processor = AutoTokenizer.from_pretrained(\"DIR\"), AutoImageProcessor.from_pretrained(\"DIR\")"
            ),
            (ModelFormat::OpenClip, _) => "import open_clip\n\
                 model, _, preprocess = open_clip.create_model_and_transforms(\"local-dir:DIR\")\n\
                 tokenizer = open_clip.get_tokenizer(\"local-dir:DIR\")"
                .into(),
            (ModelFormat::TorchScript, _) => self.script_lines(),
        };
        let again = match self.args.format {
            ModelFormat::TorchScript => "",
            _ => {
                "\nIn a spec of clip-lab: `from = \"DIR\"` in `[model.image]`, `[model.text]` and their projections.\n"
            }
        };
        format!("## Loading\n\n```python\n{lines}\n```\n{again}")
    }

    fn script_lines(&self) -> String {
        let mut lines = "import torch\nmodel = torch.jit.load(\"DIR/model.pt\").eval()\n".to_owned();
        if let Some(image) = &self.target.plan.image {
            let side = image.preprocess.size;
            let _ = writeln!(
                lines,
                "rows = model.encode_image(pixel_values, normalize=True)  # [B, 3, {side}, {side}]"
            );
        }
        if let (Some(classes), Some(image)) = (&self.model.classes, &self.target.plan.image) {
            let (count, side) = (classes.names.len(), image.preprocess.size);
            let _ = writeln!(
                lines,
                "logits = model(pixel_values)  # [B, 3, {side}, {side}] to [B, {count}], before the softmax\n\
                 names = model.classes()  # what each of the {count} is"
            );
        }
        if let Some(text) = &self.target.plan.text {
            let most = text.max_tokens;
            let _ = writeln!(
                lines,
                "rows = model.encode_text(input_ids, attention_mask, normalize=True)  # [B, L], L <= {most}"
            );
        }
        lines.trim_end().to_owned()
    }

    fn parts(&self) -> String {
        let plan = &self.target.plan;
        let mut rows = Vec::new();
        if let Some(image) = &plan.image {
            rows.push(("image", image.encoder.name));
            rows.push(("image_projection", image.head.projection.name));
        }
        if self.model.classes.is_some() {
            rows.push(("classifier", "linear"));
        }
        if let Some(text) = &plan.text {
            rows.push(("text", text.encoder.name));
            rows.push(("text_projection", text.head.projection.name));
        }
        let mut words = "## Model\n\n| part | plugin | parameters |\n|---|---|---:|\n".to_owned();
        for (part, plugin) in rows {
            let _ = writeln!(words, "| {part} | {} | {} |", markdown(plugin), thousands(self.count(part)));
        }
        if let Some(text) = &plan.text {
            let name = inline(text.tokenizer.name);
            let _ = writeln!(words, "\nTokenizer: {name}, {} tokens at most.", text.max_tokens);
        }
        if let Some(classes) = &self.model.classes {
            let names = inline(&classes.names.join(", "));
            let _ = writeln!(words, "\nClasses, in the order of the answers: {names}.");
        }
        words
    }

    fn count(&self, part: &str) -> usize {
        let before = format!("{part}.");
        let statistics = |name: &str| name.ends_with("running_mean") || name.ends_with("running_var");
        let variables = self.model.vars.variables();
        let mine = variables.iter().filter(|(name, _)| name.starts_with(&before) && !statistics(name));
        mine.map(|(_, tensor)| tensor.numel()).sum()
    }

    fn pictures(&self) -> String {
        let Some(image) = &self.target.plan.image else { return String::new() };
        let how = super::parts::preprocess(&image.preprocess);
        format!(
            "Pictures: {:?} to {} pixels, {:?}, the middle {}x{}, mean {:?}, deviation {:?}.\n",
            how.resize, how.size, how.interpolation, how.crop, how.crop, how.mean, how.std
        )
        .to_lowercase()
        .replacen("pictures", "Pictures", 1)
    }

    fn run(&self) -> String {
        let Some(found) = self.found else {
            return "The store knows no run of these weights: there are no numbers and no provenance to tell.\n".into();
        };
        let weights = file_name(self.source);
        let step =
            found.step.map_or_else(String::new, |step| format!(" of step {}", thousands(step as usize)));
        let (weights, uid) = (code(weights), code(&found.run.uid));
        let mut words = format!("## Numbers\n\nOf the weights {weights}{step}, run {uid}.\n\n");
        words += &run::numbers(found);
        words += &run::data(found);
        words += &run::provenance(found);
        let _ = write!(words, "\n## Spec\n\n{}", fenced("toml", &found.spec));
        words
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path)
}

/// `1,234,567`.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}
