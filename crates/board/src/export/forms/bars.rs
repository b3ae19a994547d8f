//! What forms share: estimates with intervals, and the rows they stand in.

use super::super::{
    frame::Frame,
    scene::{Role, Scene},
    type_size::PT,
};

/// A number with its 95% interval, where there is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// The number.
    pub value: f64,
    /// Both ends of the interval.
    pub interval: Option<(f64, f64)>,
}

impl Value {
    /// In another unit.
    pub fn times(self, factor: f64) -> Value {
        let interval = self.interval.map(|(low, high)| (low * factor, high * factor));
        Value { value: self.value * factor, interval }
    }

    /// With its interval cut where the number itself cannot lie.
    pub fn within(self, (least, most): (f64, f64)) -> Value {
        let interval = self.interval.map(|(low, high)| (low.max(least), high.min(most)));
        Value { interval, ..self }
    }

    /// Everything of it that has a place: the number and both ends.
    pub fn ends(self) -> impl Iterator<Item = f64> {
        let (low, high) = self.interval.unwrap_or((self.value, self.value));
        [self.value, low, high].into_iter().filter(|value| value.is_finite())
    }

    /// Whether it can be drawn.
    pub fn is_finite(self) -> bool {
        self.value.is_finite()
    }
}

/// The smallest and the largest of some numbers; none of nothing.
pub fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |found: Option<(f64, f64)>, value| {
        let (low, high) = found.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// A dot with its interval lying at height `row`, cut at the frame.
pub fn lying(scene: &mut Scene, frame: &Frame, row: f64, shown: Value, colour: [u8; 3]) {
    if let Some((low, high)) = shown.interval.filter(|(low, high)| low.is_finite() && high.is_finite()) {
        let ends = [frame.held(low, row), frame.held(high, row)];
        scene.line(Role::Line, ends.to_vec(), colour, PT);
    }
    if shown.is_finite() && frame.holds(shown.value, row) {
        scene.dot(frame.at(shown.value, row), 0.9, colour);
    }
}

/// A dot with its interval standing at `column`, cut at the frame.
pub fn standing(scene: &mut Scene, frame: &Frame, column: f64, shown: Value, colour: [u8; 3]) {
    if let Some((low, high)) = shown.interval.filter(|(low, high)| low.is_finite() && high.is_finite()) {
        let ends = [frame.held(column, low), frame.held(column, high)];
        scene.line(Role::Line, ends.to_vec(), colour, PT * 0.8);
    }
    if shown.is_finite() && frame.holds(column, shown.value) {
        scene.dot(frame.at(column, shown.value), 0.75, colour);
    }
}

/// Five of the colours of viridis and what lies between; readable without colour as well.
pub fn viridis(share: f64) -> [u8; 3] {
    const STOPS: [[f64; 3]; 5] = [
        [68.0, 1.0, 84.0],
        [59.0, 82.0, 139.0],
        [33.0, 145.0, 140.0],
        [94.0, 201.0, 98.0],
        [220.0, 200.0, 30.0],
    ];
    let at = share.clamp(0.0, 1.0) * 4.0;
    let (from, t) = ((at.floor() as usize).min(3), at - at.floor().min(3.0));
    std::array::from_fn(|c| (STOPS[from][c] + t * (STOPS[from + 1][c] - STOPS[from][c])).round() as u8)
}
