//! A partial plan: every part that could be read, so that problems between parts are reported with those inside them.

use clip_lab_plugin_api::{
    Augment, Catalog, Loss, Optimizer, Planned, Schedule, Section, Task, Trick,
    diagnostics::{Place, Problem},
};
use toml::de::DeTable;

use super::{
    Classifier, ClassifierInit, DataPlan, EvalPlan, ImageSide, Plan, Run, Setting, TextSide,
    checkpoints::Part, data::DataDraft, letters::Lock, planner::Planner,
};
use clip_lab_checkpoint::Weights;
use clip_lab_spec::{Source, invalid_name_reason};

/// Every part of a plan; `None` where the spec is missing it or has a problem.
pub(super) struct Draft {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) run: Option<Run>,
    /// The `[run]` table, for the places in messages.
    pub(super) run_section: Section,
    pub(super) data: DataDraft,
    pub(super) augment: Vec<Planned<dyn Augment>>,
    pub(super) image: Option<ImageSide>,
    pub(super) text: Option<TextSide>,
    /// Classification if the spec has `[model.classifier]`, even a faulty one.
    pub(super) task: Task,
    pub(super) classifier: Option<(Classifier, Section)>,
    pub(super) lock: Option<Lock>,
    pub(super) loss: Option<(Planned<Loss>, Option<Weights>)>,
    pub(super) optimizer: Option<Planned<dyn Optimizer>>,
    pub(super) schedule: Option<Planned<dyn Schedule>>,
    pub(super) tricks: Vec<Planned<dyn Trick>>,
    pub(super) evals: Vec<EvalPlan>,
}

impl Draft {
    /// Reads the whole spec, in the order of its tables.
    pub(super) fn read(planner: &mut Planner) -> Self {
        let catalog: &Catalog = planner.catalog;
        let (name, description) = (planner.name(), planner.tables.text("description"));
        planner.libraries();
        let run_section = planner.run_section();
        let (task, classifier) = planner.classifier();
        let run = planner.run(&run_section, task);
        let data = planner.data();
        let augment = planner.list("augment", &catalog.augment);
        planner.require_towers(task, classifier.as_ref().map(|(classifier, _)| classifier));
        planner.read_lock(if task == Task::Contrastive { 2 } else { 1 });
        let (image, text) = (planner.image(), planner.text());
        let loss = planner.loss();
        let optimizer = planner.only("optimizer", &catalog.optimizer);
        let schedule = planner.only("schedule", &catalog.schedule);
        let lock = planner.lock_trick();
        let tricks = lock.into_iter().chain(planner.list("trick", &catalog.trick)).collect();
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
            task,
            classifier,
            lock: planner.lock.clone(),
            loss,
            optimizer,
            schedule,
            tricks,
            evals,
        }
    }

    /// The plan, if every part is present.
    pub(super) fn complete(self, source: Source, config: Vec<Setting>) -> Option<Plan> {
        let (loss, loss_weights) = self.loss?;
        let classifier = self.classifier.map(|(classifier, _)| classifier);
        // A required part that is missing had a problem, which is reported already.
        let text = match (self.task, &classifier) {
            (Task::Classification, None) => return None,
            (Task::Classification, Some(classifier)) if classifier.init == ClassifierInit::Random => None,
            _ => Some(self.text?),
        };
        Some(Plan {
            name: self.name?,
            description: self.description,
            run: self.run?,
            data: DataPlan { train: self.data.train?, val: self.data.val, test: self.data.test },
            augment: self.augment,
            image: self.image?,
            text,
            classifier,
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
        let named = self.tables.placed_text("name").filter(|(name, _)| !name.trim().is_empty());
        let Some((name, place)) = named else {
            let problem = Problem::new("the spec has no name");
            self.problems.push(problem.help("add `name = \"...\"` above the first table"));
            return None;
        };
        let problem = invalid_name_reason(&name).map(|reason| Problem::at(place, format!("`name` {reason}")));
        self.problems.extend(problem);
        Some(name)
    }

    fn run_section(&mut self) -> Section {
        let nowhere: Place = 0..0;
        self.tables.section("run").unwrap_or_else(|| Section::new("run", nowhere, DeTable::new()))
    }

    /// `[run]`; the default `goal` depends on the task.
    fn run(&mut self, section: &Section, task: Task) -> Option<Run> {
        let mut run: Run = self.settings(section.clone())?;
        if task == Task::Classification && !section.has("goal") {
            run.goal = "val/classification/top1".into();
            let recorded = self.config.iter_mut().filter(|setting| setting.key == "run.goal");
            recorded.for_each(|setting| setting.value = run.goal.as_str().into());
        }
        Some(run)
    }

    /// The task and `[model.classifier]`, whose presence makes the task classification.
    fn classifier(&mut self) -> (Task, Option<(Classifier, Section)>) {
        let Some(section) = self.tables.section("model.classifier") else {
            return (Task::Contrastive, None);
        };
        let settings = self.settings(section.clone());
        (Task::Classification, settings.map(|settings| (settings, section)))
    }

    /// Reports missing towers.
    fn require_towers(&mut self, task: Task, classifier: Option<&Classifier>) {
        let texts = task == Task::Contrastive
            || classifier.is_some_and(|classifier| classifier.init == ClassifierInit::ZeroShot);
        let image = ("model.image", self.catalog.image.names());
        let text = texts.then(|| ("model.text", self.catalog.text.names()));
        for (path, names) in std::iter::once(image).chain(text) {
            let with = format!("`from = \"...\"`, or with `plugin = \"...\"`, one of: {}", names.join(", "));
            self.missing(path, &with);
        }
    }

    fn loss(&mut self) -> Option<(Planned<Loss>, Option<Weights>)> {
        let catalog = self.catalog;
        let mut section = self.required("loss", &catalog.loss)?;
        let imported = self.import(&mut section, Part::Loss)?;
        Some((self.plugin(&catalog.loss, section)?, imported.weights))
    }
}
