//! The page about all targets, written each night at the root of the store.
//!
//! It is made of the targets' briefs, some at a time, so that thousands of targets take seconds and the
//! memory of a few. Where the run went through a queue a message of its own asks for the page, which
//! waits until the targets are through, as far as they come.

use config::Mode;
use control::{Loaded, Settings, World, chain, load};
use documents::{Brief, keys};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use ports::{Clock, Condition, DocumentStore, PortError, TaskQueue};
use report::{Known, Overview};
use serde::{Deserialize, Serialize};
use tasks::{BatchItemFailure, Delivery};

/// Briefs that are read at a time.
const AT_A_TIME: usize = 32;
/// How long the page waits for the targets' nights, the first time; each further wait is twice as long,
/// so that the fifth delivery comes after an hour and a quarter.
const WAIT: SignedDuration = SignedDuration::from_mins(5);
/// With less time than that the page is left for another call.
const LEAST: SignedDuration = SignedDuration::from_secs(120);

/// Writes the page, and tells how many targets have no brief of `run` or later. One that cannot be
/// written harms nothing: everything on it stands in the documents.
///
/// # Errors
/// [`PortError`] when it cannot be written.
pub(crate) async fn keep<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    run: Timestamp,
) -> Result<usize, PortError>
where
    S: DocumentStore,
    C: Clock,
{
    let mut overview = Overview::new(world.clock.now(), &keys::page("TARGET"));
    let mut missing = 0;
    let on = settings.config.targets.iter();
    let names: Vec<&str> = on
        .filter(|target| target.mode != Mode::Off)
        .map(|target| target.name.as_str())
        .chain(settings.refused.iter().map(|it| it.label.as_str()))
        .collect();
    for some in names.chunks(AT_A_TIME) {
        let read = some.iter().map(async |name| {
            match load::<Brief>(world.store, &keys::brief(name)).await {
                Ok(Loaded::Found(envelope, _)) => Ok(Some((envelope.body, envelope.written_at))),
                Ok(Loaded::Absent) => Ok(None),
                Ok(Loaded::Unusable(error, _)) => Err(chain(&error)),
                Err(error) => Err(chain(&error)),
            }
        });
        for (name, found) in some.iter().zip(join_all(read).await) {
            let known = match &found {
                Ok(Some((brief, at))) => Known::Brief(brief, *at),
                Ok(None) => Known::Nothing,
                Err(why) => Known::Unreadable(why),
            };
            let fresh = matches!(known, Known::Brief(_, at) if at >= run);
            missing += usize::from(!fresh);
            overview.add(name, &keys::page(name), known);
        }
    }
    let page = overview.html();
    let put = world
        .store
        .put(keys::OVERVIEW, page.as_bytes(), Condition::Always);
    put.await?;
    tracing::info!(
        targets = names.len(),
        missing,
        bytes = page.len(),
        "overview written"
    );
    Ok(missing)
}

/// A message that asks for the page of a run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(rename = "forescaleOverview")]
    overview: Run,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    run: Timestamp,
}

/// Asks for the page of `run` through the queue; what there is to say where that fails.
pub(crate) async fn ask(queue: &impl TaskQueue, run: Timestamp) -> Option<String> {
    let asked = Asked {
        overview: Run { run },
    };
    // A time: nothing that could not be written.
    let body = serde_json::to_string(&asked).unwrap_or_default();
    let said = match queue.send(&[body]).await {
        Ok(unsent) => unsent.first()?.reason.clone(),
        Err(error) => error.to_string(),
    };
    tracing::warn!(error = said, "overview not asked for");
    Some(format!("{} is not made tonight: {said}", keys::OVERVIEW))
}

/// The run whose page `delivery` asks for, if it does.
pub(crate) fn asked(delivery: &Delivery) -> Option<Timestamp> {
    let asked: Asked = serde_json::from_str(&delivery.body).ok()?;
    Some(asked.overview.run)
}

/// Answers a delivery that asks for the page of `run`: with what is to come again, if it is.
pub(crate) async fn answer<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    queue: &impl TaskQueue,
    delivery: &Delivery,
    run: Timestamp,
    receives: u32,
    deadline: Timestamp,
) -> Option<BatchItemFailure>
where
    S: DocumentStore,
    C: Clock,
{
    let last = delivery.receives >= receives;
    let time = deadline.duration_since(world.clock.now()) >= LEAST;
    // The first delivery comes while all the others wait.
    let through = if delivery.receives > 1 && time {
        match control::load_settings(world.store, world.clock.now()).await {
            Ok(settings) => match keep(world, &settings, run).await {
                Ok(missing) => missing == 0,
                Err(error) => {
                    tracing::warn!(%error, "overview not written");
                    false
                }
            },
            Err(error) => {
                tracing::warn!(error = %error.chain(), "overview not made");
                false
            }
        }
    } else {
        false
    };
    if last && !time {
        tracing::warn!("overview not written: no time was left for it");
    }
    if through || last {
        return None;
    }
    let doublings = delivery.receives.saturating_sub(1).min(8);
    let span = WAIT.checked_mul(1 << doublings).unwrap_or(WAIT);
    if let Err(error) = queue.hide(&delivery.receipt, span).await {
        tracing::warn!(%error, "the overview comes again by the queue's own time");
    }
    Some(BatchItemFailure {
        id: delivery.id.clone(),
    })
}
