//! Shared helpers: builds the parts of a checkpoint.

use clip_lab_checkpoint::{Checkpoint, Import, TensorFile};
use clip_lab_plugin_api::{
    Catalog, ImageEncoder, Kind, Mode, Planned, Projection, ProjectionContext, Registry, Section,
};
use clip_lab_plugin_api::{TextEncoder, Tokens, parse};
use tch::{Device, Kind as DType, Tensor, nn};

pub fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    plugins_image::register(&mut catalog);
    plugins_text::register(&mut catalog);
    plugins_projection::register(&mut catalog);
    plugins_loss::register(&mut catalog);
    catalog
}

/// Plans the plugin of a part with the checkpoint's settings and `more` lines.
pub fn plan<K: Kind + ?Sized>(registry: &Registry<K>, import: &Import, more: &str) -> Planned<K> {
    let text = format!("plugin = \"{}\"\n{more}\n{}", import.plugin, import.settings);
    let section = Section::new("part", 0..0, parse(text).unwrap());
    registry.plan(section).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// An image tower with its weights.
pub fn image(import: &Import, more: &str) -> Box<dyn ImageEncoder> {
    let vars = nn::VarStore::new(Device::Cpu);
    let tower = plan(&catalog().image, import, more).build(vars.root() / "image").unwrap();
    import.weights.as_ref().unwrap().load(&vars, "image").unwrap();
    tower
}

/// A text tower with its weights.
pub fn text(import: &Import, more: &str) -> Box<dyn TextEncoder> {
    let vars = nn::VarStore::new(Device::Cpu);
    let tower = plan(&catalog().text, import, more).build(vars.root() / "text").unwrap();
    import.weights.as_ref().unwrap().load(&vars, "text").unwrap();
    tower
}

/// A projection with its weights.
pub fn projection(import: &Import, input: i64) -> Box<dyn Projection> {
    let vars = nn::VarStore::new(Device::Cpu);
    let context = ProjectionContext { vars: vars.root() / "head", input };
    let head = plan(&catalog().projection, import, "").build(context).unwrap();
    if let Some(weights) = &import.weights {
        weights.load(&vars, "head").unwrap();
    }
    head
}

/// The ids of `io.safetensors`, and its mask, or a full one.
pub fn tokens(io: &TensorFile) -> Tokens {
    let ids = io.tensor("input_ids").unwrap();
    let mask = io.tensor("attention_mask").unwrap_or_else(|_| ids.ones_like());
    Tokens { ids, mask: mask.to_kind(DType::Bool) }
}

pub fn encode(tower: &dyn ImageEncoder, io: &TensorFile) -> Tensor {
    tch::no_grad(|| tower.encode(&io.tensor("images").unwrap(), Mode::Eval).unwrap())
}

/// Fails unless `|a - b| <= 1e-4 + 1e-4 |b|` everywhere.
pub fn close(ours: &Tensor, io: &TensorFile, name: &str) {
    let theirs = io.tensor(name).unwrap();
    assert_eq!(ours.size(), theirs.size(), "{name}");
    let worst = ((ours - &theirs).abs() - theirs.abs() * 1e-4).max().double_value(&[]);
    assert!(worst <= 1e-4, "{}: `{name}` is off by {worst}", io.path().display());
}

/// L2-normalises rows.
pub fn unit(rows: &Tensor) -> Tensor {
    rows / rows.norm_scalaropt_dim(2, [-1i64].as_slice(), true)
}

/// The L2-normalised `image_embeds` of a model for the images of `io`.
pub fn embed_images(checkpoint: &Checkpoint, io: &TensorFile) -> Tensor {
    let features = encode(&*image(&checkpoint.image().unwrap().unwrap(), ""), io);
    let head = projection(&checkpoint.image_projection().unwrap().unwrap(), features.size()[1]);
    tch::no_grad(|| unit(&head.project(&features, Mode::Eval).unwrap()))
}

/// The L2-normalised `text_embeds` of a model for the ids of `io`.
pub fn embed_texts(checkpoint: &Checkpoint, io: &TensorFile) -> Tensor {
    let tower = text(&checkpoint.text().unwrap().unwrap(), "");
    let features = tch::no_grad(|| tower.encode(&tokens(io), Mode::Eval).unwrap());
    let head = projection(&checkpoint.text_projection().unwrap().unwrap(), features.size()[1]);
    tch::no_grad(|| unit(&head.project(&features, Mode::Eval).unwrap()))
}
