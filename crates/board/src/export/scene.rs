//! A drawing before it is written: shapes in millimetres from the upper left corner, each with its role.
//!
//! Forms make scenes, [`super::svg`] writes them; between the two nothing is rounded.

use super::type_size::TEXT;

/// A place on the sheet.
pub type Place = (f64, f64);

/// Text and axes.
pub const INK: [u8; 3] = [0x22, 0x22, 0x22];
/// What may stand back.
pub const GREY: [u8; 3] = [0x66, 0x66, 0x66];
/// Lines behind the data.
pub const GRID: [u8; 3] = [0xE3, 0xE3, 0xE3];
/// What is not finite.
pub const ALARM: [u8; 3] = [0xC0, 0x10, 0x10];

/// What a shape is there for. Drawn in this order, each role in a group of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Axes, ticks and grids.
    Axis,
    /// Intervals and areas.
    Band,
    /// Data as lines.
    Line,
    /// Data as marks.
    Mark,
    /// Data as areas that touch: drawn without softened edges, which would show as seams between them.
    Cell,
    /// Strokes that lead from a label to what it names.
    Leader,
    /// Words.
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

/// Which end of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Its beginning.
    Left,
    /// Its middle.
    Middle,
    /// Its end.
    Right,
}

/// One shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A line through places, so many millimetres thick.
    Line(Vec<Place>, f64),
    /// A filled outline.
    Area(Vec<Place>),
    /// A filled circle with its radius.
    Dot(Place, f64),
    /// A line of text whose middle stands at the height of its place.
    Words(Place, String, f64, Side),
    /// A line of text that runs upwards from its place, which is in the middle of its height.
    Upright(Place, String, f64),
}

/// A shape with what it is for and its colour.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it is there for.
    pub role: Role,
    /// What is drawn.
    pub shape: Shape,
    /// Red, green, blue.
    pub colour: [u8; 3],
    /// 1 hides what is behind.
    pub alpha: f64,
}

/// A whole drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Millimetres from left to right.
    pub wide: f64,
    /// Millimetres from top to bottom.
    pub high: f64,
    /// What it shows, for those who cannot see it.
    pub title: String,
    /// In the order in which they were put down.
    pub items: Vec<Item>,
}

impl Scene {
    /// An empty sheet.
    pub fn new(title: &str, wide: f64, high: f64) -> Scene {
        Scene { wide, high, title: title.to_string(), items: Vec::new() }
    }

    /// Adds a line.
    pub fn line(&mut self, role: Role, places: Vec<Place>, colour: [u8; 3], thick: f64) {
        self.add(role, Shape::Line(places, thick), colour, 1.0);
    }

    /// Adds a filled outline.
    pub fn area(&mut self, role: Role, places: Vec<Place>, colour: [u8; 3], alpha: f64) {
        self.add(role, Shape::Area(places), colour, alpha);
    }

    /// Adds a dot.
    pub fn dot(&mut self, at: Place, radius: f64, colour: [u8; 3]) {
        self.add(Role::Mark, Shape::Dot(at, radius), colour, 1.0);
    }

    /// Adds text of the common size.
    pub fn words(&mut self, at: Place, text: &str, colour: [u8; 3], side: Side) {
        self.sized(at, text, TEXT, colour, side);
    }

    /// Adds text of another size.
    pub fn sized(&mut self, at: Place, text: &str, size: f64, colour: [u8; 3], side: Side) {
        self.add(Role::Text, Shape::Words(at, text.to_string(), size, side), colour, 1.0);
    }

    /// Adds text that runs upwards.
    pub fn upright(&mut self, at: Place, text: &str, size: f64, colour: [u8; 3]) {
        self.add(Role::Text, Shape::Upright(at, text.to_string(), size), colour, 1.0);
    }

    fn add(&mut self, role: Role, shape: Shape, colour: [u8; 3], alpha: f64) {
        self.items.push(Item { role, shape, colour, alpha });
    }
}
