//! Training on several processes: the losses and weights of one process with `micro_batch = batch / N`, faults, resuming, and
//! launchers.

mod equal;
mod faults;
mod slurm;
mod torchrun;
mod trained;
