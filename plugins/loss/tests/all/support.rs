//! A loss built from a spec's table in double precision, and the folder of goldens.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use clip_lab_plugin_api::{Catalog, Loss, LossContext, Pair, PairLoss, Section, parse};
use tch::{Device, Kind, Tensor, nn};

/// A loss over pairs and its variables.
pub struct Built {
    pub loss: Box<dyn PairLoss>,
    pub vars: nn::VarStore,
}

impl Built {
    pub fn new(text: &str, batch: i64) -> Self {
        let mut vars = nn::VarStore::new(Device::Cpu);
        vars.set_kind(Kind::Double);
        Self::with(text, batch, vars)
    }

    /// As `new`, in the precision of training.
    pub fn single(text: &str, batch: i64) -> Self {
        Self::with(text, batch, nn::VarStore::new(Device::Cpu))
    }

    fn with(text: &str, batch: i64, vars: nn::VarStore) -> Self {
        match *build(text, LossContext { vars: vars.root(), batch }).unwrap() {
            Loss::Pairs(loss) => Self { loss, vars },
            other => panic!("{text} is {other:?}"),
        }
    }

    pub fn value(&self, image: &Tensor, text: &Tensor) -> f64 {
        self.loss.score(&Pair::new(image, text)).unwrap().loss.double_value(&[])
    }

    pub fn variable(&self, name: &str) -> Tensor {
        self.vars.variables()[name].shallow_clone()
    }
}

pub fn build(text: &str, context: LossContext) -> anyhow::Result<Box<Loss>> {
    let mut catalog = Catalog::default();
    plugins_loss::register(&mut catalog);
    let section = Section::new("loss", 0..0, parse(text.to_owned()).unwrap());
    catalog.loss.plan(section).unwrap().build(context)
}

/// libtorch's random generator is global to the process: this lock is held from seeding to drawing.
static GENERATOR: Mutex<()> = Mutex::new(());

/// `rows` random unit vectors, deterministic in `seed`.
pub fn unit(rows: i64, width: i64, seed: i64) -> Tensor {
    let _turn = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    tch::manual_seed(seed);
    let random = Tensor::randn([rows, width], (Kind::Double, Device::Cpu));
    &random / random.square().sum_dim_intlist([1i64].as_slice(), true, Kind::Double).sqrt()
}

/// Golden tensors by name.
pub fn goldens(file: &str) -> HashMap<String, Tensor> {
    Tensor::read_safetensors(clip_lab_testing::golden(file)).unwrap().into_iter().collect()
}
