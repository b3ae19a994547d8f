//! The model card: loading, parts, metrics, data and provenance of an exported model.

mod run;

use std::fmt::Write as _;

use clip_lab_cli::{ModelExportArgs, ModelFormat};
use clip_lab_escape::{code, fenced, inline, markdown, thousands};

use super::run_record::RunRecord;
use crate::commands::target::{Model, Target};

/// The input of a model card.
pub struct Card<'a> {
    /// The arguments.
    pub args: &'a ModelExportArgs,
    /// The kind of model for the tool that loads it.
    pub kind: &'a str,
    /// The checkpoint.
    pub source: &'a str,
    /// The planned model.
    pub target: &'a Target,
    /// The built model.
    pub model: &'a Model,
    /// The record of its run.
    pub record: Option<&'a RunRecord>,
}

impl Card<'_> {
    /// Markdown, with the metadata block of the Hugging Face Hub.
    pub fn text(&self) -> String {
        let sections = [self.head(), self.loading(), self.parts(), self.preprocessing(), self.run()];
        sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn name(&self) -> String {
        let folder = || self.args.out.file_name().map(|name| name.to_string_lossy().into_owned());
        self.record.map(|record| record.run.name.clone()).or_else(folder).unwrap_or_default()
    }

    fn head(&self) -> String {
        let library = match self.args.format {
            ModelFormat::Hf => "library_name: transformers\n",
            ModelFormat::OpenClip => "library_name: open_clip\n",
            ModelFormat::TorchScript => "",
        };
        let (pipeline, tags, what) = match &self.model.classes {
            Some(_) => ("image-classification", "", "An image classifier"),
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
        let spec_usage = match self.args.format {
            ModelFormat::TorchScript => "",
            _ => {
                "\nIn a spec of clip-lab: `from = \"DIR\"` in `[model.image]`, `[model.text]` and their projections.\n"
            }
        };
        format!("## Loading\n\n```python\n{lines}\n```\n{spec_usage}")
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
                 names = model.classes()  # names of the {count} classes"
            );
        }
        if let Some(text) = &self.target.plan.text {
            let max_tokens = text.max_tokens;
            let _ = writeln!(
                lines,
                "rows = model.encode_text(input_ids, attention_mask, normalize=True)  # [B, L], L <= {max_tokens}"
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
        let mut section = "## Model\n\n| part | plugin | parameters |\n|---|---|---:|\n".to_owned();
        for (part, plugin) in rows {
            let _ = writeln!(
                section,
                "| {part} | {} | {} |",
                markdown(plugin),
                thousands(self.count(part) as u64)
            );
        }
        if let Some(text) = &plan.text {
            let name = inline(text.tokenizer.name);
            let _ = writeln!(section, "\nTokenizer: {name}, at most {} tokens.", text.max_tokens);
        }
        if let Some(classes) = &self.model.classes {
            let names = inline(&classes.names.join(", "));
            let _ = writeln!(section, "\nClasses, in the order of the logits: {names}.");
        }
        section
    }

    fn count(&self, part: &str) -> usize {
        let prefix = format!("{part}.");
        let statistics = |name: &str| name.ends_with("running_mean") || name.ends_with("running_var");
        let variables = self.model.vars.variables();
        let mine = variables.iter().filter(|(name, _)| name.starts_with(&prefix) && !statistics(name));
        mine.map(|(_, tensor)| tensor.numel()).sum()
    }

    fn preprocessing(&self) -> String {
        let Some(image) = &self.target.plan.image else { return String::new() };
        let how = super::parts::preprocess(&image.preprocess);
        format!(
            "Preprocessing: {:?} to {} pixels, {:?}, centre crop {}x{}, mean {:?}, std {:?}.\n",
            how.resize, how.size, how.interpolation, how.crop, how.crop, how.mean, how.std
        )
        .to_lowercase()
        .replacen("preprocessing", "Preprocessing", 1)
    }

    fn run(&self) -> String {
        let Some(record) = self.record else {
            return "The store has no run of these weights, so metrics and provenance are unknown.\n".into();
        };
        let weights = file_name(self.source);
        let step = record.step.map_or_else(String::new, |step| format!(" of step {}", thousands(step)));
        let (weights, uid) = (code(weights), code(&record.run.uid));
        let mut section = format!("## Metrics\n\nOf the weights {weights}{step}, run {uid}.\n\n");
        section += &run::metrics(record);
        section += &run::data(record);
        section += &run::provenance(record);
        let _ = write!(section, "\n## Spec\n\n{}", fenced("toml", &record.spec));
        section
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path)
}
