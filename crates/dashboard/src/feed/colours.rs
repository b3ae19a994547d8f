//! Which runs or groups the charts draw, and in which colours.

use std::collections::{HashMap, HashSet};

use clip_lab_store::{RunId, RunRow};

use super::properties::PropertyCache;
use crate::data::FeedRequest;
use clip_lab_chart::{
    figure::{Colours, GroupBy},
    palette::COLOURS,
};

/// The colours of the curves.
#[derive(Default)]
pub struct CurveColours {
    /// By run, including runs that are not drawn any more.
    runs: HashMap<RunId, usize>,
    /// The runs drawn last; they keep their colours.
    drawn: HashSet<RunId>,
    groups: Colours,
}

impl CurveColours {
    /// Drops the colours of runs other than `runs`.
    pub fn retain(&mut self, runs: &HashSet<RunId>) {
        self.runs.retain(|run, _| runs.contains(run));
    }

    /// The group of each run; `None` if runs are not grouped. Assigns colours to new groups.
    pub fn groups(
        &mut self,
        rows: &[RunRow],
        by: &GroupBy,
        properties: &PropertyCache,
    ) -> Vec<Option<String>> {
        if *by == GroupBy::Run {
            return vec![None; rows.len()];
        }
        let setting = |row: &RunRow, key: &str| properties.get(row.id).settings.get(key).cloned();
        let names = by.names(&rows.iter().collect::<Vec<_>>(), setting);
        self.groups.assign(names.iter().flatten().map(String::as_str), None);
        names
    }

    /// The colour of each run; `None` if it is not drawn.
    pub fn assign(
        &mut self,
        rows: &[RunRow],
        groups: &[Option<String>],
        request: &FeedRequest,
    ) -> Vec<Option<usize>> {
        let order = order(rows, request);
        // Unless all are requested, one curve per palette colour.
        let most = if request.draw_all { usize::MAX } else { COLOURS };
        if request.by == GroupBy::Run {
            let drawn: Vec<RunId> = order.into_iter().take(most).map(|at| rows[at].id).collect();
            self.assign_distinct(rows, &drawn);
            let colour = |row: &RunRow| self.runs.get(&row.id).copied().filter(|_| drawn.contains(&row.id));
            return rows.iter().map(colour).collect();
        }
        let mut names: Vec<&String> = Vec::new();
        for name in order.iter().filter_map(|at| groups[*at].as_ref()) {
            if names.len() < most && !names.contains(&name) {
                names.push(name);
            }
        }
        let colour = |(row, group): (&RunRow, &Option<String>)| {
            let group = group.as_ref().filter(|name| names.contains(name))?;
            (!request.hidden.contains(&row.id)).then(|| self.groups.of(group))
        };
        rows.iter().zip(groups).map(colour).collect()
    }

    /// Gives each drawn run its own colour. Runs keep their colour if possible: those drawn before come first, then
    /// the oldest.
    fn assign_distinct(&mut self, rows: &[RunRow], drawn: &[RunId]) {
        let oldest_first = rows.iter().rev().map(|row| row.id).filter(|id| drawn.contains(id));
        let (before, new): (Vec<RunId>, Vec<RunId>) = oldest_first.partition(|id| self.drawn.contains(id));
        let most = drawn.len().max(COLOURS);
        let mut taken = HashSet::new();
        for id in before.into_iter().chain(new) {
            let own = self.runs.get(&id).copied().filter(|own| *own < most && !taken.contains(own));
            let colour = own.or_else(|| (0..most).find(|colour| !taken.contains(colour))).unwrap_or(0);
            taken.insert(colour);
            self.runs.insert(id, colour);
        }
        self.drawn = drawn.iter().copied().collect();
    }
}

/// The rows that may be drawn, by priority: the pinned and the selected run, then the sorted table, then the newest.
fn order(rows: &[RunRow], request: &FeedRequest) -> Vec<usize> {
    let index = |id: &RunId| rows.iter().position(|row| row.id == *id);
    let first = request.pinned.iter().chain(&request.selected).chain(&request.ranked).filter_map(index);
    let mut order = Vec::with_capacity(rows.len());
    let mut visited = vec![false; rows.len()];
    for at in first.chain(0..rows.len()) {
        let hidden = request.hidden.contains(&rows[at].id);
        if !std::mem::replace(&mut visited[at], true) && !hidden {
            order.push(at);
        }
    }
    order
}
