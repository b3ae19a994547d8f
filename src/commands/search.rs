//! `clip-lab search --serve`: embeds the images and answers the requests of the other binary, which draws.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_cli::{SearchArgs, SearchDirection, SearchSplit, note, shown};
use clip_lab_plugin_api::{Catalog, Dataset};
use clip_lab_search_protocol::{Misses, Ready};
use clip_lab_store::{RankSet, Reader as Store};
use crossbeam::channel::{Receiver, Sender, unbounded};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    low_level,
};
use tch::nn;

use super::{
    device::device,
    spec_weights::SpecWeights,
    target::{Model, Target, is_checkpoint},
};
use crate::{
    plan::{Split, plan},
    search::{
        Engine, Gallery, GalleryImages, ImageEmbedder, IndexFile, RankQuery, TextEmbedder, WrongMatches,
        approximate, lines, serve, update_index,
    },
    spec::Spec,
};

/// Time to save finished work after the end of standard input.
const GRACE_PERIOD: Duration = Duration::from_secs(20);

/// Updates the index and serves requests until the end of input. False if it was stopped before that.
///
/// # Errors
/// If the model, the gallery or the index cannot be read.
pub fn search(args: &SearchArgs, store: &Path, catalog: &Catalog) -> Result<bool> {
    ensure!(args.serve, "this binary only serves searches; run `clip-lab search`");
    let stop = Stop::listen()?;
    let (gallery, split) = gallery(args, store, catalog)?;
    // First, because the run may have no such evaluation.
    let set = if args.wrong.wrong { Some(ranks(args, store, split)?) } else { None };
    let target = Target::find(&args.model, args.weights, &args.set, store, catalog)?;
    let device = device("auto")?;
    let Model { vars, image, text, .. } = target.build(device)?;
    let (tower, side) =
        image.as_ref().zip(target.plan.image.as_ref()).context("the model has no image tower")?;
    let images = ImageEmbedder { tower, side, device };
    let text_side = text.as_ref().zip(target.plan.text.as_ref());
    let texts = text_side.map(|(tower, side)| TextEmbedder::new(tower, side, device)).transpose()?;
    let dim = usize::try_from(side.head.dim)?;
    let file = IndexFile::new(args.gallery.index.as_deref(), images.key(&vars, &gallery)?, dim)?;
    let requests = stop.lines();
    let items = GalleryImages(&images, &gallery);
    let index = update_index(&items, &gallery.stamps, &file, args.gallery.fresh, &|| stop.is_requested())?;
    let Some(index) = index else { return Ok(false) };
    let mut graph = None;
    if args.approximate.approximate {
        graph = approximate(&args.approximate, &index, &file.path, args.top.get(), &|| stop.is_requested())?;
        if graph.is_none() {
            return Ok(false);
        }
    }
    let (graph, quality) = graph.unzip();
    let ready = Ready {
        gallery: gallery.description.clone(),
        images: index.len(),
        unreadable: index.unreadable().count(),
        dim,
        texts: texts.is_some(),
        index: file.path,
        approximate: quality,
    };
    let engine =
        Engine { images, texts, gallery: Arc::new(gallery), index: Arc::new(index), approximate: graph };
    match set {
        Some(set) => serve_misses(&engine, ready, (&requests, &stop), &set, &vars),
        None => {
            stop.end_at_once();
            let none = |_: usize, _: usize| -> Result<Misses> {
                bail!("wrong matches are not available: start with --wrong")
            };
            serve(&engine, ready, &requests, &none).map(|()| true)
        }
    }
}

/// The ranks for `--wrong`.
fn ranks(args: &SearchArgs, store: &Path, split: Option<&str>) -> Result<RankSet> {
    let store = Store::open(store).context("--wrong needs a run of the store")?;
    let run = store.run(&args.model).context("--wrong needs a run of the store")?;
    let split = split.context("--wrong uses the run's own data: remove --images")?;
    RankQuery { split, direction: args.wrong.direction.as_str(), weights: args.weights }.ranks(&store, &run)
}

/// Serves wrong matches too. If images are the queries, the captions are embedded first.
fn serve_misses(
    engine: &Engine<'_>,
    ready: Ready,
    (requests, stop): (&Receiver<String>, &Stop),
    set: &RankSet,
    vars: &nn::VarStore,
) -> Result<bool> {
    let matches = WrongMatches::new(engine, set)?;
    let of_texts = set.direction == SearchDirection::I2t.as_str();
    let texts = if of_texts { matches.texts(vars, &|| stop.is_requested())? } else { None };
    if of_texts && texts.is_none() {
        return Ok(false);
    }
    stop.end_at_once();
    let misses = |count, top| -> Result<Misses> { matches.misses(texts.as_ref(), count, top) };
    serve(engine, ready, requests, &misses).map(|()| true)
}

