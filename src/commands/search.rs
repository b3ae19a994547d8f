//! `clip-lab search`, the half with the tensors: answers the questions of the half that draws.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_api::{Catalog, Dataset};
use clip_lab_cli::{SearchArgs, SearchDirection, SearchSplit, say, shown};
use clip_lab_search::{Misses, Ready};
use clip_lab_store::{RankSet, Reader as Store};
use crossbeam::channel::{Receiver, Sender, unbounded};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    low_level,
};
use tch::nn;

use super::{
    named::Named,
    target::{Model, Target, is_checkpoint},
};
use crate::{
    plan::{Split, plan},
    search::{
        Engine, Eyes, Gallery, Judge, Pictures, Place, Reader, Wanted, approximate, keep, lines, serve,
    },
    spec::Spec,
};

/// How long after the end of its input this program may still keep what is done.
const GRACE: Duration = Duration::from_secs(20);

/// Brings the index up to date and answers until nothing more is asked. False when somebody stopped it before.
///
/// # Errors
/// When the model, the gallery or the index cannot be had.
pub fn search(args: &SearchArgs, store: &Path, catalog: &Catalog) -> Result<bool> {
    ensure!(args.serve, "this half of `search` only answers: the other binary, `clip-lab`, asks and draws");
    let stop = Stop::listen()?;
    let (gallery, split) = gallery(args, store, catalog)?;
    // Before anything is computed: there may be no such evaluation.
    let set = if args.wrong.wrong { Some(ranks(args, store, split)?) } else { None };
    let target = Target::find(&args.model, args.weights, &args.set, store, catalog)?;
    let device = crate::model::device("auto")?;
    let Model { vars, image, text, .. } = target.build(device)?;
    let (tower, side) =
        image.as_ref().zip(target.plan.image.as_ref()).context("the model has no image tower")?;
    let eyes = Eyes { tower, side, device };
    let reader = text.as_ref().zip(target.plan.text.as_ref());
    let reader = reader.map(|(tower, side)| Reader::new(tower, side, device)).transpose()?;
    let dim = usize::try_from(side.head.dim)?;
    let place = Place::new(args.gallery.index.as_deref(), eyes.key(&vars, &gallery)?, dim)?;
    let asked = stop.lines();
    let pictures = Pictures(&eyes, &gallery);
    let kept = keep(&pictures, &gallery.stamps, &place, args.gallery.fresh, &|| stop.asked())?;
    let Some(index) = kept else { return Ok(false) };
    let mut graph = None;
    if args.approximate.approximate {
        graph = approximate(&args.approximate, &index, &place.path, args.top.get(), &|| stop.asked())?;
        if graph.is_none() {
            return Ok(false);
        }
    }
    let (graph, worth) = graph.unzip();
    let ready = Ready {
        gallery: gallery.words.clone(),
        pictures: index.len(),
        broken: index.broken().count(),
        dim,
        texts: reader.is_some(),
        index: place.path,
        approximate: worth,
    };
    let engine =
        Engine { eyes, reader, gallery: Arc::new(gallery), index: Arc::new(index), approximate: graph };
    match set {
        Some(set) => serve_misses(&engine, ready, (&asked, &stop), &set, &vars),
        None => {
            stop.now();
            let none = |_: usize, _: usize| -> Result<Misses> {
                bail!("wrong matches were not asked for: start with --wrong")
            };
            serve(&engine, ready, &asked, &none).map(|()| true)
        }
    }
}

/// The ranks that `--wrong` is about.
fn ranks(args: &SearchArgs, store: &Path, split: Option<&str>) -> Result<RankSet> {
    let store = Store::open(store).context("--wrong looks at a run of the store")?;
    let run = store.run(&args.model).context("--wrong looks at a run of the store")?;
    let split = split.context("--wrong looks at the run's own data: leave --images")?;
    Wanted { split, direction: args.wrong.direction.as_str(), weights: args.weights }.ranks(&store, &run)
}

/// Answers with wrong matches too, for which the captions are embedded where pictures ask.
fn serve_misses(
    engine: &Engine<'_>,
    ready: Ready,
    (asked, stop): (&Receiver<String>, &Stop),
    set: &RankSet,
    vars: &nn::VarStore,
) -> Result<bool> {
    let judge = Judge::new(engine, set)?;
    let of_texts = set.direction == SearchDirection::I2t.as_str();
    let texts = if of_texts { judge.texts(vars, &|| stop.asked())? } else { None };
    if of_texts && texts.is_none() {
        return Ok(false);
    }
    stop.now();
    let misses = |count, top| -> Result<Misses> { judge.misses(texts.as_ref(), count, top) };
    serve(engine, ready, asked, &misses).map(|()| true)
}

