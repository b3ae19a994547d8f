//! An index brought up to date: only what is new or has changed is embedded, and nothing that was done is lost.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clip_lab_cli::{say, shown};
use clip_lab_index::{Fresh, Index, Stamp, Update};

use super::{place::Place, progress::Progress};

/// What is done is written at least this long apart, and takes at most a twentieth of the time.
const SAVE: Duration = Duration::from_secs(60);
const SHARE: u32 = 20;
/// Things that cannot be read which are named one by one.
const NAMED: usize = 10;

/// Takes what became of some things, by their numbers; false to end.
pub type Take<'a> = dyn FnMut(Vec<(usize, Fresh)>) -> Result<bool> + 'a;

/// Embeds things by their numbers.
pub trait Embed {
    /// What they are in the plural, such as `pictures`.
    fn what(&self) -> &'static str;
    /// Embeds `wanted`, handing on a part at a time; ends early when `take` says false.
    ///
    /// # Errors
    /// Those of the model and of `take`.
    fn embed(&self, wanted: &[usize], take: &mut Take<'_>) -> Result<()>;
}

/// The index at `place` of the things that `now` says; `fresh` takes over nothing from before. None when `stop` said so
/// on the way: what was embedded until then is kept.
///
/// # Errors
/// Those of the model and the disk, and when nothing at all can be embedded.
pub fn keep(
    embed: &dyn Embed,
    now: &[Stamp],
    place: &Place,
    fresh: bool,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Index>> {
    let old = if fresh { None } else { found(place) };
    let update = Update::between(old.as_ref(), now.to_vec());
    tell(&update, now.len(), embed.what());
    let mut keeper =
        Keeper { now, place, index: old, update, fresh: HashMap::new(), saved: Instant::now(), pause: SAVE };
    let wanted = keeper.update.wanted.clone();
    let (mut done, mut ended) = (0, false);
    if !wanted.is_empty() {
        let mut progress = Progress::new("embedded", embed.what(), wanted.len());
        embed.embed(&wanted, &mut |part| {
            done += part.len();
            keeper.take(part)?;
            progress.done(done);
            ended = stop();
            Ok(!ended)
        })?;
        progress.finish(done);
    }
    let index = keeper.finish()?;
    if ended && done < wanted.len() {
        say!(
            "stopped: {} of {} {} are in {}",
            index.entries().len(),
            now.len(),
            embed.what(),
            place.path.display()
        );
        say!("the same command, without --fresh, goes on from there");
        return Ok(None);
    }
    left_out(&index, embed.what())?;
    Ok(Some(index))
}

/// The index that is there, if it is sound and of this model.
fn found(place: &Place) -> Option<Index> {
    if !place.path.exists() {
        return None;
    }
    let read = Index::read(&place.path, &place.model);
    read.inspect_err(|error| say!("{error:#}: made anew")).ok()
}

fn tell(update: &Update, all: usize, what: &str) {
    let (wanted, changed) = (update.wanted.len(), update.changed);
    if wanted == 0 && update.vanished == 0 {
        return;
    }
    let new = wanted - changed;
    say!(
        "index: {} of {all} {what} known, {new} new, {changed} changed, {} gone",
        all - wanted,
        update.vanished
    );
}

/// Names what has no row, and refuses an index in which nothing can be found.
fn left_out(index: &Index, what: &str) -> Result<()> {
    let broken: Vec<(&str, &str)> = index.broken().collect();
    if let (true, Some((name, why))) = (index.is_empty(), broken.first()) {
        bail!("none of {} {what} can be read; the first: {name}: {why}", broken.len());
    }
    broken.iter().take(NAMED).for_each(|(name, why)| say!("left out: {}: {}", shown(name), shown(why)));
    if broken.len() > NAMED {
        say!("left out: {} more, {} in all", broken.len() - NAMED, broken.len());
    }
    Ok(())
}

/// Gathers what is embedded and writes it now and then.
struct Keeper<'a> {
    now: &'a [Stamp],
    place: &'a Place,
    index: Option<Index>,
    update: Update,
    fresh: HashMap<usize, Fresh>,
    saved: Instant,
    pause: Duration,
}

impl Keeper<'_> {
    fn take(&mut self, part: Vec<(usize, Fresh)>) -> Result<()> {
        self.fresh.extend(part);
        if self.saved.elapsed() > self.pause {
            let started = Instant::now();
            self.write()?;
            self.update = Update::between(self.index.as_ref(), self.now.to_vec());
            (self.saved, self.pause) = (Instant::now(), SAVE.max(started.elapsed() * SHARE));
        }
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        let Place { path, model, dim } = self.place;
        let index = self.update.apply(self.index.as_ref(), &self.fresh, (path, model, *dim))?;
        self.index = Some(index);
        self.fresh.clear();
        Ok(())
    }

    /// The index with everything that was embedded; not written again if nothing has changed.
    fn finish(mut self) -> Result<Index> {
        match self.index.take() {
            Some(index) if self.fresh.is_empty() && self.update.is_nothing(Some(&index)) => Ok(index),
            index => {
                self.index = index;
                self.write()?;
                self.index.ok_or_else(|| anyhow::anyhow!("just written"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts what it is asked for.
    struct Letters(std::cell::RefCell<Vec<usize>>);

    impl Embed for Letters {
        fn what(&self) -> &'static str {
            "letters"
        }
        fn embed(&self, wanted: &[usize], take: &mut Take<'_>) -> Result<()> {
            for &one in wanted {
                self.0.borrow_mut().push(one);
                if !take(vec![(one, Fresh::Row(vec![one as f32, 1.0]))])? {
                    break;
                }
            }
            Ok(())
        }
    }

    #[test]
    fn who_stops_loses_nothing_and_another_model_has_another_index() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(Some(&folder.path().join("index")), "a".to_owned(), 2).unwrap();
        let now: Vec<Stamp> =
            ('a'..='e').map(|name| Stamp { name: name.to_string(), mark: [1, 1] }).collect();
        let letters = Letters(Default::default());
        let asked = || std::mem::take(&mut *letters.0.borrow_mut());
        let stop = || letters.0.borrow().len() == 2;
        assert!(keep(&letters, &now, &place, false, &stop).unwrap().is_none());
        assert_eq!(asked(), [0, 1]);
        let index = keep(&letters, &now, &place, false, &|| false).unwrap().unwrap();
        assert_eq!((asked(), index.len()), (vec![2, 3, 4], 5));
        keep(&letters, &now, &place, false, &|| false).unwrap().unwrap();
        assert_eq!(asked(), [0; 0]);
        keep(&letters, &now, &place, true, &|| false).unwrap().unwrap();
        assert_eq!(asked(), [0, 1, 2, 3, 4], "--fresh");
        let other = Place { model: "b".to_owned(), ..place };
        keep(&letters, &now, &other, false, &|| false).unwrap().unwrap();
        assert_eq!(asked(), [0, 1, 2, 3, 4]);
    }
}
