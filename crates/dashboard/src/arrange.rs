//! Arranges the panels of a view on a screen of any size: side by side, stacked, or on further pages.

use ratatui::layout::Rect;

use clip_lab_chart::layout::{Panel, View};

/// A panel's index and area.
pub type Placed = (usize, Rect);

/// A row of panels.
struct PanelRow {
    panels: Vec<usize>,
    height: u16,
    /// The greatest useful height.
    max_height: u16,
    weight: u16,
}

/// The pages of `view` in `area`. `max_height` returns the greatest useful height of a panel, borders included.
pub fn pages(view: &View, area: Rect, max_height: impl Fn(&Panel) -> u16) -> Vec<Vec<Placed>> {
    let panels: Vec<&Panel> = view.panels().collect();
    let mut pages: Vec<Vec<PanelRow>> = Vec::new();
    let mut used = u16::MAX;
    for row in rows(view, &panels, area.width, max_height) {
        let height = row.height.min(area.height);
        if used.saturating_add(height) > area.height {
            pages.push(Vec::new());
            used = 0;
        }
        used += height;
        if let Some(page) = pages.last_mut() {
            page.push(row);
        }
    }
    pages.into_iter().map(|page| place(&page, &panels, area)).collect()
}

/// The rows of the view, wrapped where panels do not fit side by side.
fn rows(view: &View, panels: &[&Panel], width: u16, max_height: impl Fn(&Panel) -> u16) -> Vec<PanelRow> {
    let mut rows = Vec::new();
    let mut next = 0;
    for row in &view.rows {
        let mut free = 0;
        for panel in &row.panels {
            let (wide, high) = panel.kind.least();
            if free < wide {
                rows.push(PanelRow { panels: Vec::new(), height: 0, max_height: 0, weight: row.height });
                free = width.max(wide);
            }
            free -= wide;
            if let Some(row) = rows.last_mut() {
                row.panels.push(next);
                row.height = row.height.max(high);
                row.max_height = row.max_height.max(max_height(panels[next])).max(row.height);
            }
            next += 1;
        }
    }
    rows
}

fn place(page: &[PanelRow], panels: &[&Panel], area: Rect) -> Vec<Placed> {
    let heights = heights(page, area.height);
    let mut y = area.y;
    let mut placed = Vec::new();
    for (row, height) in page.iter().zip(heights) {
        let widths: Vec<u32> = row.panels.iter().map(|p| u32::from(panels[*p].width)).collect();
        let least: Vec<u16> = row.panels.iter().map(|p| panels[*p].kind.least().0).collect();
        let mut x = area.x;
        for (panel, width) in row.panels.iter().zip(shares(area.width, &widths, &least)) {
            placed.push((*panel, Rect { x, y, width, height }.intersection(area)));
            x = x.saturating_add(width);
        }
        y = y.saturating_add(height);
    }
    placed
}

/// Minimum heights; the rest goes by weight to the rows that can use it.
fn heights(page: &[PanelRow], room: u16) -> Vec<u16> {
    let mut heights: Vec<u16> = page.iter().map(|row| row.height.min(room)).collect();
    let mut spare = room.saturating_sub(heights.iter().sum());
    while spare > 0 {
        let can_grow = |i: &usize| heights[*i] < page[*i].max_height;
        // The row furthest below its share gets the next line.
        let fill = |i: &usize| u32::from(heights[*i]) * 1000 / u32::from(page[*i].weight.max(1));
        let next = (0..page.len()).filter(can_grow).min_by_key(fill);
        let Some(next) = next.or_else(|| (0..page.len()).max_by_key(|i| page[*i].weight)) else { break };
        heights[next] += 1;
        spare -= 1;
    }
    heights
}

/// `room` columns by weight, none below its minimum while all fit.
fn shares(room: u16, weights: &[u32], least: &[u16]) -> Vec<u16> {
    let needed: u16 = least.iter().sum();
    if weights.len() < 2 || needed > room {
        return vec![room; weights.len().min(1)];
    }
    let mut widths = least.to_vec();
    for _ in 0..room - needed {
        let next = (0..weights.len()).min_by_key(|i| u32::from(widths[*i]) * 1000 / weights[*i].max(1));
        if let Some(next) = next {
            widths[next] += 1;
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    use clip_lab_chart::layout::{Kind, Layout};
    use proptest::prelude::*;

    fn at(width: u16, height: u16) -> Vec<Vec<Placed>> {
        pages(&Layout::live().views[0], Rect { x: 0, y: 0, width, height }, |p| {
            if p.kind == Kind::Line { 999 } else { 8 }
        })
    }

    #[test]
    fn a_small_screen_gets_pages_and_a_large_one_gets_all() {
        let shape = |pages: Vec<Vec<Placed>>| pages.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(shape(at(200, 57)), [5]);
        assert_eq!(shape(at(120, 37)), [5]);
        assert_eq!(shape(at(80, 21)), [2, 3]);
        assert_eq!(shape(at(40, 8)), [1, 1, 1, 1, 1]);
    }

    #[test]
    fn height_goes_to_those_that_can_fill_it() {
        let page = &at(200, 57)[0];
        assert_eq!(page[0].1.height, 8);
        assert!(page[1].1.height > 35, "{page:?}");
    }

    proptest! {
        #[test]
        fn every_panel_has_one_place_inside_and_none_overlap(
            width in 1u16..300,
            height in 1u16..120,
            view in 0usize..7,
        ) {
            let area = Rect { x: 0, y: 1, width, height };
            let view = &Layout::live().views[view];
            let pages = pages(view, area, |_| 9);
            prop_assert_eq!(pages.iter().map(Vec::len).sum::<usize>(), view.panels().count());
            for page in pages {
                for (i, (_, rect)) in page.iter().enumerate() {
                    prop_assert!(area.union(*rect) == area && rect.area() > 0, "{:?}", rect);
                    for (_, other) in &page[i + 1..] {
                        prop_assert!(!rect.intersects(*other), "{:?} {:?}", rect, other);
                    }
                }
            }
        }
    }
}
