//! What demand does.

use super::Hypothesis;
use super::fleet::lost;
use crate::Kind;
use crate::claim::{Claim, beyond, fact, matters};
use crate::facts::{Demand, Facts};
use crate::words::{number, percent, signed};

/// "demand 18,400/min, forecast p99 9,100/min, +310/min each minute".
pub(crate) fn told(demand: &Demand) -> String {
    let mut text = format!("demand {}/min", number(demand.now));
    if let Some((_, median, upper)) = demand.expected {
        text.push_str(&format!(
            ", forecast {}/min, p99 {}/min",
            number(median),
            number(upper)
        ));
    }
    if demand.growth.abs() >= 0.002 * demand.now {
        text.push_str(&format!(", {}/min each minute", signed(demand.growth)));
    } else {
        text.push_str(", steady");
    }
    text
}

fn minutes(facts: &Facts<'_>) -> f64 {
    facts.evidence.lead_time.as_secs_f64().max(0.0) / 60.0
}

/// Deviations by which demand will be above the band when a server ordered now is ready. Only a
/// growth that stands out from the noise counts.
fn climbing_out(facts: &Facts<'_>, demand: &Demand) -> Option<f64> {
    let band = facts.evidence.band.as_ref()?;
    let ahead = minutes(facts);
    let at = (band.present + ahead.ceil() as usize).min(band.upper.len().checked_sub(1)?);
    let upper = *band.upper.get(at)?;
    let rise = demand
        .rise
        .filter(|rise| rise.z > 4.0 && rise.ratio() > 1.15)?;
    // Above the middle of the band already, and on a line that leaves it.
    let (_, median, _) = demand.expected?;
    let coming = demand.coming(ahead);
    let doubt = (demand.noise * coming).max(0.02 * upper) + 0.25 * (coming - demand.now).abs();
    let room = (demand.now / median.max(1e-9) - 1.0).min(rise.ratio() - 1.0);
    (room > 0.1).then_some((coming - upper) / doubt)
}

/// Minutes up to which demand may be late.
const FRESH: f64 = 4.5;

/// That demand is inside the forecast; where there is none, that it is as it was.
pub(crate) fn inside(facts: &Facts<'_>) -> Claim {
    let mut claim = inside_when_seen(facts);
    // What is some minutes old says little of now, when an alarm has just gone off.
    if let Some(demand) = facts.demand.filter(|demand| demand.age as f64 > FRESH) {
        claim.text.push_str(&format!(" ({} min old)", demand.age));
        let stale = (FRESH - demand.age as f64) / 0.5;
        claim.weight = claim.weight.map(|weight| weight.min(stale));
    }
    claim
}

/// The same of when it was measured last.
pub(super) fn inside_when_seen(facts: &Facts<'_>) -> Claim {
    match &facts.demand {
        None => Claim::needs("demand is unknown", None),
        Some(demand) => {
            let above =
                climbing_out(facts, demand).map_or(demand.above, |out| out.max(demand.above));
            Claim::needs(told(demand), beyond(-above, 0.0))
        }
    }
}

/// Demand above the forecast's upper quantile.
pub(super) fn unforecast(facts: &Facts<'_>) -> Hypothesis {
    let outside = match &facts.demand {
        None => Claim::needs("demand is unknown", None),
        Some(demand) => {
            let out = climbing_out(facts, demand).map_or(demand.above, |out| out.max(demand.above));
            Claim::needs(told(demand), beyond(out, 0.0))
        }
    };
    Hypothesis::new(Kind::UnforecastDemand, vec![outside])
}

/// Demand inside the forecast and servers on their way.
pub(super) fn planned_ramp(facts: &Facts<'_>) -> Hypothesis {
    let fleet = facts.evidence.fleet;
    let booting = Claim::needs(
        format!("{} booting", fleet.booting),
        fact(fleet.booting > 0),
    );
    let gone = lost(facts);
    let whole = Claim::unless(gone.text.clone(), gone.weight.map(|weight| -weight));
    let claims = vec![inside(facts), booting, whole, enough(facts), calm(facts)];
    Hypothesis::new(Kind::PlannedRamp, claims)
}

/// That what is there or coming carries demand.
fn enough(facts: &Facts<'_>) -> Claim {
    let fleet = facts.evidence.fleet;
    let coming = fleet.in_service + fleet.booting;
    let Some(demand) = &facts.demand else {
        return Claim::needs("demand is unknown", None);
    };
    let needed = facts.servers_for(demand.now);
    let room = f64::from(coming) * facts.evidence.throughput / demand.now.max(1e-9);
    Claim::needs(
        format!("{needed} servers needed now, {coming} there or coming"),
        // A fleet that is exactly full still carries what it carries.
        matters(room + 0.1, 1.0),
    )
}

/// That neither errors nor response time jumped.
fn calm(facts: &Facts<'_>) -> Claim {
    let jumped = super::service::jump(facts);
    Claim::unless(jumped.text.clone(), jumped.weight.map(|weight| -weight))
}

/// Nothing is wrong.
pub(super) fn covered(facts: &Facts<'_>) -> Hypothesis {
    let gone = lost(facts);
    let claims = vec![
        inside(facts),
        enough(facts),
        Claim::unless(gone.text.clone(), gone.weight.map(|weight| -weight)),
        calm(facts),
    ];
    Hypothesis::new(Kind::Covered, claims)
}

/// Demand fell with errors; it is away, or on its way back.
pub(super) fn recovery(facts: &Facts<'_>) -> Hypothesis {
    /// A retry storm comes with the return or not at all.
    const AFTER: usize = 30;
    let Some(dip) = &facts.dip else {
        let unknown = facts.demand.is_none();
        let text = if unknown {
            "demand is unknown"
        } else {
            "demand was never away"
        };
        let claim = Claim::needs(text, (!unknown).then_some(-6.0));
        return Hypothesis::new(Kind::Recovery, vec![claim]);
    };
    let errors = dip.errors.map_or_else(
        || "errors unknown".to_owned(),
        |share| format!("errors at {}", percent(share)),
    );
    let away = Claim::needs(
        format!(
            "{} of demand was missing for {} min, {errors}",
            percent(dip.depth),
            dip.minutes
        ),
        matters(dip.depth, 0.35).max(0.0) + fact(dip.borne_out).min(2.0),
    );
    // Where demand goes up and down by itself, the forecast knows how low it gets.
    let ordinary = match dip.known && !dip.borne_out {
        true => Claim::unless("the forecast knows demand as low", fact(false)),
        false => Claim::unless("lower than the forecast knows demand", None),
    };
    let now = match dip.since {
        0 => "it is still away".to_owned(),
        since => format!("it has been back for {since} min"),
    };
    let recent = Claim::needs(now, (AFTER as f64 - dip.since as f64) / 5.0);
    Hypothesis::new(Kind::Recovery, vec![away, ordinary, recent])
}
