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
mod stripe;
mod tokenizer;
mod trick;

pub use augment::{AfterNormalise, Augment, AugmentContext, AugmentProperties, Rng, rng};
pub use data::{Captions, DataProperties, Dataset};
pub use encoder::{ImageEncoder, ImageProperties, Mode, TextEncoder, TextProperties, Tokens};
pub use eval::{Better, Direction, Embedded, EvalProperties, Evaluation, Evaluator, Metric, Ranks};
pub use loss::{ClassLoss, Classes, Loss, LossContext, LossProperties, Pair, PairLoss, Scored, Task};
pub use optimizer::{Optimizer, OptimizerProperties};
pub use projection::{Projection, ProjectionContext, ProjectionProperties};
pub use sampling::{Sampling, SourceShare};
pub use schedule::{Schedule, ScheduleProperties};
pub use stripe::{AllReduce, Stripe, StripedLoss};
pub use tokenizer::{Tokenizer, TokenizerProperties};
pub use trick::{Report, Trick, TrickProperties};

/// Named tensors: the state of an optimizer or a trick, needed to resume bit-exactly.
pub type State = Vec<(String, tch::Tensor)>;
