//! Thousands of targets through a queue: each once, none lost, none in another's way.
//!
//! A scheduled start of a function is a *run*, known by the time it was due. Where it concerns more
//! than a handful of targets, [`Fan::send`] puts a *task* for each into a queue, and the same
//! function, called with what the queue delivers, works tasks off with [`Fan::work_off`].
//!
//! Queues deliver at least once: a [`documents::Turn`] of target and run, written only over what was
//! read, lets a second delivery see that the first is at it or done. What cannot succeed, and what
//! failed too often, goes to the dead letters together with its reason; the queue's own redrive is
//! the net below, for workers that never answered.

mod error;
mod fan;
mod guard;
mod retry;
mod send;
mod task;
mod turn;
mod work;

pub use error::TaskError;
pub use fan::{Fan, Limits};
pub use guard::{guarded, share};
pub use send::Sent;
pub use task::{Delivery, Task, deliveries};
pub use work::{Batch, BatchItemFailure, Tried};
