//! Tests of charts, layouts, filters and tables.

mod charts;
mod filter;
mod forms;
mod images;
mod layouts;
mod tables;
