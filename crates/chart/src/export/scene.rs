//! An abstract drawing: shapes in millimetres from the upper left corner, each with a role.
//!
//! Chart types build scenes, [`super::svg`] writes them; coordinates are not rounded in between.

use super::type_size::TEXT;

/// A point on the sheet.
pub type Point = (f64, f64);

/// Text and axes.
pub const INK: [u8; 3] = [0x22, 0x22, 0x22];
/// Secondary text.
pub const GREY: [u8; 3] = [0x66, 0x66, 0x66];
/// Grid lines.
pub const GRID: [u8; 3] = [0xE3, 0xE3, 0xE3];
/// Marks of non-finite values.
pub const ALARM: [u8; 3] = [0xC0, 0x10, 0x10];

/// The role of a shape. Roles are drawn in this order, each in its own SVG group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Axes, ticks and grids.
    Axis,
    /// Confidence bands and areas.
    Band,
    /// Data as lines.
    Line,
    /// Data as marks.
    Mark,
    /// Adjacent cells, drawn without antialiasing, which would show as seams.
    Cell,
    /// Leader lines from labels to curves.
    Leader,
    /// Text.
    Text,
}

impl Role {
    /// Every role with the name of its group.
    pub const ALL: [(Role, &str); 7] = [
        (Role::Axis, "axes"),
        (Role::Band, "bands"),
        (Role::Line, "lines"),
        (Role::Mark, "marks"),
        (Role::Cell, "cells"),
        (Role::Leader, "leaders"),
        (Role::Text, "texts"),
    ];
}

/// The anchor of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its start.
    Left,
    /// Its middle.
    Middle,
    /// Its end.
    Right,
}

/// One shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A polyline and its width in mm.
    Line(Vec<Point>, f64),
    /// A filled polygon.
    Area(Vec<Point>),
    /// A filled circle with its radius.
    Dot(Point, f64),
    /// A line of text, vertically centred at its point.
    Text(Point, String, f64, Anchor),
    /// A line of text rotated by 90°, running upwards from its point.
    VerticalText(Point, String, f64),
}

/// A shape with its role and colour.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its role.
    pub role: Role,
    /// Its shape.
    pub shape: Shape,
    /// Red, green, blue.
    pub colour: [u8; 3],
    /// Opacity; 1 is opaque.
    pub alpha: f64,
}

/// A drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Width in mm.
    pub wide: f64,
    /// Height in mm.
    pub high: f64,
    /// Title, as a text alternative.
    pub title: String,
    /// The shapes, in insertion order.
    pub items: Vec<Item>,
}

impl Scene {
    /// An empty sheet.
    pub fn new(title: &str, wide: f64, high: f64) -> Scene {
        Scene { wide, high, title: title.to_string(), items: Vec::new() }
    }

    /// Adds a line.
    pub fn line(&mut self, role: Role, places: Vec<Point>, colour: [u8; 3], thick: f64) {
        self.add(role, Shape::Line(places, thick), colour, 1.0);
    }

    /// Adds a filled polygon.
    pub fn area(&mut self, role: Role, places: Vec<Point>, colour: [u8; 3], alpha: f64) {
        self.add(role, Shape::Area(places), colour, alpha);
    }

    /// Adds a dot.
    pub fn dot(&mut self, at: Point, radius: f64, colour: [u8; 3]) {
        self.add(Role::Mark, Shape::Dot(at, radius), colour, 1.0);
    }

    /// Adds text of the standard size.
    pub fn text(&mut self, at: Point, text: &str, colour: [u8; 3], anchor: Anchor) {
        self.sized_text(at, text, TEXT, colour, anchor);
    }

    /// Adds text of another size.
    pub fn sized_text(&mut self, at: Point, text: &str, size: f64, colour: [u8; 3], anchor: Anchor) {
        self.add(Role::Text, Shape::Text(at, text.to_string(), size, anchor), colour, 1.0);
    }

    /// Adds text rotated by 90°.
    pub fn vertical_text(&mut self, at: Point, text: &str, size: f64, colour: [u8; 3]) {
        self.add(Role::Text, Shape::VerticalText(at, text.to_string(), size), colour, 1.0);
    }

    fn add(&mut self, role: Role, shape: Shape, colour: [u8; 3], alpha: f64) {
        self.items.push(Item { role, shape, colour, alpha });
    }
}
