//! The ports on one machine: a directory as store, memory as store, CSV as metrics, a simulated
//! Auto Scaling group, a virtual clock, and faults on demand.

mod clock;
pub mod conformance;
mod console;
mod csv_metrics;
mod directory;
mod faults;
mod formation;
mod key;
mod memory;
mod queue;
mod simulated_group;
mod survey;
mod timeline;

pub use clock::VirtualClock;
pub use console::{ConsoleNotifier, RecordingNotifier};
pub use csv_metrics::CsvMetrics;
pub use directory::DirectoryStore;
pub use faults::{Call, Fault, Faults, Faulty};
pub use formation::RecordingFormation;
pub use memory::MemoryStore;
pub use queue::{Letter, MemoryQueue};
pub use simulated_group::SimulatedGroupPort;
pub use survey::Account;
pub use timeline::Timeline;
