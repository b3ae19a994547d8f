//! Plugins that each violate the contract in one point, and the message of the check that finds it.

use std::collections::BTreeMap;

use clip_lab_plugin_api::prelude::*;

/// Settings of plugins that violate the contract.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Broken {}

impl Settings for Broken {}

/// A loss that uses only the first pair.
impl Plugin<Loss> for Broken {
    fn build(&self, _context: LossContext<'_>) -> Result<Box<Loss>> {
        Ok(Loss::pairs(self.clone()))
    }
}

impl PairLoss for Broken {
    fn score(&self, pair: &Pair) -> Result<Scored> {
        let apart = pair.image.f_get(0)?.f_sub(&pair.text.f_get(0)?)?;
        Ok(Scored::new(apart.f_square()?.f_sum(apart.kind())?))
    }
}

/// A schedule with a factor of 2.
impl Plugin<dyn Schedule> for Broken {
    fn build(&self, _context: ()) -> Result<Box<dyn Schedule>> {
        Ok(Box::new(self.clone()))
    }
}

impl Schedule for Broken {
    fn at(&self, _step: u64, _total: u64) -> f64 {
        2.0
    }
}

/// A tokenizer that ignores the limit.
impl Plugin<dyn Tokenizer> for Broken {
    fn build(&self, _context: ()) -> Result<Box<dyn Tokenizer>> {
        Ok(Box::new(self.clone()))
    }
}

impl Tokenizer for Broken {
    fn encode(&self, text: &str, _limit: usize) -> Result<Vec<i64>> {
        Ok(text.bytes().map(i64::from).collect())
    }

    fn vocab(&self) -> i64 {
        256
    }

    fn pad(&self) -> i64 {
        0
    }
}

/// An optimizer whose momentum is not in its state.
impl Plugin<dyn Optimizer> for Broken {
    fn properties(&self) -> OptimizerProperties {
        OptimizerProperties { lr: 0.1 }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Optimizer>> {
        Ok(Box::new(Forgetful::default()))
    }
}

#[derive(Default)]
struct Forgetful(BTreeMap<String, Tensor>);

impl Optimizer for Forgetful {
    fn step(&mut self, params: &Params, lr: f64) -> Result<()> {
        let _guard = tch::no_grad_guard();
        for param in params.trained().filter(|param| param.tensor.grad().defined()) {
            let speed = self.0.entry(param.name.clone()).or_insert_with(|| param.tensor.zeros_like());
            *speed = &*speed * 0.5 + param.tensor.grad();
            let _ = param.tensor.shallow_clone().f_sub_(&(&*speed * (lr * param.lr_scale)))?;
        }
        Ok(())
    }

    fn state(&self) -> State {
        State::new()
    }

    fn restore(&mut self, _state: State) -> Result<()> {
        Ok(())
    }
}

/// A tower whose parameter is in no layer.
impl Plugin<dyn ImageEncoder> for Broken {
    fn properties(&self) -> ImageProperties {
        ImageProperties { width: 4, image_size: 8 }
    }

    fn build(&self, vars: nn::Path<'_>) -> Result<Box<dyn ImageEncoder>> {
        Ok(Box::new(Colours(vars.f_var("mix", &[4, 3], nn::init::DEFAULT_KAIMING_NORMAL)?)))
    }
}

struct Colours(Tensor);

impl ImageEncoder for Colours {
    fn encode(&self, images: &Tensor, _mode: Mode) -> Result<Tensor> {
        let colours = images.f_mean_dim([2i64, 3].as_slice(), false, images.kind())?;
        Ok(colours.f_linear::<&Tensor>(&self.0, None)?)
    }

    fn width(&self) -> i64 {
        4
    }

    fn layers(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A setting without help.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Silent {
    floor: f64,
}

impl Settings for Silent {}

impl Plugin<dyn Schedule> for Silent {
    fn build(&self, _context: ()) -> Result<Box<dyn Schedule>> {
        Ok(Box::new(self.clone()))
    }
}

impl Schedule for Silent {
    fn at(&self, _step: u64, _total: u64) -> f64 {
        self.floor.max(1.0)
    }
}

#[test]
fn each_violation_is_reported() {
    let mut catalog = Catalog::default();
    catalog.loss.add::<Broken>("broken");
    catalog.schedule.add::<Broken>("broken");
    catalog.schedule.add::<Silent>("silent");
    catalog.tokenizer.add::<Broken>("broken");
    catalog.optimizer.add::<Broken>("broken");
    catalog.image.add::<Broken>("broken");
    let error = conformance::check(&catalog, &[("trick.gone", "")]).unwrap_err().to_string();
    let expected = [
        "loss.broken: the order of rows changes the loss",
        "schedule.broken: step 0 of 1 has the factor 2, which is not from 0 to 1",
        "schedule.silent: `floor` has no doc comment, which is its help",
        "tokenizer.broken: \"A photo of a dog, running on the beach.\" became 39 ids where 3 is the limit",
        "optimizer.broken: restore(state()) does not resume bit-exactly: `image",
        "image.broken: `mix` is below 0 of the prefixes [], not below one",
        "trick.gone: there is no such plugin",
    ];
    for message in expected {
        assert!(error.contains(&format!("\n{message}")), "`{message}` is missing in:\n{error}");
    }
    assert_eq!(error.lines().count(), 1 + expected.len(), "{error}");
}

/// The mean squared distance of the pairs. In stripes its value lacks other processes, or its gradient is too large.
struct Distance {
    alone: bool,
    factor: f64,
}

impl Distance {
    fn terms(image: &Tensor, text: &Tensor, batch: i64) -> Result<Tensor> {
        ensure!(image.size() == text.size(), "the shapes do not fit");
        Ok(image.f_sub(text)?.f_square()?.f_sum(image.kind())?.f_div_scalar(batch)?)
    }
}

impl PairLoss for Distance {
    fn score(&self, pair: &Pair) -> Result<Scored> {
        Ok(Scored::new(Self::terms(pair.image, pair.text, pair.image.size()[0])?))
    }

    fn striped(&self) -> Option<&dyn StripedLoss> {
        Some(self)
    }
}

impl StripedLoss for Distance {
    fn score_stripe(&self, stripe: &Stripe, all: &dyn AllReduce) -> Result<Scored> {
        let text = stripe.text.f_narrow(0, stripe.first, stripe.image.size()[0])?;
        let own = Self::terms(stripe.image, &text, stripe.batch())?;
        let value = if self.alone { own.detach() } else { all.sum(&own)? };
        Ok(Scored::new(value + (&own - own.detach()) * self.factor))
    }
}

#[test]
fn stripes_that_differ_from_the_whole_batch_are_reported() {
    let check = |alone, factor| {
        let (loss, vars) = (Loss::pairs(Distance { alone, factor }), nn::VarStore::new(Device::Cpu));
        conformance::loss(&loss, &vars, &LossProperties::default(), 6).map_err(|error| error.to_string())
    };
    assert_eq!(check(false, 1.0), Ok(()));
    let error = check(true, 1.0).unwrap_err();
    assert!(error.starts_with("stripes must have the loss of the whole batch"), "{error}");
    let error = check(false, 3.0).unwrap_err();
    assert!(error.starts_with("the gradient of images in stripes differs by"), "{error}");
}
