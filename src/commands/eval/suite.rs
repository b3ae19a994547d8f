//! Which evaluators judge a model, and what they find.

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_api::{Catalog, Dataset, Evaluation, Evaluator, Section, Task, parse};
use plugins_eval::{Classification, Classified, Named, Templates, ZeroShot};
use serde_json::{Value, json};

use crate::{commands::templates, data::captions_follow_classes, train::View};

const ZERO_SHOT: &str = "zero_shot";
const RETRIEVAL: &str = "retrieval";
const CLASSIFICATION: &str = "classification";

/// Evaluators by name, and the prompts of those that write classes into sentences.
pub struct Suites {
    evaluators: Vec<(String, Box<dyn Evaluator>)>,
    templates: Templates,
}

impl Suites {
    /// The evaluators that were asked for, else those that the model and the data can serve.
    ///
    /// # Errors
    /// When there are none, one is unknown, or there are templates for none of them.
    pub fn new(
        asked: &[String],
        templates: Option<&str>,
        classifier: bool,
        data: &dyn Dataset,
        catalog: &Catalog,
    ) -> Result<Self> {
        let names = if asked.is_empty() { served(classifier, data) } else { asked.to_vec() };
        ensure!(!names.is_empty(), "the data has nothing that this model can be evaluated with");
        let evaluators =
            names.into_iter().map(|name| Ok((name.clone(), evaluator(&name, classifier, catalog)?)));
        let mut suites = Self {
            evaluators: evaluators.collect::<Result<_>>()?,
            templates: Templates::Named(Named::Photo),
        };
        if let Some(named) = templates {
            let names = suites.names();
            ensure!(
                names.contains(&ZERO_SHOT),
                "--templates are for zero_shot, which is not among {}",
                names.join(", ")
            );
            suites.templates = templates::read(named)?;
        }
        Ok(suites)
    }

    /// Their names.
    pub fn names(&self) -> Vec<&str> {
        self.evaluators.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The templates, where an evaluator writes classes into them.
    pub fn templates(&self) -> Option<Value> {
        let said = match &self.templates {
            Templates::Named(set) => json!(set.name()),
            Templates::Own(list) => json!(list),
        };
        Some(said).filter(|_| self.names().contains(&ZERO_SHOT))
    }

    /// What each finds, and which class every picture was taken for where one asked that.
    ///
    /// # Errors
    /// Those of the evaluators.
    pub fn run(&self, view: &View<'_>) -> Result<(Vec<Evaluation>, Option<Classified>)> {
        let (mut found, mut classified) = (Vec::new(), None);
        for (name, evaluator) in &self.evaluators {
            let context = || format!("evaluating {name}");
            let Some((suite, answers)) = self.classify(name, view).transpose().with_context(context)? else {
                found.push(view.evaluate(evaluator.as_ref()).with_context(context)?);
                continue;
            };
            found.push(answers.clone().evaluation(suite)?);
            classified = Some(answers);
        }
        Ok((found, classified))
    }

    /// None of an evaluator that does not classify.
    fn classify(&self, name: &str, view: &View<'_>) -> Option<Result<(&'static str, Classified)>> {
        tch::no_grad(|| match name {
            ZERO_SHOT => {
                let zero_shot = ZeroShot { templates: self.templates.clone() };
                Some(zero_shot.classify(view).map(|answers| (ZERO_SHOT, answers)))
            }
            CLASSIFICATION => Some(Classification {}.classify(view).map(|answers| (CLASSIFICATION, answers))),
            _ => None,
        })
    }
}

/// What can be asked of a model on this data.
fn served(classifier: bool, data: &dyn Dataset) -> Vec<String> {
    let classes = data.classes().len();
    let captions = (0..data.len()).any(|index| !data.captions(index).is_empty());
    let can = [
        // Where captions follow from classes, who looks for a caption looks for a class.
        (RETRIEVAL, !classifier && captions && !captions_follow_classes(data)),
        (ZERO_SHOT, !classifier && classes > 1),
        (CLASSIFICATION, classifier && classes > 0),
    ];
    can.into_iter().filter(|(_, can)| *can).map(|(suite, _)| suite.to_owned()).collect()
}

/// An evaluator of the catalog with its own settings; `classifier` says whether it is for one.
fn evaluator(suite: &str, classifier: bool, catalog: &Catalog) -> Result<Box<dyn Evaluator>> {
    let table = format!("plugin = {}", toml::Value::from(suite));
    let table = parse(table).map_err(|_| anyhow::anyhow!("--suite {suite} is no name of an evaluator"))?;
    match catalog.eval.plan(Section::new("--suite", 0..0, table)) {
        Ok(planned) => {
            let fits = (planned.facts.task == Task::Classification) == classifier;
            let parts = if classifier { "a classifier" } else { "two towers" };
            ensure!(fits, "--suite {suite} cannot judge this model, which has {parts}");
            planned.build(())
        }
        Err(problems) => {
            let words = |problem: &clip_lab_api::problem::Problem| {
                let help = problem.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
                format!("{}{help}", problem.message)
            };
            bail!("{}", problems.iter().map(words).collect::<Vec<_>>().join("; "))
        }
    }
}
