//! Facts through the ports. A call that fails costs the fact it was for, which is then told as not
//! known, and nothing else.

mod stack;
mod target;

use control::{ControlError, Loaded, load, load_settings};
use doctor::{Denied, Facts, Seen};
use documents::Document;
use jiff::{SignedDuration, Timestamp};
use ports::{DocumentStore, GroupReader, MetricSource, PortError, Survey};

/// Where facts come from.
pub(super) struct Sources<'a, S, M, G, A> {
    pub(super) store: &'a S,
    pub(super) metrics: &'a M,
    pub(super) groups: &'a G,
    pub(super) account: &'a A,
    /// Bucket and prefix of the documents, where they lie in one.
    pub(super) bucket: Option<(&'a str, &'a str)>,
}

/// Hours of datapoints that are counted.
const HOURS: u32 = 3;
/// How long AWS keeps activities.
const ACTIVITIES: SignedDuration = SignedDuration::from_hours(6 * 7 * 24);
/// The alias that alarms call, as SAM names it.
const RESPONDER: &str = "ResponderFunctionAliaslive";
/// Who asks here.
const COMMAND: &str = "this command";

/// Everything about `only`, or about all targets.
pub(super) async fn gather<S, M, G, A>(
    sources: &Sources<'_, S, M, G, A>,
    only: Option<&str>,
    now: Timestamp,
) -> Facts
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupReader,
    A: Survey,
{
    let mut looker = Looker {
        sources,
        now,
        denied: Vec::new(),
    };
    let (settings, config_problems) = match load_settings(sources.store, now).await {
        Ok(mut settings) => {
            let refused = settings.refused.iter();
            let problems: Vec<String> = refused
                .flat_map(|refused| refused.errors.findings.iter().map(ToString::to_string))
                .collect();
            // They are told one by one instead.
            let again =
                |note: &String| note.contains(" is left out: ") || note.ends_with(" are left out");
            settings.notes.retain(|note| !again(note));
            (Some(settings), problems)
        }
        Err(error) => (None, problems(&error)),
    };
    let listings = asked(sources.account.listings().await);
    let wiring = Wiring {
        answered: asked(sources.account.answered_prefixes().await),
        responder: asked(sources.account.stack_arn(RESPONDER).await),
    };
    let mut targets = Vec::new();
    let chosen = settings
        .iter()
        .flat_map(|settings| &settings.config.targets);
    for target in chosen.filter(|target| only.is_none_or(|only| only == target.name)) {
        targets.push(looker.target(target, &listings, &wiring).await);
    }
    let stack = looker.stack(settings.as_ref(), &listings, &targets).await;
    let (config_notes, pause) = settings.map_or_else(
        || (Vec::new(), None),
        |settings| (settings.notes, settings.pause),
    );
    Facts {
        now,
        config_problems,
        config_notes,
        pause,
        stack,
        targets,
    }
}

fn problems(error: &ControlError) -> Vec<String> {
    match error {
        ControlError::Config { source } => {
            source.findings.iter().map(ToString::to_string).collect()
        }
        other => vec![other.chain()],
    }
}

/// Why a call gave no fact, in plain words.
fn reason(error: &PortError) -> String {
    match error {
        PortError::Refused { detail, .. } => detail.clone(),
        other => other.to_string(),
    }
}

/// What the account answered. That this command may not ask is no fault of the set-up.
fn asked<T>(answer: Result<T, PortError>) -> Seen<T> {
    match answer {
        Ok(fact) => Seen::Known(fact),
        Err(error) => Seen::Unknown(reason(&error)),
    }
}

/// How an alarm reaches the responder.
struct Wiring {
    /// What names begin with that call it by rule.
    answered: Seen<Vec<String>>,
    /// The alias that an alarm may call.
    responder: Seen<String>,
}

struct Looker<'l, 'a, S, M, G, A> {
    sources: &'l Sources<'a, S, M, G, A>,
    now: Timestamp,
    denied: Vec<Denied>,
}

impl<S, M, G, A> Looker<'_, '_, S, M, G, A>
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupReader,
    A: Survey,
{
    /// What a call gave that the functions make as well.
    fn seen<T>(&mut self, answer: Result<T, PortError>) -> Seen<T> {
        match answer {
            Ok(fact) => Seen::Known(fact),
            Err(error) => {
                if let PortError::Denied {
                    operation,
                    resource,
                    detail,
                } = &error
                {
                    let denied = Denied {
                        who: COMMAND.to_owned(),
                        call: (*operation).to_owned(),
                        resource: resource.clone(),
                        detail: detail.clone(),
                    };
                    if !self.denied.contains(&denied) {
                        self.denied.push(denied);
                    }
                }
                Seen::Unknown(reason(&error))
            }
        }
    }

    fn back(&self, span: SignedDuration) -> Timestamp {
        self.now.saturating_sub(span).unwrap_or(Timestamp::MIN)
    }

    /// The document at `key`. One that is there and cannot be used goes into `unusable`.
    async fn document<B: Document>(
        &mut self,
        key: &str,
        unusable: &mut Vec<String>,
    ) -> Seen<Option<B>> {
        match load::<B>(self.sources.store, key).await {
            Ok(Loaded::Absent) => Seen::Known(None),
            Ok(Loaded::Found(envelope, _)) => Seen::Known(Some(envelope.body)),
            Ok(Loaded::Unusable(error, _)) => {
                unusable.push(control::chain(&error));
                Seen::Unknown(format!("{key} cannot be used"))
            }
            Err(error) => self.seen(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests;
