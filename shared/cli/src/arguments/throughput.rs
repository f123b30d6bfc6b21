//! What can be typed about throughput.

use std::path::PathBuf;

use clap::Args;

use super::{EXIT_CODES, Format};

/// Learn from metrics what one server sustains
///
/// Follows CPU, memory, response time, errors and queue over demand per server, and tells where each
/// meets its limit, which binds, how far the others are and what that says of the servers' size and
/// family.
#[derive(Debug, Args)]
#[command(after_help = format!("{THROUGHPUT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ThroughputArguments {
    /// CSV with the columns timestamp, demand (requests per minute), servers, any of cpu, memory,
    /// response_time, errors (per minute), queue, and perhaps instance_type and weight; plain or
    /// gzip, `-` for standard input
    ///
    /// With instance_type, demand and servers of a row are those of that type.
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: PathBuf,
    /// Percent of CPU to plan for
    #[arg(long, value_name = "PERCENT", default_value = "60", value_parser = above_zero)]
    pub(crate) utilization: Option<f64>,
    /// Percent of memory not to exceed
    #[arg(long, value_name = "PERCENT", default_value = "80", value_parser = above_zero)]
    pub(crate) memory: Option<f64>,
    /// Response time not to exceed, in the file's unit
    #[arg(long, value_name = "TIME", value_parser = above_zero)]
    pub(crate) response_time: Option<f64>,
    /// Share of demand that may fail
    #[arg(long, value_name = "SHARE", default_value = "0.01", value_parser = above_zero)]
    pub(crate) errors: Option<f64>,
    /// Requests waiting per server not to exceed
    #[arg(long, value_name = "N", value_parser = above_zero)]
    pub(crate) queue: Option<f64>,
    /// A throughput to compare with what is seen, in requests per minute and server
    #[arg(long, value_name = "N", value_parser = above_zero)]
    pub(crate) value: Option<f64>,
    /// How to print the result
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

const THROUGHPUT_EXAMPLES: &str = "EXAMPLES:
  Where CPU reaches 60 %, memory 80 % or responses half a second:
    forescale throughput --metrics service.csv --response-time 0.5
  Whether 1,000 a minute is right:
    forescale throughput --metrics service.csv --response-time 0.5 --value 1000";

fn above_zero(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if value > 0.0 && value <= 1e9 {
        Ok(value)
    } else {
        Err("allowed: above 0, at most 1000000000".to_owned())
    }
}
