//! A plan in the making: every part that could be read, so that faults between parts show beside those within.

use clip_lab_api::{
    Augment, Catalog, Loss, Optimizer, Planned, Schedule, Section, Trick,
    problem::{Place, Problem},
};
use toml::de::DeTable;

use super::{
    DataPlan, EvalPlan, ImageSide, Plan, Run, Setting, TextSide,
    data::DataDraft,
    from::{Part, Weights},
    planner::Planner,
};
use crate::spec::Source;

/// Every part of a plan, none where the spec is at fault.
pub(super) struct Draft {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) run: Option<Run>,
    /// The table of `run`, for messages that point at it.
    pub(super) run_section: Section,
    pub(super) data: DataDraft,
    pub(super) augment: Vec<Planned<dyn Augment>>,
    pub(super) image: Option<ImageSide>,
    pub(super) text: Option<TextSide>,
    pub(super) loss: Option<(Planned<dyn Loss>, Option<Weights>)>,
    pub(super) optimizer: Option<Planned<dyn Optimizer>>,
    pub(super) schedule: Option<Planned<dyn Schedule>>,
    pub(super) tricks: Vec<Planned<dyn Trick>>,
    pub(super) evals: Vec<EvalPlan>,
}

impl Draft {
    /// Reads everything that a spec says, in the order in which a spec is written.
    pub(super) fn read(planner: &mut Planner) -> Self {
        let catalog: &Catalog = planner.catalog;
        let (name, description) = (planner.name(), planner.tables.text("description"));
        let run_section = planner.run_section();
        let run = planner.settings(run_section.clone());
        let data = planner.data();
        let augment = planner.list("augment", &catalog.augment);
        planner.both_towers();
        let (image, text) = (planner.image(), planner.text());
        let loss = planner.loss();
        let optimizer = planner.only("optimizer", &catalog.optimizer);
        let schedule = planner.only("schedule", &catalog.schedule);
        let tricks = planner.list("trick", &catalog.trick);
        let evals = planner.evals(&data.splits);
        Self {
            name,
            description,
            run,
            run_section,
            data,
            augment,
            image,
            text,
            loss,
            optimizer,
            schedule,
            tricks,
            evals,
        }
    }

    /// The plan, if every part is there.
    pub(super) fn complete(self, source: Source, config: Vec<Setting>) -> Option<Plan> {
        let (loss, loss_weights) = self.loss?;
        Some(Plan {
            name: self.name?,
            description: self.description,
            run: self.run?,
            data: DataPlan { train: self.data.train?, val: self.data.val, test: self.data.test },
            augment: self.augment,
            image: self.image?,
            text: self.text?,
            loss,
            loss_weights,
            optimizer: self.optimizer?,
            schedule: self.schedule?,
            tricks: self.tricks,
            evals: self.evals,
            source,
            config,
        })
    }
}

impl Planner<'_> {
    fn name(&mut self) -> Option<String> {
        let name = self.tables.text("name");
        if name.as_ref().is_none_or(|name| name.trim().is_empty()) {
            let problem = Problem::new("the spec has no name");
            self.problems.push(problem.help("add `name = \"...\"` above the first table"));
        }
        name
    }

    fn run_section(&mut self) -> Section {
        let nowhere: Place = 0..0;
        self.tables.section("run").unwrap_or_else(|| Section::new("run", nowhere, DeTable::new()))
    }

    fn both_towers(&mut self) {
        let (image, text) = (self.catalog.image.names(), self.catalog.text.names());
        for (path, names) in [("model.image", image), ("model.text", text)] {
            let with = format!("`from = \"...\"`, or with `plugin = \"...\"`, one of: {}", names.join(", "));
            self.missing(path, &with);
        }
    }

    fn loss(&mut self) -> Option<(Planned<dyn Loss>, Option<Weights>)> {
        let catalog = self.catalog;
        let mut section = self.required("loss", &catalog.loss)?;
        let imported = self.import(&mut section, Part::Loss)?;
        Some((self.plugin(&catalog.loss, section)?, imported.weights))
    }
}
