//! An image tower: the mean of patch features.

use clip_lab_plugin_api::prelude::*;

/// A bag of patches: each patch goes through two layers independently, and the features are their mean.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MyPlugin {
    /// Side of the square images, in pixels.
    pub image_size: i64,
    /// Side of a patch, in pixels.
    pub patch_size: i64,
    /// Width of the features.
    pub width: i64,
}

impl Default for MyPlugin {
    fn default() -> Self {
        Self { image_size: 32, patch_size: 8, width: 64 }
    }
}

impl Settings for MyPlugin {
    fn check(&self, problems: &mut Problems) {
        for (key, value) in [("image_size", self.image_size), ("width", self.width)] {
            problems.require((1..=1 << 14).contains(&value), key, "must be from 1 to 16384");
        }
        let fits = (1..=self.image_size).contains(&self.patch_size);
        problems.require(fits, "patch_size", "must be from 1 to `image_size`");
    }
}

impl Plugin<dyn ImageEncoder> for MyPlugin {
    fn properties(&self) -> ImageProperties {
        ImageProperties { width: self.width, image_size: self.image_size }
    }

    fn build(&self, vars: nn::Path<'_>) -> Result<Box<dyn ImageEncoder>> {
        let side = self.patch_size;
        let patch = vars.f_var("patch", &[self.width, 3, side, side], nn::init::DEFAULT_KAIMING_NORMAL)?;
        let mix = vars.f_var("mix", &[self.width, self.width], nn::init::DEFAULT_KAIMING_NORMAL)?;
        Ok(Box::new(Bag { patch, mix, settings: self.clone() }))
    }
}

struct Bag {
    patch: Tensor,
    mix: Tensor,
    settings: MyPlugin,
}

impl ImageEncoder for Bag {
    fn encode(&self, images: &Tensor, _mode: Mode) -> Result<Tensor> {
        let stride = [self.settings.patch_size; 2];
        let x = images.f_conv2d::<Tensor>(&self.patch, None, stride, [0, 0], [1, 1], 1)?; // [B, W, h, w]
        let x = x.f_flatten(2, 3)?.f_transpose(1, 2)?.f_gelu("none")?; // [B, patches, W]
        let x = x.f_linear::<Tensor>(&self.mix, None)?;
        Ok(x.f_mean_dim([1i64].as_slice(), false, x.kind())?)
    }

    fn width(&self) -> i64 {
        self.settings.width
    }

    fn layers(&self) -> Vec<String> {
        ["patch", "mix"].map(str::to_owned).to_vec()
    }
}

/// Registers the plugins of this crate.
pub fn register(catalog: &mut Catalog) {
    catalog.image.add::<MyPlugin>("my_plugin");
}

clip_lab_plugin_api::export_plugin!(register);
