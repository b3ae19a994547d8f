//! The terminal dashboard and the interactive search.
//!
//! Dependencies point one way; each layer uses only those before it:
//!
//! 1. **Data**: `data` (what is on the screen), `keys` (keys, commands and their actions), `store_action` (changes to
//!    the store), `table` (filter and order of the runs), `theme`, `images` (graphics protocols).
//! 2. **Reading**: `feed`, a thread that reads the store. It uses `data` only.
//! 3. **State**: `app`. Does not read the store or draw.
//! 4. **Drawing**, from the state and without changing it: `put`, `paint`, `grid`, `canvas` and `plot` draw parts;
//!    `panels`, `runs`, `run`, `diff`, `events` and `retrieval` draw panels; `areas` and `arrange` place them;
//!    `view` draws the whole screen.
//! 5. **Input**: `input` changes the state by keys and mouse. It uses `areas`, so that a click finds its panel.
//! 6. **Terminal**: `show` runs the dashboard, `plain` prints lines instead, `search` and `sheet` show search results.

pub mod app;
mod areas;
mod arrange;
pub mod ascii;
mod canvas;
pub mod data;
mod diff;
mod events;
pub mod feed;
mod filter_line;
mod footer;
mod grid;
pub mod images;
mod input;
pub mod keys;
mod options;
mod overlay;
mod paint;
mod panel;
pub mod panels;
mod plain;
mod plot;
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
mod terminal;
pub mod theme;
pub mod view;

pub use options::{Options, Outcome};
pub use plain::no_screen;
pub use show::show;
