//! Which runs or groups the charts draw, and in which colours.

use std::collections::HashSet;

use clip_lab_store::{RunId, RunRow};

use super::Feed;
use crate::data::FeedRequest;
use clip_lab_chart::{figure::GroupBy, palette::COLOURS};

/// The most curves drawn unless all are requested: one per palette colour.
const DRAWN: usize = COLOURS;

impl Feed {
    /// The group of each run; `None` if runs are not grouped. Assigns colours to new groups.
    pub(super) fn groups(&mut self, rows: &[RunRow], by: &GroupBy) -> Vec<Option<String>> {
        if *by == GroupBy::Run {
            return vec![None; rows.len()];
        }
        let setting = |row: &RunRow, key: &str| self.properties.get(row.id).settings.get(key).cloned();
        let names = by.names(&rows.iter().collect::<Vec<_>>(), setting);
        self.group_colours.assign(names.iter().flatten().map(String::as_str), None);
        names
    }

    /// The colour of each run; `None` if it is not drawn.
    pub(super) fn assign_colours(
        &mut self,
        rows: &[RunRow],
        groups: &[Option<String>],
        request: &FeedRequest,
    ) -> Vec<Option<usize>> {
        let order = order(rows, request);
        let most = if request.draw_all { usize::MAX } else { DRAWN };
        if request.by == GroupBy::Run {
            let drawn: Vec<RunId> = order.into_iter().take(most).map(|at| rows[at].id).collect();
            self.assign_distinct(rows, &drawn);
            let of = |row: &RunRow| self.colours.get(&row.id).copied().filter(|_| drawn.contains(&row.id));
            return rows.iter().map(of).collect();
        }
        let mut names: Vec<&String> = Vec::new();
        for name in order.iter().filter_map(|at| groups[*at].as_ref()) {
            if names.len() < most && !names.contains(&name) {
                names.push(name);
            }
        }
        let of = |(row, group): (&RunRow, &Option<String>)| {
            let group = group.as_ref().filter(|name| names.contains(name))?;
            (!request.hidden.contains(&row.id)).then(|| self.group_colours.of(group))
        };
        rows.iter().zip(groups).map(of).collect()
    }

    /// Gives each drawn run its own colour. Runs keep their colour if possible: those drawn before come first, then
    /// the oldest.
    fn assign_distinct(&mut self, rows: &[RunRow], drawn: &[RunId]) {
        let oldest_first = rows.iter().rev().map(|row| row.id).filter(|id| drawn.contains(id));
        let (before, new): (Vec<RunId>, Vec<RunId>) = oldest_first.partition(|id| self.drawn.contains(id));
        let most = drawn.len().max(COLOURS);
        let mut taken = HashSet::new();
        for id in before.into_iter().chain(new) {
            let own = self.colours.get(&id).copied().filter(|own| *own < most && !taken.contains(own));
            let colour = own.or_else(|| (0..most).find(|colour| !taken.contains(colour))).unwrap_or(0);
            taken.insert(colour);
            self.colours.insert(id, colour);
        }
        self.drawn = drawn.iter().copied().collect();
    }
}

/// The rows that may be drawn, by priority: the pinned and the selected run, then the sorted table, then the newest.
fn order(rows: &[RunRow], request: &FeedRequest) -> Vec<usize> {
    let place = |id: &RunId| rows.iter().position(|row| row.id == *id);
    let chosen = request.pinned.iter().chain(&request.selected).chain(&request.ranked).filter_map(place);
    let mut order = Vec::with_capacity(rows.len());
    let mut seen = vec![false; rows.len()];
    for at in chosen.chain(0..rows.len()) {
        let hidden = request.hidden.contains(&rows[at].id);
        if !std::mem::replace(&mut seen[at], true) && !hidden {
            order.push(at);
        }
    }
    order
}
