//! Demand from a seed.
