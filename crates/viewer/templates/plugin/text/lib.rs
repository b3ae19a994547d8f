//! A text tower: a bag of words.

use clip_lab_plugin_api::prelude::*;

/// The mean of the token embeddings of a text, followed by one linear layer. Ignores word order.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MyPlugin {
    /// Vocabulary size.
    pub vocab: i64,
    /// Context length: the maximum number of tokens.
    pub context: i64,
    /// Width of the features.
    pub width: i64,
}

impl Default for MyPlugin {
    fn default() -> Self {
        Self { vocab: 49_408, context: 77, width: 64 }
    }
}

impl Settings for MyPlugin {
    fn check(&self, problems: &mut Problems) {
        for (key, value) in [("vocab", self.vocab), ("context", self.context), ("width", self.width)] {
            problems.require((1..=1 << 20).contains(&value), key, "must be from 1 to 1048576");
        }
    }
}

impl Plugin<dyn TextEncoder> for MyPlugin {
    fn properties(&self) -> TextProperties {
        TextProperties { width: self.width, context: self.context, vocab: self.vocab }
    }

    fn build(&self, vars: nn::Path<'_>) -> Result<Box<dyn TextEncoder>> {
        let init = nn::Init::Randn { mean: 0.0, stdev: 0.02 };
        let word = vars.f_var("word", &[self.vocab, self.width], init)?;
        let mix = vars.f_var("mix", &[self.width, self.width], nn::init::DEFAULT_KAIMING_NORMAL)?;
        Ok(Box::new(Bag { word, mix, settings: self.clone() }))
    }
}

struct Bag {
    word: Tensor,
    mix: Tensor,
    settings: MyPlugin,
}

impl TextEncoder for Bag {
    fn encode(&self, tokens: &Tokens, _mode: Mode) -> Result<Tensor> {
        let (length, context) = (tokens.ids.size()[1], self.settings.context);
        ensure!(length <= context, "a text has {length} tokens and `context` is {context}");
        let x = Tensor::f_embedding(&self.word, &tokens.ids, -1, false, false)?; // [B, L, W]
        let mask = tokens.mask.f_unsqueeze(-1)?.f_to_kind(x.kind())?; // [B, L, 1]
        let sum = |x: &Tensor| x.f_sum_dim_intlist([1i64].as_slice(), false, x.kind());
        let mean = sum(&x.f_mul(&mask)?)?.f_div(&sum(&mask)?)?; // [B, W]
        Ok(mean.f_linear::<Tensor>(&self.mix, None)?)
    }

    fn width(&self) -> i64 {
        self.settings.width
    }

    fn layers(&self) -> Vec<String> {
        ["word", "mix"].map(str::to_owned).to_vec()
    }
}

/// Registers the plugins of this crate.
pub fn register(catalog: &mut Catalog) {
    catalog.text.add::<MyPlugin>("my_plugin");
}

clip_lab_plugin_api::export_plugin!(register);
