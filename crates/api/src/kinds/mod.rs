//! The plugin kinds, one file each.

mod augment;
mod data;
mod encoder;
mod eval;
mod loss;
mod optimizer;
mod projection;
mod sampling;
mod schedule;
mod tokenizer;
mod trick;

pub use augment::{Augment, AugmentFacts, AugmentScope, Rng, rng};
pub use data::{Captions, DataFacts, Dataset};
pub use encoder::{ImageEncoder, ImageFacts, Mode, TextEncoder, TextFacts, Tokens};
pub use eval::{Better, Direction, Embedded, EvalFacts, Evaluation, Evaluator, Metric, Ranks};
pub use loss::{Classes, Loss, LossFacts, LossScope, Pair, Scored, Task};
pub use optimizer::{Optimizer, OptimizerFacts};
pub use projection::{Projection, ProjectionFacts, ProjectionScope};
pub use sampling::{Sampling, SourceShare};
pub use schedule::{Schedule, ScheduleFacts};
pub use tokenizer::{Tokenizer, TokenizerFacts};
pub use trick::{Report, Trick, TrickFacts};

/// Named tensors: the state of an optimizer or a trick, needed to resume bit-exactly.
pub type State = Vec<(String, tch::Tensor)>;
