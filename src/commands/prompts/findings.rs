//! Accuracies of prompt templates, alone and as ensembles.

use anyhow::{Context as _, Result};
use clip_lab_stats::{Bootstrap, Estimate, Outcomes, Pairing};
use plugins_eval::{Classified, Ensemble, Images, Taken};

/// The accuracies of a template.
pub struct Row {
    /// Index of the template.
    pub template: usize,
    /// On the selection and on the report split.
    pub accuracy: [f64; 2],
}

/// The accuracies of an ensemble of templates.
pub struct Scores {
    /// Indices of the templates.
    pub templates: Vec<usize>,
    /// Accuracy on the selection split.
    pub select: f64,
    /// Accuracy on the report split, with its interval over images.
    pub report: Estimate,
    /// Mean per-class accuracy on the report split.
    pub mean_per_class: f64,
    outcomes: Outcomes,
}

/// All results.
pub struct Findings {
    /// Every single template, by descending accuracy on the report split.
    pub rows: Vec<Row>,
    /// The templates of greedy selection, in order.
    pub taken: Vec<Taken>,
    /// The best single template on the selection split.
    pub single: Scores,
    /// The ensemble of all templates.
    pub all: Scores,
    /// The ensemble of the chosen templates.
    pub chosen: Scores,
    /// Accuracy of the chosen ensemble minus that of all templates, paired by image.
    pub gain: Estimate,
}

impl Findings {
    /// Evaluates all templates and ensembles; `progress` is called after each greedy step.
    ///
    /// # Errors
    /// If classification fails.
    pub fn of(
        ensemble: &Ensemble,
        select: &Images,
        report: &Images,
        max_templates: usize,
        progress: impl FnMut(Taken),
    ) -> Result<Self> {
        let mut rows = Vec::new();
        for template in 0..ensemble.len() {
            let on = |images| anyhow::Ok(ensemble.classify(&[template], images)?.top1());
            rows.push(Row { template, accuracy: [on(select)?, on(report)?] });
        }
        rows.sort_by(|a, b| b.accuracy[1].total_cmp(&a.accuracy[1]));
        let taken = ensemble.greedy(select, max_templates, progress)?;
        let chosen: Vec<usize> = taken.iter().map(|taken| taken.template).collect();
        let score = |templates: Vec<usize>| Scores::of(ensemble, templates, select, report);
        let single = score(chosen.iter().take(1).copied().collect())?;
        let (all, chosen) = (score((0..ensemble.len()).collect())?, score(chosen)?);
        let gain = Bootstrap::default().difference(&chosen.outcomes, &all.outcomes, Pairing::Seeds);
        let gain = gain.context("the ensembles have different images")?;
        Ok(Self { rows, taken, single, all, chosen, gain })
    }
}

impl Scores {
    fn of(ensemble: &Ensemble, templates: Vec<usize>, select: &Images, report: &Images) -> Result<Self> {
        let on_select = ensemble.classify(&templates, select)?.top1();
        let found = ensemble.classify(&templates, report)?;
        let outcomes = outcomes(&found)?;
        let mean = Bootstrap::default().mean(&outcomes);
        let report = Estimate { interval: mean.interval.map(|interval| interval.within(0.0, 1.0)), ..mean };
        Ok(Self { templates, select: on_select, report, mean_per_class: found.mean_per_class(), outcomes })
    }
}

fn outcomes(found: &Classified) -> Result<Outcomes> {
    let correct = found.ranks.iter().map(|&rank| f64::from(u8::from(rank == 0))).collect();
    Outcomes::new(vec![correct]).context("too few images for an interval")
}
