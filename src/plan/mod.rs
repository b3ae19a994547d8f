//! Spec and catalog to plan: every setting read and checked, every problem reported at once.
//!
//! Nothing of the data is read here but a list of captions, and no tensor is made.

mod from;
mod parts;
mod preprocess;
mod run;

pub use from::Weights;
pub use parts::{DataPlan, EvalPlan, Head, ImageSide, ModelPlan, Plan, Setting, Split, TextSide};
pub use preprocess::{Interpolation, Preprocess, Resize};
pub use run::{Precision, Run, Select};
