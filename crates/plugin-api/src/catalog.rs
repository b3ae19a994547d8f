//! The catalog: one registry per plugin kind, filled by explicit `register` functions.

use std::{fmt, path::PathBuf};

use anyhow::{Result, anyhow};
use clip_lab_diagnostics::Problem;
use serde_json::Value;

use crate::{
    Augment, Dataset, Evaluator, ImageEncoder, Loss, Optimizer, Projection, Schedule, Section, Settings,
    TextEncoder, Tokenizer, Trick, caught::caught,
};

/// A plugin kind; implemented for `dyn Trait`, so that a registry is written `Registry<dyn Schedule>`.
pub trait Kind: 'static {
    /// Name in messages: `image encoder`.
    const NAME: &'static str;
    /// Properties derived from the settings alone, before anything is built: widths, limits.
    type Properties: Clone + Default + fmt::Debug + Send + Sync;
    /// The build context: what building needs besides the settings.
    type BuildContext<'a>;
}

/// Settings that build a plugin of kind `K`.
pub trait Plugin<K: Kind + ?Sized>: Settings {
    /// Properties that other parts of the plan need. Creates no tensor and reads no model file.
    fn properties(&self) -> K::Properties {
        K::Properties::default()
    }

    /// Files whose code is executed when the plugin is built, each with the setting that names it. An untrusted file (a
    /// checkpoint, a store) may name code too, so nothing else may be executed.
    fn code(&self) -> Vec<(&'static str, PathBuf)> {
        Vec::new()
    }

    /// Builds the plugin.
    ///
    /// # Errors
    /// If a file that the settings name cannot be read, or a tensor cannot be allocated.
    fn build(&self, context: K::BuildContext<'_>) -> Result<Box<K>>;
}

/// The constructor of a [`Planned`] plugin.
type Build<K> = Box<dyn for<'a> Fn(<K as Kind>::BuildContext<'a>) -> Result<Box<K>> + Send + Sync>;

/// A plugin whose settings were read and checked; nothing is built yet.
pub struct Planned<K: Kind + ?Sized> {
    /// Name in the catalog.
    pub name: &'static str,
    /// Properties derived from the settings.
    pub properties: K::Properties,
    /// All settings, including defaults.
    pub settings: Value,
    /// Files whose code is executed when the plugin is built, each with the setting that names it.
    pub code: Vec<(&'static str, PathBuf)>,
    /// The table it was read from, for error locations.
    pub section: Section,
    build: Build<K>,
}

impl<K: Kind + ?Sized> Planned<K> {
    /// Builds the plugin.
    ///
    /// # Errors
    /// The plugin's errors, prefixed with its kind and name.
    pub fn build(&self, context: K::BuildContext<'_>) -> Result<Box<K>> {
        (self.build)(context).map_err(|error| error.context(format!("{} `{}`", K::NAME, self.name)))
    }
}

impl<K: Kind + ?Sized> fmt::Debug for Planned<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planned").field("name", &self.name).field("settings", &self.settings).finish()
    }
}

/// A plugin as printed in the help.
#[derive(Debug, Clone)]
pub struct Description {
    /// Name in a spec.
    pub name: &'static str,
    /// JSON Schema of its settings; doc comments are the descriptions.
    pub schema: Value,
    /// All settings at their defaults.
    pub defaults: Value,
}

/// Reads the settings of the plugin registered under a name.
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

/// A registry: the plugins of one kind.
pub struct Registry<K: Kind + ?Sized>(Vec<Entry<K>>);

impl<K: Kind + ?Sized> Default for Registry<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Kind + ?Sized> Clone for Registry<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Kind + ?Sized> Registry<K> {
    /// Registers the plugin whose settings are `S` under `name`.
    pub fn add<S: Plugin<K>>(&mut self, name: &'static str) {
        self.0.push(Entry { name, plan: plan::<K, S>, describe: describe::<S> });
    }

