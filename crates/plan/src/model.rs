//! `[model.*]`, `[tokenizer]` and `[preprocess]`: the two sides of the model.

use clip_lab_plugin_api::{
    Planned, Section, TextProperties, Tokenizer,
    diagnostics::{Place, Problem},
};
use toml::de::DeTable;

use super::{
    Head, ImageSide, Preprocess, TextSide,
    checkpoints::{Imported, Part},
    planner::Planner,
};

impl Planner<'_> {
    /// The image side, if the spec has a valid one.
    pub(super) fn image(&mut self) -> Option<ImageSide> {
        let catalog = self.catalog;
        let mut section = self.tables.section("model.image")?;
        let place = section.place.clone();
        let imported = self.import(&mut section, Part::Image);
        let imported = imported.and_then(|imported| self.apply_lock(Part::Image, imported));
        let from = imported.as_ref().and_then(|imported| imported.from.clone());
        let encoder = imported.as_ref().and_then(|_| self.plugin(&catalog.image, section));
        let properties = encoder.as_ref().map(|encoder| encoder.properties.clone());
        let head =
            self.head(Part::ImageProjection, properties.as_ref().map(|properties| properties.width), &place);
        let preprocess = self.preprocess(&place, from, properties.map(|properties| properties.image_size));
        Some(ImageSide {
            preprocess: preprocess?,
            encoder: encoder?,
            weights: imported?.weights,
            head: head?,
        })
    }

    /// The text side, if the spec has a valid one.
    pub(super) fn text(&mut self) -> Option<TextSide> {
        let catalog = self.catalog;
        let mut section = self.tables.section("model.text")?;
        let place = section.place.clone();
        let imported = self.import(&mut section, Part::Text);
        let imported = imported.and_then(|imported| self.apply_lock(Part::Text, imported));
        let from = imported.as_ref().and_then(|imported| imported.from.clone());
        let encoder = imported.as_ref().and_then(|_| self.plugin(&catalog.text, section));
        let properties = encoder.as_ref().map(|encoder| encoder.properties.clone());
        let head =
            self.head(Part::TextProjection, properties.as_ref().map(|properties| properties.width), &place);
        // A checkpoint that cannot be read may or may not provide a tokenizer.
        let tokenizer = self.tokenizer(&place, from, imported.is_some());
        let max_tokens = self.max_tokens(&place, tokenizer.as_ref()?, &properties?)?;
        let (tokenizer, weights) = (tokenizer?, imported?.weights);
        Some(TextSide { tokenizer, max_tokens, encoder: encoder?, weights, head: head? })
    }

    /// A projection; `identity` by default.
    fn head(&mut self, part: Part, input: Option<i64>, tower: &Place) -> Option<Head> {
        let given = self.tables.section(part.table());
        let before = self.config.len();
        let implied = given.is_none();
        let mut section = match given.map_or_else(|| identity(part, tower), Ok) {
            Ok(section) => section,
            Err(problem) => return self.fail(vec![problem]),
        };
        let Imported { weights, .. } = self.import(&mut section, part)?;
        let catalog = self.catalog;
        let projection = self.plugin(&catalog.projection, section)?;
        if implied {
            self.config[before..].iter_mut().for_each(|setting| setting.origin = "default".into());
        }
        let input = input?;
        let dim = projection.properties.dim.unwrap_or(input);
        Some(Head { projection, weights, input, dim })
    }

    /// `[preprocess]`, with missing keys filled from the image tower's checkpoint.
    fn preprocess(
        &mut self,
        tower: &Place,
        from: Option<(String, Place)>,
        size: Option<i64>,
    ) -> Option<Preprocess> {
        let given = self.tables.section("preprocess");
        let mut section = given.unwrap_or_else(|| Section::new("preprocess", tower.clone(), DeTable::new()));
        if let Some((from, place)) = from {
            let settings = self.checkpoints.preprocess(&from, size);
            let settings = settings.map_err(|why| Problem::at(place.clone(), why));
            if let Err(problem) = settings.and_then(|settings| section.fill(&settings, &place)) {
                return self.fail(vec![problem]);
            }
        }
        let place = section.place_of("resized");
        let read: Preprocess = self.settings(section)?;
        let read = Preprocess { size: size?, ..read };
        if read.resized.is_some_and(|resized| resized < read.size) {
            let message = format!("[preprocess].resized: must be at least the tower's size, {}", read.size);
            return self.fail(vec![Problem::at(place, message)]);
        }
        Some(read)
    }

    /// `[tokenizer]`, or the tokenizer of the text tower's checkpoint.
    fn tokenizer(
        &mut self,
        tower: &Place,
        from: Option<(String, Place)>,
        readable: bool,
    ) -> Option<Planned<dyn Tokenizer>> {
        let catalog = self.catalog;
        let given = self.tables.section("tokenizer");
        if given.is_none() && (from.is_none() || !readable) {
            if readable {
                let names = catalog.tokenizer.names().join(", ");
                self.missing("tokenizer", &format!("`plugin = \"...\"`, one of: {names}"));
            }
            return None;
        }
        let own = given.as_ref().is_some_and(|section| section.has("from") || section.has("plugin"));
        let mut section = given.unwrap_or_else(|| Section::new("tokenizer", tower.clone(), DeTable::new()));
        match from {
            Some((from, place)) if !own => {
                self.import_from(&mut section, Part::Tokenizer, &from, &place).map(drop)?
            }
            _ => self.import(&mut section, Part::Tokenizer).map(drop)?,
        }
        self.plugin(&catalog.tokenizer, section)
    }

    /// Maximum number of tokens of a text: the tokenizer's limit, which must fit the text encoder's context length.
    fn max_tokens(
        &mut self,
        tower: &Place,
        tokenizer: &Planned<dyn Tokenizer>,
        properties: &TextProperties,
    ) -> Option<usize> {
        let context = usize::try_from(properties.context).unwrap_or(0);
        let limit = tokenizer.properties.max_tokens.unwrap_or(context);
        if limit <= context {
            return Some(limit);
        }
        let place = tokenizer.section.place_of("max_tokens");
        let message =
            format!("[tokenizer] allows {limit} tokens, but the text encoder's context length is {context}");
        let problem = Problem::at(place, message).also(tower.clone(), format!("context length {context}"));
        self.fail(vec![problem.help(format!(
            "set `max_tokens = {context}` in [tokenizer], or increase `context` in [model.text]"
        ))])
    }
}

/// The table of a projection that the spec omits.
fn identity(part: Part, tower: &Place) -> Result<Section, Problem> {
    let mut section = Section::new(part.table(), tower.clone(), DeTable::new());
    section.fill(&toml::Table::from_iter([("plugin".to_owned(), "identity".into())]), tower)?;
    Ok(section)
}
