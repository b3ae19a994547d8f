//! The catalog: one shelf for each kind of plugin, filled by explicit `register` functions.

use std::{fmt, path::PathBuf};

use anyhow::{Result, anyhow};
use clip_lab_problem::Problem;
use serde_json::Value;

use crate::{
    Augment, Dataset, Evaluator, ImageEncoder, Loss, Optimizer, Projection, Schedule, Section, Settings,
    TextEncoder, Tokenizer, Trick, export::caught,
};

/// A kind of plugin; implemented for `dyn Trait`, so that a shelf can be written `Shelf<dyn Loss>`.
pub trait Kind: 'static {
    /// As said in messages: `image encoder`.
    const NAME: &'static str;
    /// What is known from the settings alone, before anything is built: widths, limits.
    type Facts: Clone + Default + fmt::Debug + Send + Sync;
    /// What building one needs besides its settings.
    type Scope<'a>;
}

/// Settings that build a plugin of kind `K`.
pub trait Plugin<K: Kind + ?Sized>: Settings {
    /// What other parts of the plan need to know. No tensor is made and no file read.
    fn facts(&self) -> K::Facts {
        K::Facts::default()
    }

    /// The files whose code building it opens, each with the setting that names it. A file from elsewhere (a checkpoint,
    /// a store) may name code too, so nothing that is not listed here may be run.
    fn code(&self) -> Vec<(&'static str, PathBuf)> {
        Vec::new()
    }

    /// Builds it.
    ///
    /// # Errors
    /// When what the settings name cannot be read or made.
    fn build(&self, scope: K::Scope<'_>) -> Result<Box<K>>;
}

/// The constructor that a [`Planned`] plugin carries.
type Build<K> = Box<dyn for<'a> Fn(<K as Kind>::Scope<'a>) -> Result<Box<K>> + Send + Sync>;

/// A plugin found, its settings read and checked, nothing built yet.
pub struct Planned<K: Kind + ?Sized> {
    /// Name in the catalog.
    pub name: &'static str,
    /// What the settings alone say.
    pub facts: K::Facts,
    /// All settings, defaults included.
    pub settings: Value,
    /// The files whose code building it opens, each with the setting that names it.
    pub code: Vec<(&'static str, PathBuf)>,
    /// The table it was read from, for messages that point back at it.
    pub section: Section,
    build: Build<K>,
}

impl<K: Kind + ?Sized> Planned<K> {
    /// Builds the plugin.
    ///
    /// # Errors
    /// Those of the plugin, with its name before them.
    pub fn build(&self, scope: K::Scope<'_>) -> Result<Box<K>> {
        (self.build)(scope).map_err(|error| error.context(format!("{} `{}`", K::NAME, self.name)))
    }
}

impl<K: Kind + ?Sized> fmt::Debug for Planned<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planned").field("name", &self.name).field("settings", &self.settings).finish()
    }
}

/// A plugin as the help prints it.
#[derive(Debug, Clone)]
pub struct Description {
    /// Name in a spec.
    pub name: &'static str,
    /// JSON Schema of its settings; doc comments are the descriptions.
    pub schema: Value,
    /// Every setting at its default.
    pub defaults: Value,
}