/// What is searched, and which split that is where it is one of a spec.
fn gallery(args: &SearchArgs, store: &Path, catalog: &Catalog) -> Result<(Gallery, Option<&'static str>)> {
    if let Some(root) = &args.gallery.images {
        return Ok((Gallery::folder(root)?, None));
    }
    let (spec, whose) = match &args.gallery.data {
        Some(path) => (Spec::read(path, &[])?, path.display().to_string()),
        None => {
            ensure!(
                !is_checkpoint(&args.model),
                "`{}` is a model without data of its own: give --images DIR or --data SPEC",
                args.model
            );
            (Named::find(&args.model, &args.set, store)?.spec, args.model.clone())
        }
    };
    let (split, data) = split(spec, args.gallery.split, catalog)?;
    data.skipped().iter().for_each(|words| say!("{split}: {}", shown(words)));
    Ok((Gallery::of(data, &format!("[data.{split}] of {whose}")), Some(split)))
}

/// The split of a spec that is asked for, else the one that reports, else the one that selects.
fn split(
    spec: Spec,
    wanted: Option<SearchSplit>,
    catalog: &Catalog,
) -> Result<(&'static str, Arc<dyn Dataset>)> {
    let data = plan(spec, catalog)?.data;
    let planned = |split| match split {
        SearchSplit::Train => Some(&data.train),
        SearchSplit::Val => data.split(Split::Val),
        SearchSplit::Test => data.split(Split::Test),
    };
    let order = [SearchSplit::Test, SearchSplit::Val, SearchSplit::Train];
    let there = order.into_iter().find(|&split| planned(split).is_some());
    let split = wanted.or(there).context("the spec has no data")?;
    let name = split.as_str();
    let planned =
        planned(split).with_context(|| format!("the spec has no [data.{name}]: name another --split"))?;
    let data = planned.build(()).with_context(|| format!("[data.{name}]"))?;
    Ok((name, Arc::from(data)))
}

/// Whether somebody wants an end: by a signal, or because nobody listens any more.
#[derive(Clone, Default)]
struct Stop {
    asked: Arc<AtomicBool>,
    /// Whether a signal ends the program at once.
    now: Arc<AtomicBool>,
}

impl Stop {
    /// The first signal asks, the second ends at once.
    fn listen() -> Result<Self> {
        let stop = Self::default();
        for signal in clip_lab_cli::heeded(&[SIGINT, SIGTERM]) {
            // In this order: what the first signal sets, the second finds.
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, stop.now.clone())?;
            signal_hook::flag::register(signal, stop.now.clone())?;
            signal_hook::flag::register(signal, stop.asked.clone())?;
        }
        Ok(stop)
    }

    fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// From here on the first signal ends the program: there is nothing to lose.
    fn now(&self) {
        self.now.store(true, Ordering::Relaxed);
    }

    /// Lines of standard input; its end asks, too. Who asked has gone then, perhaps killed: if this program hangs, on a
    /// disk that does not answer, it ends all the same.
    fn lines(&self) -> Receiver<String> {
        let ((send, out), lines) = (unbounded(), lines());
        self.forward(lines, send, GRACE, || low_level::exit(128 + SIGTERM));
        out
    }

    fn forward(
        &self,
        lines: Receiver<String>,
        send: Sender<String>,
        grace: Duration,
        end: impl FnOnce() + Send + 'static,
    ) {
        let stop = self.clone();
        std::thread::spawn(move || {
            lines.into_iter().take_while(|line| send.send(line.clone()).is_ok()).for_each(drop);
            drop(send);
            stop.asked.store(true, Ordering::Relaxed);
            std::thread::sleep(grace);
            end();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_nobody_asks_any_more_the_program_ends_even_if_it_hangs() {
        let (stop, (ask, lines), (send, out)) = (Stop::default(), unbounded(), unbounded());
        let (end, ended) = unbounded();
        stop.forward(lines, send, Duration::from_millis(20), move || end.send(()).unwrap());
        ask.send("one".to_owned()).unwrap();
        assert_eq!(out.recv().unwrap(), "one");
        assert!(!stop.asked() && ended.try_recv().is_err());
        drop(ask);
        // This thread hangs, and looks at nothing.
        ended.recv_timeout(Duration::from_secs(10)).expect("the end comes");
        assert!(stop.asked() && out.recv().is_err());
    }
}
