//! The CUDA half of libtorch: the libraries that are opened at run time, laid out as pip installs the wheels.

use super::{Bundle, Part};

/// Opened by `clip-lab-core` in its folder beside [`super::LIBTORCH`], from the same wheel. The libraries find each other
/// by their own search paths (`$ORIGIN/../../nvidia/cu13/lib`, ...), so the folders are those of the wheels.
/// `libcudart` and `libcupti` are in the CPU half, which the process has loaded before. Left out: what only programs
/// without libtorch use (static libraries, cuFFTW, NVBLAS, cuSOLVER for several GPUs, NVSHMEM's plugins).
pub const LIBTORCH_CUDA: Bundle = Bundle {
    folder: "libtorch-2.13.0-cuda",
    title: "the CUDA half of libtorch 2.13.0, 3.1 GB unpacked",
    parts: &[
        Part {
            package: "torch",
            picks: &[
                keep("torch/lib/libtorch_cuda.so"),
                keep("torch/lib/libtorch_cuda_linalg.so"),
                keep("torch/lib/libtorch_nvshmem.so"),
                keep("torch/lib/libc10_cuda.so"),
            ],
        },
        Part {
            package: "nvidia-cublas",
            picks: &[keep("nvidia/cu13/lib/libcublas.so.13"), keep("nvidia/cu13/lib/libcublasLt.so.13")],
        },
        Part {
            package: "nvidia-cuda-nvrtc",
            picks: &[
                keep("nvidia/cu13/lib/libnvrtc.so.13"),
                keep("nvidia/cu13/lib/libnvrtc-builtins.so.13.0"),
            ],
        },
        Part { package: "nvidia-cufft", picks: &[keep("nvidia/cu13/lib/libcufft.so.12")] },
        Part { package: "nvidia-cufile", picks: &[keep("nvidia/cu13/lib/libcufile.so.0")] },
        Part { package: "nvidia-curand", picks: &[keep("nvidia/cu13/lib/libcurand.so.10")] },
        Part { package: "nvidia-cusolver", picks: &[keep("nvidia/cu13/lib/libcusolver.so.12")] },
        Part { package: "nvidia-cusparse", picks: &[keep("nvidia/cu13/lib/libcusparse.so.12")] },
        Part { package: "nvidia-nvjitlink", picks: &[keep("nvidia/cu13/lib/libnvJitLink.so.13")] },
        // cuDNN opens the others of its libraries when it needs them.
        Part { package: "nvidia-cudnn-cu13", picks: &[keep("nvidia/cudnn/lib/")] },
        Part {
            package: "nvidia-cusparselt-cu13",
            picks: &[keep("nvidia/cusparselt/lib/libcusparseLt.so.0")],
        },
        Part { package: "nvidia-nccl-cu13", picks: &[keep("nvidia/nccl/lib/libnccl.so.2")] },
        Part { package: "nvidia-nvshmem-cu13", picks: &[keep("nvidia/nvshmem/lib/libnvshmem_host.so.3")] },
    ],
    written: &[("build-version", "2.13.0+cu130\n")],
};

/// A pick that stays where the wheel has it.
const fn keep(path: &'static str) -> (&'static str, &'static str) {
    (path, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bundles::LIBTORCH, lock::Lock};

    /// What the wheel of torch asks for, recorded from its metadata.
    const REQUIREMENTS: &str = include_str!("../../cuda-requirements.txt");
    /// Asked for, but no library of the wheel needs it.
    const NOT_NEEDED: &[&str] = &["nvidia-nvtx"];

    /// The lines of [`REQUIREMENTS`] as two fields.
    fn requirements() -> Vec<(&'static str, &'static str)> {
        let lines = REQUIREMENTS.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        lines.map(|line| line.split_once(' ').unwrap()).map(|(name, rest)| (name, rest.trim())).collect()
    }

    fn packages() -> Vec<&'static str> {
        let parts = LIBTORCH.parts.iter().chain(LIBTORCH_CUDA.parts);
        parts.map(|part| part.package).collect()
    }

    fn numbers(version: &str) -> Vec<u32> {
        version.split('.').map(|number| number.parse().unwrap()).collect()
    }

    /// Whether a version is in a specifier of Python's packages, such as `==1.2.*` or `>=1.2,<2`.
    fn is_in(version: &str, specifiers: &str) -> bool {
        let version = numbers(version);
        specifiers.split(',').all(|specifier| match specifier.split_at(2) {
            ("==", exact) => match exact.strip_suffix(".*") {
                Some(start) => version.starts_with(&numbers(start)),
                None => version == numbers(exact),
            },
            (">=", least) => version >= numbers(least),
            _ => version < numbers(specifier.strip_prefix('<').unwrap()),
        })
    }

    #[test]
    fn the_record_is_that_of_the_pinned_wheel() {
        let torch = Lock::pinned().unwrap().archive("torch").unwrap().clone();
        let (name, wheel) = requirements()[0];
        assert_eq!((name, wheel), ("torch", format!("{} {}", torch.version, torch.sha256).as_str()));
    }

    #[test]
    fn the_pinned_versions_are_those_that_the_wheel_asks_for() {
        let (lock, requirements) = (Lock::pinned().unwrap(), requirements());
        for package in packages().into_iter().filter(|package| *package != "torch") {
            let asked = requirements.iter().find(|(name, _)| *name == package);
            let (_, specifiers) = asked.unwrap_or_else(|| panic!("the wheel does not ask for {package}"));
            let version = &lock.archive(package).unwrap().version;
            assert!(is_in(version, specifiers), "{package} {version}, asked for: {specifiers}");
        }
    }

    #[test]
    fn all_that_the_wheel_asks_for_is_downloaded() {
        for (name, _) in requirements() {
            assert!(packages().contains(&name) || NOT_NEEDED.contains(&name), "{name} is in no bundle");
        }
    }

    #[test]
    fn specifiers_are_those_of_python() {
        assert!(is_in("13.0.96", "==13.0.96.*") && is_in("13.1.1.3", "==13.1.1.3"));
        assert!(!is_in("13.0.97", "==13.0.96.*") && !is_in("9.20.0.49", "==9.20.0.48"));
        assert!(is_in("13.0.88", ">=13.0.88,<14") && is_in("13.4", ">=13.0.88,<14"));
        assert!(!is_in("14.0", ">=13.0.88,<14") && !is_in("13.0.9", ">=13.0.88,<14"));
    }

    #[test]
    fn the_cuda_half_is_named_after_the_version_of_the_cpu_half() {
        assert_eq!(LIBTORCH_CUDA.folder, LIBTORCH.folder.replace("-cpu", "-cuda"));
        let version = Lock::pinned().unwrap().archive("torch").unwrap().version.clone();
        assert!(LIBTORCH_CUDA.written[0].1.starts_with(&format!("{version}+cu")));
        assert!(LIBTORCH_CUDA.title.contains(&version));
    }

    /// The search paths of the wheel's libraries, relative to `torch/lib` (`readelf -d torch/lib/libtorch_cuda.so`).
    #[test]
    fn every_library_lies_where_the_search_paths_lead() {
        let searched = ["cudnn", "nvshmem", "nccl", "cusparselt", "cu13"];
        let searched = searched.map(|name| format!("nvidia/{name}/lib/"));
        for (from, to) in LIBTORCH_CUDA.parts.iter().flat_map(|part| part.picks) {
            let found =
                to.starts_with("torch/lib/") || searched.iter().any(|folder| to.starts_with(folder.as_str()));
            assert!(from == to && found, "{to}");
        }
    }
}
