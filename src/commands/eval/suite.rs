//! The evaluators of a model, and their results.

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_plugin_api::{
    Catalog, Dataset, Evaluation, Evaluator, Metric, Planned, Section, Task, parse,
    templates::{Named, Templates},
};
use plugins_eval::{Classification, Classified, ZeroShot};
use serde_json::{Value, json};

use crate::{commands::templates, input::captions_follow_classes, train::EmbeddedData};

const ZERO_SHOT: &str = "zero_shot";
const RETRIEVAL: &str = "retrieval";
const CLASSIFICATION: &str = "classification";

/// Evaluators by name, and the prompt templates of zero-shot classification.
pub struct Suites {
    evaluators: Vec<(String, Box<dyn Evaluator>)>,
    declared: Vec<Metric>,
    templates: Templates,
}

impl Suites {
    /// The requested evaluators, else all that fit the model and the data.
    ///
    /// # Errors
    /// If there is none, one is unknown, or templates are set without zero-shot classification.
    pub fn new(
        requested: &[String],
        templates: Option<&str>,
        classifier: bool,
        data: &dyn Dataset,
        catalog: &Catalog,
    ) -> Result<Self> {
        let names = if requested.is_empty() { applicable(classifier, data) } else { requested.to_vec() };
        ensure!(!names.is_empty(), "no evaluator fits this model and data");
        let mut suites = Self {
            evaluators: Vec::with_capacity(names.len()),
            declared: Vec::new(),
            templates: Templates::Named(Named::Photo),
        };
        for name in names {
            let planned = evaluator(&name, classifier, catalog)?;
            suites.evaluators.push((name, planned.build(())?));
            suites.declared.extend(planned.properties.metrics);
        }
        if let Some(named) = templates {
            let names = suites.names();
            ensure!(
                names.contains(&ZERO_SHOT),
                "--templates needs the evaluator zero_shot; the evaluators are {}",
                names.join(", ")
            );
            suites.templates = templates::read(named)?;
        }
        Ok(suites)
    }

    /// Names of the evaluators.
    pub fn names(&self) -> Vec<&str> {
        self.evaluators.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The metrics that the evaluators declare.
    pub fn declared(&self) -> &[Metric] {
        &self.declared
    }

    /// The templates, if an evaluator uses them.
    pub fn templates(&self) -> Option<Value> {
        let templates = match &self.templates {
            Templates::Named(set) => json!(set.name()),
            Templates::Own(list) => json!(list),
        };
        Some(templates).filter(|_| self.names().contains(&ZERO_SHOT))
    }

    /// The results of each evaluator, and the predictions of a classification.
    ///
    /// # Errors
    /// If an evaluator fails.
    pub fn run(&self, embedded: &EmbeddedData<'_>) -> Result<(Vec<Evaluation>, Option<Classified>)> {
        let (mut evaluations, mut classified) = (Vec::new(), None);
        for (name, evaluator) in &self.evaluators {
            let context = || format!("evaluating {name}");
            let Some((suite, predictions)) =
                self.classify(name, embedded).transpose().with_context(context)?
            else {
                evaluations.push(embedded.evaluate(evaluator.as_ref()).with_context(context)?);
                continue;
            };
            evaluations.push(predictions.clone().evaluation(suite)?);
            classified = Some(predictions);
        }
        Ok((evaluations, classified))
    }

    /// Runs a classification; none for other evaluators.
    fn classify(
        &self,
        name: &str,
        embedded: &EmbeddedData<'_>,
    ) -> Option<Result<(&'static str, Classified)>> {
        tch::no_grad(|| match name {
            ZERO_SHOT => {
                let zero_shot = ZeroShot { templates: self.templates.clone() };
                Some(zero_shot.classify(embedded).map(|predictions| (ZERO_SHOT, predictions)))
            }
            CLASSIFICATION => {
                Some(Classification {}.classify(embedded).map(|predictions| (CLASSIFICATION, predictions)))
            }
            _ => None,
        })
    }
}

/// The evaluators that fit a model and data.
fn applicable(classifier: bool, data: &dyn Dataset) -> Vec<String> {
    let classes = data.classes().len();
    let captions = (0..data.len()).any(|index| !data.captions(index).is_empty());
    let fits = [
        // With captions made from class names, retrieval would measure classification.
        (RETRIEVAL, !classifier && captions && !captions_follow_classes(data)),
        (ZERO_SHOT, !classifier && classes > 1),
        (CLASSIFICATION, classifier && classes > 0),
    ];
    fits.into_iter().filter(|(_, fits)| *fits).map(|(suite, _)| suite.to_owned()).collect()
}

/// An evaluator of the catalog with default settings; `classifier` tells whether the model has one.
fn evaluator(suite: &str, classifier: bool, catalog: &Catalog) -> Result<Planned<dyn Evaluator>> {
    let table = format!("plugin = {}", toml::Value::from(suite));
    let table = parse(table).map_err(|_| anyhow::anyhow!("--suite {suite} is not an evaluator"))?;
    match catalog.eval.plan(Section::new("--suite", 0..0, table)) {
        Ok(planned) => {
            let fits = (planned.properties.task == Task::Classification) == classifier;
            let parts = if classifier { "a classifier" } else { "two towers" };
            ensure!(fits, "--suite {suite} does not fit this model, which has {parts}");
            Ok(planned)
        }
        Err(problems) => {
            let message = |problem: &clip_lab_plugin_api::diagnostics::Problem| {
                let help = problem.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
                format!("{}{help}", problem.message)
            };
            bail!("{}", problems.iter().map(message).collect::<Vec<_>>().join("; "))
        }
    }
}
