//! Fleets of several instance types and weights.

/// One kind of server of a fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    /// Its instance type.
    pub name: String,
    /// Capacity units one of it counts for.
    pub weight: u32,
    /// How many there are.
    pub servers: u32,
    /// Demand one of it sustains, requests per minute.
    pub per_server: f64,
}

/// What a mixed fleet sustains.
#[derive(Debug, Clone, PartialEq)]
pub struct KindShare {
    /// Demand per capacity unit, requests per minute.
    pub per_unit: f64,
    /// The kind that is full first.
    pub first_full: String,
    /// Weights, in the order of the kinds, under which each unit would sustain the same; the
    /// smallest is 1.
    pub fair_weights: Vec<f64>,
}

/// Demand that one capacity unit of `kinds` sustains where every server gets the same share of
/// demand whatever its weight, as a load balancer gives it in turns: the fleet is full when its
/// weakest kind is. `None` without servers or with a throughput that is not above 0.
///
/// Source of the routing: Elastic Load Balancing user guide, "Routing algorithms".
#[must_use]
pub fn fleet_throughput(kinds: &[Kind]) -> Option<KindShare> {
    let sound = |kind: &&Kind| kind.per_server > 0.0 && kind.per_server.is_finite();
    if !kinds.iter().all(|kind| sound(&kind)) {
        return None;
    }
    let there = || kinds.iter().filter(|kind| kind.servers > 0);
    let weakest = there().min_by(|a, b| a.per_server.total_cmp(&b.per_server))?;
    let servers: f64 = there().map(|kind| f64::from(kind.servers)).sum();
    let units: f64 = there()
        .map(|kind| f64::from(kind.servers) * f64::from(kind.weight))
        .sum();
    let least = kinds
        .iter()
        .map(|kind| kind.per_server)
        .fold(f64::INFINITY, f64::min);
    (units > 0.0).then(|| KindShare {
        per_unit: weakest.per_server * servers / units,
        first_full: weakest.name.clone(),
        fair_weights: kinds.iter().map(|kind| kind.per_server / least).collect(),
    })
}
