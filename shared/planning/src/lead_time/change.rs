use super::boots::Boot;
use super::{Change, FEWEST_LAUNCHES, quantile, spans};

/// So many launches in a row beyond nine tenths of those before come by chance once in a thousand
/// times.
const FEWEST_IN_A_ROW: usize = 3;

/// Where the newest launches begin that take longer or shorter than those before, and how; `boots`
/// are in order of time. A launch template version that is new is looked at from its first launch
/// on; without one, a run of launches of which each was slower than nine tenths, or quicker than
/// the quickest tenth, of those before.
pub(super) fn change(boots: &[Boot<'_>]) -> Option<(usize, Change)> {
    by_version(boots).or_else(|| by_time(boots))
}

fn by_version(boots: &[Boot<'_>]) -> Option<(usize, Change)> {
    let newest = boots.last()?.version?;
    let at = boots
        .iter()
        .rposition(|boot| boot.version != Some(newest))?
        .checked_add(1)?;
    told(boots, at, Some(newest))
}

fn by_time(boots: &[Boot<'_>]) -> Option<(usize, Change)> {
    let most = boots.len().checked_sub(FEWEST_IN_A_ROW)?;
    // The longest such run: from the oldest possible beginning on.
    (FEWEST_LAUNCHES..=most).find_map(|at| {
        let mut before = spans(&boots[..at]);
        let (low, high) = (quantile(&mut before, 1)?, quantile(&mut before, 9)?);
        let slower = boots[at..].iter().all(|boot| boot.took > high);
        let quicker = boots[at..]
            .iter()
            .all(|boot| boot.took < low && boot.finished);
        (slower || quicker).then(|| told(boots, at, None))?
    })
}

/// The change at `at`, where there is one: the median since lies beyond nine tenths of before.
fn told(boots: &[Boot<'_>], at: usize, version: Option<&str>) -> Option<(usize, Change)> {
    let (mut before, mut since) = (spans(&boots[..at]), spans(&boots[at..]));
    let (low, high) = (quantile(&mut before, 1)?, quantile(&mut before, 9)?);
    let (from, to) = (quantile(&mut before, 5)?, quantile(&mut since, 5)?);
    let longer = to > high;
    if !longer && to >= low {
        return None;
    }
    let launches = boots[at..].iter().filter(|boot| boot.finished).count();
    let change = Change {
        from,
        to,
        version: version.map(str::to_owned),
        since: boots[at].started,
        launches,
        followed: longer || launches >= FEWEST_LAUNCHES,
    };
    Some((at, change))
}