    /// The registered names, in order of registration.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|entry| entry.name).collect()
    }

    /// A name that is registered twice; the second plugin would be unreachable.
    fn clash(&self) -> Option<&'static str> {
        let names = self.names();
        names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)).map(|(_, name)| *name)
    }

    /// Finds the plugin named by the section's `plugin` key and reads its settings. Nothing is built.
    ///
    /// # Errors
    /// All problems of the table.
    pub fn plan(&self, mut section: Section) -> Result<Planned<K>, Vec<Problem>> {
        let place = section.place_of("plugin");
        let name = match section.take::<String>("plugin") {
            Ok(Some(name)) => name,
            Ok(None) => return Err(vec![self.missing_name(&section)]),
            Err(problem) => return Err(vec![problem]),
        };
        match self.0.iter().find(|entry| entry.name == name) {
            Some(entry) => (entry.plan)(entry.name, section),
            None => Err(vec![self.unknown_name(&name, place)]),
        }
    }

    /// Help for all plugins of the kind.
    pub fn describe(&self) -> Vec<Description> {
        self.0.iter().map(|entry| (entry.describe)(entry.name)).collect()
    }

    fn missing_name(&self, section: &Section) -> Problem {
        Problem::at(section.place.clone(), format!("[{}] names no plugin", section.name))
            .help(format!("add `plugin = \"...\"`, one of: {}", self.names().join(", ")))
    }

    fn unknown_name(&self, name: &str, place: std::ops::Range<usize>) -> Problem {
        Problem::unknown(place, format!("no {} plugin is called `{name}`", K::NAME), name, &self.names())
    }
}

fn plan<K: Kind + ?Sized, S: Plugin<K>>(
    name: &'static str,
    section: Section,
) -> Result<Planned<K>, Vec<Problem>> {
    let read =
        || section.clone().read::<S>().map(|settings| (settings.properties(), settings.code(), settings));
    let (properties, code, settings) = caught(&format!("reading the settings of `{name}`"), read)
        .unwrap_or_else(|message| Err(vec![Problem::at(section.place.clone(), message)]))?;
    let value = serde_json::to_value(&settings).unwrap_or(Value::Null);
    // A plugin may come from a shared library, and a panic must not unwind out of one.
    let build: Build<K> = Box::new(move |context| {
        caught("building it", || settings.build(context)).unwrap_or_else(|message| Err(anyhow!(message)))
    });
    Ok(Planned { name, properties, settings: value, code, section, build })
}

fn describe<S: Settings>(name: &'static str) -> Description {
    let schema = schemars::schema_for!(S).to_value();
    let defaults = serde_json::to_value(S::default()).unwrap_or(Value::Null);
    Description { name, schema, defaults }
}

macro_rules! registries {
    ($($(#[$doc:meta])* $field:ident: $kind:ty,)*) => {
        /// The registries of all plugin kinds.
        #[derive(Default, Clone)]
        pub struct Catalog {
            $($(#[$doc])* pub $field: Registry<$kind>,)*
            /// Whether code named by an untrusted file may be executed: by the metadata of a checkpoint, or by a spec in a
            /// store or in a checkpoint's folder. Code named by the user is always executed.
            pub trust_code: bool,
        }

        impl Catalog {
            /// All kinds with their key (the argument of `clip-lab plugins`), their display name and their plugins.
            pub fn kinds(&self) -> Vec<(&'static str, &'static str, Vec<Description>)> {
                vec![$((stringify!($field), <$kind as Kind>::NAME, self.$field.describe()),)*]
            }

            /// A kind's display name, and a plugin name registered twice in it; the second plugin would be unreachable.
            pub fn clash(&self) -> Option<(&'static str, &'static str)> {
                $(if let Some(name) = self.$field.clash() {
                    return Some((<$kind as Kind>::NAME, name));
                })*
                None
            }
        }
    };
}

registries! {
    /// Image encoders.
    image: dyn ImageEncoder,
    /// Text encoders.
    text: dyn TextEncoder,
    /// Projection heads.
    projection: dyn Projection,
    /// Tokenizers.
    tokenizer: dyn Tokenizer,
    /// Losses.
    loss: Loss,
    /// Optimizers.
    optimizer: dyn Optimizer,
    /// Learning-rate schedules.
    schedule: dyn Schedule,
    /// Training tricks.
    trick: dyn Trick,
    /// Augmentations.
    augment: dyn Augment,
    /// Data sets.
    data: dyn Dataset,
    /// Evaluators.
    eval: dyn Evaluator,
}
