//! The terminal dashboard: the feed reads the store, the app holds the state, the view draws it.

pub mod app;
mod areas;
mod arrange;
pub mod ascii;
mod canvas;
pub mod data;
mod diff;
mod events;
pub mod feed;
mod footer;
mod glyphs;
mod grid;
mod intervals;
pub mod keys;
mod overlay;
mod panel;
pub mod panels;
mod plain;
mod plot;
mod properties;
mod put;
mod retrieval;
mod run;
mod runs;
pub mod search;
pub mod sheet;
mod show;
pub mod store_action;
pub mod table;
mod tabs;
pub mod theme;
pub mod view;
pub mod zoom;

pub use plain::no_screen;
pub use show::{Options, Outcome, show};
pub(crate) use show::{pending, terminal_gone};
