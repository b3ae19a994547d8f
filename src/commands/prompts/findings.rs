//! What templates are worth, alone and together.

use anyhow::{Context as _, Result};
use clip_lab_stats::{Bootstrap, Estimate, Outcomes, Pairing};
use plugins_eval::{Classified, Ensemble, Pictures, Taken};

/// Accuracy on both parts.
pub struct Row {
    /// The template.
    pub template: usize,
    /// On the part that selects, and on the one that reports.
    pub accuracy: [f64; 2],
}

/// Some templates on the part that reports.
pub struct Judged {
    /// Which.
    pub templates: Vec<usize>,
    /// Accuracy on the part that selects.
    pub select: f64,
    /// Accuracy on the part that reports, with its interval over pictures.
    pub report: Estimate,
    /// The mean over classes there.
    pub mean_per_class: f64,
    outcomes: Outcomes,
}

/// All of it.
pub struct Findings {
    /// Every template by itself, the best on the part that reports first.
    pub rows: Vec<Row>,
    /// What greedy selection took, in order.
    pub taken: Vec<Taken>,
    /// The best single template by the part that selects.
    pub single: Judged,
    /// All together.
    pub all: Judged,
    /// Those that were chosen, together.
    pub chosen: Judged,
    /// Accuracy of the chosen minus that of all, picture by picture.
    pub gain: Estimate,
}

impl Findings {
    /// Tries everything.
    ///
    /// # Errors
    /// Those of ranking.
    pub fn of(
        ensemble: &Ensemble,
        select: &Pictures,
        report: &Pictures,
        most: usize,
        tell: impl FnMut(Taken),
    ) -> Result<Self> {
        let mut rows = Vec::new();
        for template in 0..ensemble.len() {
            let on = |pictures| anyhow::Ok(ensemble.classify(&[template], pictures)?.top1());
            rows.push(Row { template, accuracy: [on(select)?, on(report)?] });
        }
        rows.sort_by(|a, b| b.accuracy[1].total_cmp(&a.accuracy[1]));
        let taken = ensemble.greedy(select, most, tell)?;
        let chosen: Vec<usize> = taken.iter().map(|taken| taken.template).collect();
        let judge = |templates: Vec<usize>| Judged::of(ensemble, templates, select, report);
        let single = judge(chosen.iter().take(1).copied().collect())?;
        let (all, chosen) = (judge((0..ensemble.len()).collect())?, judge(chosen)?);
        let gain = Bootstrap::default().difference(&chosen.outcomes, &all.outcomes, Pairing::Seeds);
        let gain = gain.context("the two are of different pictures")?;
        Ok(Self { rows, taken, single, all, chosen, gain })
    }
}

impl Judged {
    fn of(ensemble: &Ensemble, templates: Vec<usize>, select: &Pictures, report: &Pictures) -> Result<Self> {
        let on_select = ensemble.classify(&templates, select)?.top1();
        let found = ensemble.classify(&templates, report)?;
        let outcomes = outcomes(&found)?;
        let bare = Bootstrap::default().mean(&outcomes);
        let report = Estimate { interval: bare.interval.map(|interval| interval.within(0.0, 1.0)), ..bare };
        Ok(Self { templates, select: on_select, report, mean_per_class: found.mean_per_class(), outcomes })
    }
}

fn outcomes(found: &Classified) -> Result<Outcomes> {
    let right = found.ranks.iter().map(|&rank| f64::from(u8::from(rank == 0))).collect();
    Outcomes::new(vec![right]).context("too few pictures for an interval")
}