/// The images to search, and their split if they come from a spec.
fn gallery(args: &SearchArgs, store: &Path, catalog: &Catalog) -> Result<(Gallery, Option<&'static str>)> {
    if let Some(root) = &args.gallery.images {
        return Ok((Gallery::folder(root)?, None));
    }
    let (spec, owner) = match &args.gallery.data {
        Some(path) => (Spec::read(path, &[])?, path.display().to_string()),
        None => {
            ensure!(
                !is_checkpoint(&args.model, store),
                "`{}` is a model without data of its own: set --images DIR or --data SPEC",
                args.model
            );
            (SpecWeights::find(&args.model, &args.set, store)?.spec, args.model.clone())
        }
    };
    let (split, data) = split(spec, args.gallery.split, catalog)?;
    data.skipped().iter().for_each(|message| note!("{split}: {}", shown(message)));
    Ok((Gallery::of(data, &format!("[data.{split}] of {owner}")), Some(split)))
}

/// The requested split of a spec, else test, else val, else train.
fn split(
    spec: Spec,
    requested: Option<SearchSplit>,
    catalog: &Catalog,
) -> Result<(&'static str, Arc<dyn Dataset>)> {
    let data = plan(spec, catalog)?.data;
    let planned = |split| match split {
        SearchSplit::Train => Some(&data.train),
        SearchSplit::Val => data.split(Split::Val),
        SearchSplit::Test => data.split(Split::Test),
    };
    let order = [SearchSplit::Test, SearchSplit::Val, SearchSplit::Train];
    let available = order.into_iter().find(|&split| planned(split).is_some());
    let split = requested.or(available).context("the spec has no data")?;
    let name = split.as_str();
    let planned =
        planned(split).with_context(|| format!("the spec has no [data.{name}]: choose another --split"))?;
    let data = planned.build(()).with_context(|| format!("[data.{name}]"))?;
    Ok((name, Arc::from(data)))
}

/// Stop requests: a signal, or the end of standard input.
#[derive(Clone, Default)]
struct Stop {
    requested: Arc<AtomicBool>,
    /// Whether the next signal ends the program at once.
    at_once: Arc<AtomicBool>,
}

impl Stop {
    /// Installs the handlers: the first signal requests a stop, the second ends the program at once.
    fn listen() -> Result<Self> {
        let stop = Self::default();
        for signal in clip_lab_cli::not_ignored(&[SIGINT, SIGTERM]) {
            // In this order: the first signal sets the flag that the second one checks.
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, stop.at_once.clone())?;
            signal_hook::flag::register(signal, stop.at_once.clone())?;
            signal_hook::flag::register(signal, stop.requested.clone())?;
        }
        Ok(stop)
    }

    fn is_requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }

    /// Lets the first signal end the program from here on, as no work can be lost.
    fn end_at_once(&self) {
        self.at_once.store(true, Ordering::Relaxed);
    }

    /// Lines of standard input, whose end also requests a stop: the other binary may have been killed. After the grace
    /// period the process exits even if it hangs, for example on a disk that does not respond.
    fn lines(&self) -> Receiver<String> {
        let ((send, out), lines) = (unbounded(), lines());
        self.forward(lines, send, GRACE_PERIOD, || low_level::exit(128 + SIGTERM));
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
            stop.requested.store(true, Ordering::Relaxed);
            std::thread::sleep(grace);
            end();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_end_of_input_the_program_exits_even_if_it_hangs() {
        let (stop, (input, lines), (send, out)) = (Stop::default(), unbounded(), unbounded());
        let (end, ended) = unbounded();
        stop.forward(lines, send, Duration::from_millis(20), move || end.send(()).unwrap());
        input.send("one".to_owned()).unwrap();
        assert_eq!(out.recv().unwrap(), "one");
        assert!(!stop.is_requested() && ended.try_recv().is_err());
        drop(input);
        // This thread hangs and checks nothing.
        ended.recv_timeout(Duration::from_secs(10)).expect("the program exits");
        assert!(stop.is_requested() && out.recv().is_err());
    }
}
