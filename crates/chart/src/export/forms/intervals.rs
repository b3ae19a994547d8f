//! Shared by chart types: values with confidence intervals, and the colour map.

use super::super::{
    frame::Frame,
    scene::{Role, Scene},
    type_size::PT,
};

/// A value with an optional 95% confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// The value.
    pub value: f64,
    /// The bounds of the interval.
    pub interval: Option<(f64, f64)>,
}

impl Value {
    /// Scales value and interval.
    pub fn times(self, factor: f64) -> Value {
        let interval = self.interval.map(|(low, high)| (low * factor, high * factor));
        Value { value: self.value * factor, interval }
    }

    /// Clamps the interval to the range of the value.
    pub fn within(self, (least, most): (f64, f64)) -> Value {
        let interval = self.interval.map(|(low, high)| (low.max(least), high.min(most)));
        Value { interval, ..self }
    }

    /// The finite ones of value and bounds.
    pub fn ends(self) -> impl Iterator<Item = f64> {
        let (low, high) = self.interval.unwrap_or((self.value, self.value));
        [self.value, low, high].into_iter().filter(|value| value.is_finite())
    }

    /// Whether it can be drawn.
    pub fn is_finite(self) -> bool {
        self.value.is_finite()
    }
}

/// Minimum and maximum of the finite values, if any.
pub fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |found: Option<(f64, f64)>, value| {
        let (low, high) = found.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// Draws a dot with a horizontal interval at height `row`, clipped to the frame.
pub fn horizontal(scene: &mut Scene, frame: &Frame, row: f64, shown: Value, colour: [u8; 3]) {
    if let Some((low, high)) = shown.interval.filter(|(low, high)| low.is_finite() && high.is_finite()) {
        let ends = [frame.clamped(low, row), frame.clamped(high, row)];
        scene.line(Role::Line, ends.to_vec(), colour, PT);
    }
    if shown.is_finite() && frame.contains(shown.value, row) {
        scene.dot(frame.at(shown.value, row), 0.9, colour);
    }
}

/// Draws a dot with a vertical interval at `column`, clipped to the frame.
pub fn vertical(scene: &mut Scene, frame: &Frame, column: f64, shown: Value, colour: [u8; 3]) {
    if let Some((low, high)) = shown.interval.filter(|(low, high)| low.is_finite() && high.is_finite()) {
        let ends = [frame.clamped(column, low), frame.clamped(column, high)];
        scene.line(Role::Line, ends.to_vec(), colour, PT * 0.8);
    }
    if shown.is_finite() && frame.contains(column, shown.value) {
        scene.dot(frame.at(column, shown.value), 0.75, colour);
    }
}

/// The viridis colour map, interpolated from five stops; readable in greyscale.
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
