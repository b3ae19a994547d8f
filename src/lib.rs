//! clip-lab