/// Reads the settings of the plugin that was registered under a name.
type Plan<K> = fn(&'static str, Section) -> Result<Planned<K>, Vec<Problem>>;

struct Entry<K: Kind + ?Sized> {
    name: &'static str,
    plan: Plan<K>,
    describe: fn(&'static str) -> Description,
}

impl<K: Kind + ?Sized> Clone for Entry<K> {
    fn clone(&self) -> Self {
        Self { name: self.name, plan: self.plan, describe: self.describe }
    }
}

/// The plugins of one kind.
pub struct Shelf<K: Kind + ?Sized>(Vec<Entry<K>>);

impl<K: Kind + ?Sized> Default for Shelf<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Kind + ?Sized> Clone for Shelf<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Kind + ?Sized> Shelf<K> {
    /// Registers the plugin whose settings are `S` under `name`.
    pub fn add<S: Plugin<K>>(&mut self, name: &'static str) {
        self.0.push(Entry { name, plan: plan::<K, S>, describe: describe::<S> });
    }

    /// The names on the shelf, in order of registration.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|entry| entry.name).collect()
    }

    /// A name that stands on the shelf twice: the first plugin would hide the second.
    fn clash(&self) -> Option<&'static str> {
        let names = self.names();
        names.iter().enumerate().find(|(place, name)| names[..*place].contains(name)).map(|(_, name)| *name)
    }

    /// Finds the plugin that the section's `plugin` key names and reads its settings. Nothing is built.
    ///
    /// # Errors
    /// All problems of the table at once.
    pub fn plan(&self, mut section: Section) -> Result<Planned<K>, Vec<Problem>> {
        let place = section.place_of("plugin");
        let name = match section.take::<String>("plugin") {
            Ok(Some(name)) => name,
            Ok(None) => return Err(vec![self.unnamed(&section)]),
            Err(problem) => return Err(vec![problem]),
        };
        match self.0.iter().find(|entry| entry.name == name) {
            Some(entry) => (entry.plan)(entry.name, section),
            None => Err(vec![self.stranger(&name, place)]),
        }
    }

    /// Help for every plugin of the kind.
    pub fn describe(&self) -> Vec<Description> {
        self.0.iter().map(|entry| (entry.describe)(entry.name)).collect()
    }

    fn unnamed(&self, section: &Section) -> Problem {
        Problem::at(section.place.clone(), format!("[{}] names no plugin", section.name))
            .help(format!("add `plugin = \"...\"`, one of: {}", self.names().join(", ")))
    }

    fn stranger(&self, name: &str, place: std::ops::Range<usize>) -> Problem {
        Problem::unknown(place, format!("no {} plugin is called `{name}`", K::NAME), name, &self.names())
    }
}

fn plan<K: Kind + ?Sized, S: Plugin<K>>(
    name: &'static str,
    section: Section,
) -> Result<Planned<K>, Vec<Problem>> {
    let read = || section.clone().read::<S>().map(|settings| (settings.facts(), settings.code(), settings));
    let (facts, code, settings) = caught(&format!("reading the settings of `{name}`"), read)
        .unwrap_or_else(|message| Err(vec![Problem::at(section.place.clone(), message)]))?;
    let value = serde_json::to_value(&settings).unwrap_or(Value::Null);
    // A plugin may come from a shared library, which no panic may leave.
    let build: Build<K> = Box::new(move |scope| {
        caught("building it", || settings.build(scope)).unwrap_or_else(|message| Err(anyhow!(message)))
    });
    Ok(Planned { name, facts, settings: value, code, section, build })
}

fn describe<S: Settings>(name: &'static str) -> Description {
    let schema = schemars::schema_for!(S).to_value();
    let defaults = serde_json::to_value(S::default()).unwrap_or(Value::Null);
    Description { name, schema, defaults }
}

macro_rules! shelves {
    ($($(#[$doc:meta])* $field:ident: $kind:ident,)*) => {
        /// Every plugin that a spec may name.
        #[derive(Default, Clone)]
        pub struct Catalog {
            $($(#[$doc])* pub $field: Shelf<dyn $kind>,)*
            /// Whether code is opened that a file from elsewhere names: what a checkpoint says of its model, and a spec that
            /// lies in a store or beside a checkpoint. What the user names is opened in any case.
            pub trust_code: bool,
        }

        impl Catalog {
            /// Every kind with its key (as typed after `clip-lab plugins`), its name in words and its plugins.
            pub fn kinds(&self) -> Vec<(&'static str, &'static str, Vec<Description>)> {
                vec![$((stringify!($field), <dyn $kind as Kind>::NAME, self.$field.describe()),)*]
            }

            /// A kind, in words, and a name that two of its plugins have: the second could never be used.
            pub fn clash(&self) -> Option<(&'static str, &'static str)> {
                $(if let Some(name) = self.$field.clash() {
                    return Some((<dyn $kind as Kind>::NAME, name));
                })*
                None
            }
        }
    };
}

shelves! {
    /// Image encoders.
    image: ImageEncoder,
    /// Text encoders.
    text: TextEncoder,
    /// Projection heads.
    projection: Projection,
    /// Tokenizers.
    tokenizer: Tokenizer,
    /// Losses.
    loss: Loss,
    /// Optimizers.
    optimizer: Optimizer,
    /// Learning-rate schedules.
    schedule: Schedule,
    /// Training tricks.
    trick: Trick,
    /// Augmentations.
    augment: Augment,
    /// Data sets.
    data: Dataset,
    /// Evaluators.
    eval: Evaluator,
}
