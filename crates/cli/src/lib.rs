//! The command line of clip-lab.
