//! A grid of images, as large as fits.

use ratatui::layout::Rect;

/// The fewest columns and lines of an image, borders included.
pub const MIN_SIZE: (u16, u16) = (14, 6);

/// How many images fit.
pub fn capacity(area: Rect) -> usize {
    usize::from(area.width / MIN_SIZE.0) * usize::from(area.height / MIN_SIZE.1)
}

/// Areas for `count` images, as large as fits: photographs are wider than high, and cells about twice as high as
/// wide.
pub fn grid(count: usize, area: Rect) -> Vec<Rect> {
    let count = u16::try_from(count.max(1)).unwrap_or(u16::MAX);
    let cell = |columns: u16| (area.width / columns, area.height / count.div_ceil(columns));
    let size = |columns: &u16| {
        let (wide, high) = cell(*columns);
        wide.saturating_sub(2).min(high.saturating_sub(2) * 8 / 3)
    };
    // Of equal sizes the fewest columns.
    let columns = (1..=count.min(area.width / MIN_SIZE.0).max(1)).rev().max_by_key(size).unwrap_or(1);
    let (wide, high) = cell(columns);
    let high = high.min(wide * 3 / 8 + 2).max(3);
    let place = |nth: u16| Rect {
        x: area.x + nth % columns * wide,
        y: area.y + nth / columns * high,
        width: wide,
        height: high,
    };
    (0..count).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lie_inside_and_do_not_overlap() {
        for (width, height) in [(47, 20), (71, 36), (14, 6), (200, 60)] {
            let area = Rect::new(3, 2, width, height);
            for count in 1..=capacity(area) {
                let places = grid(count, area);
                assert_eq!(places.len(), count);
                for (nth, place) in places.iter().enumerate() {
                    assert_eq!(area.union(*place), area, "{count} in {area}");
                    assert!(places[..nth].iter().all(|other| !other.intersects(*place)));
                }
            }
        }
    }
}
