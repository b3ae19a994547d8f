//! `clip-lab-core`: the half of clip-lab that needs libtorch. `clip-lab` starts it.

use std::process::ExitCode;

fn main() -> ExitCode {
    clip_lab::main_with(&[])
}
