//! What every [`GroupWriter`] must hold.

use fleet::{ScheduledAction, Sizes};
use jiff::{SignedDuration, Timestamp};
use ports::{GroupWriter, PortError};

use super::{Violation, done, ensure};

/// Runs every rule on the group called `group`, which has to exist with MinSize below 5, MaxSize of 5
/// or more and no scheduled action, and leaves it without any; `now` is the port's present. The group
/// called `missing` must not exist.
///
/// # Errors
/// The first [`Violation`].
pub async fn groups<G: GroupWriter>(
    port: &G,
    group: &str,
    missing: &str,
    now: Timestamp,
) -> Result<(), Violation> {
    let rule = "a group that is not there is not found";
    match port.group(missing).await {
        Err(PortError::NotFound { .. }) => {}
        other => ensure(rule, false, &format!("{other:?}"))?,
    }
    put(port, group, now).await?;
    refuse(port, group, now).await?;
    delete(port, group, now).await?;
    resize(port, group).await
}

/// An action an hour or more ahead.
fn action(name: &str, now: Timestamp, hours: i64, min: u32) -> ScheduledAction {
    let minute = now.as_second() / 60 * 60;
    let start = Timestamp::from_second(minute).unwrap_or(now);
    ScheduledAction {
        name: name.to_owned(),
        start: start.saturating_add(SignedDuration::from_hours(hours)).ok(),
        end: None,
        recurrence: None,
        min_size: Some(min),
        max_size: None,
        desired_capacity: None,
    }
}

async fn listed<G: GroupWriter>(
    port: &G,
    group: &str,
    rule: &'static str,
    wanted: &[ScheduledAction],
) -> Result<(), Violation> {
    let mut found = done(rule, port.scheduled_actions(group).await)?;
    found.sort();
    let mut wanted = wanted.to_vec();
    wanted.sort();
    ensure(rule, found == wanted, &format!("{found:?}"))
}

async fn put<G: GroupWriter>(port: &G, group: &str, now: Timestamp) -> Result<(), Violation> {
    let rule = "what is put is listed as it was put";
    let (a, b) = (action("a", now, 1, 2), action("b", now, 2, 3));
    let failed = port
        .put_scheduled_actions(group, &[a.clone(), b.clone()])
        .await;
    let failed = done(rule, failed)?;
    ensure(rule, failed.is_empty(), &format!("{failed:?}"))?;
    listed(port, group, rule, &[a, b.clone()]).await?;
    let rule = "an action of the same name is replaced";
    let a = action("a", now, 3, 4);
    let failed = port
        .put_scheduled_actions(group, std::slice::from_ref(&a))
        .await;
    let failed = done(rule, failed)?;
    ensure(rule, failed.is_empty(), &format!("{failed:?}"))?;
    listed(port, group, rule, &[a, b]).await
}

async fn refuse<G: GroupWriter>(port: &G, group: &str, now: Timestamp) -> Result<(), Violation> {
    let rule = "a start in the past is refused by itself, and the others are put";
    let (past, good) = (action("past", now, -1, 2), action("good", now, 4, 2));
    let failed = port.put_scheduled_actions(group, &[past, good]).await;
    let failed = done(rule, failed)?;
    let names: Vec<&str> = failed.iter().map(|item| item.name.as_str()).collect();
    ensure(rule, names == ["past"], &format!("{failed:?}"))?;
    let wanted = [
        action("a", now, 3, 4),
        action("b", now, 2, 3),
        action("good", now, 4, 2),
    ];
    listed(port, group, rule, &wanted).await
}

async fn delete<G: GroupWriter>(port: &G, group: &str, now: Timestamp) -> Result<(), Violation> {
    let rule = "deleting what is gone is no failure";
    for names in [vec!["a", "good", "never"], vec!["a"]] {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let failed = done(rule, port.delete_scheduled_actions(group, &names).await)?;
        ensure(rule, failed.is_empty(), &format!("{failed:?}"))?;
    }
    listed(port, group, rule, &[action("b", now, 2, 3)]).await?;
    let failed = port
        .delete_scheduled_actions(group, &["b".to_owned()])
        .await;
    done(rule, failed)?;
    listed(port, group, rule, &[]).await
}

async fn resize<G: GroupWriter>(port: &G, group: &str) -> Result<(), Violation> {
    let rule = "a higher MinSize raises desired capacity";
    let sizes = Sizes {
        min_size: Some(5),
        ..Sizes::default()
    };
    done(rule, port.resize(group, sizes).await)?;
    let found = done(rule, port.group(group).await)?;
    let holds = found.min_size == 5 && found.desired_capacity >= 5;
    ensure(rule, holds, &format!("{found:?}"))?;
    let rule = "nothing asked for changes nothing";
    done(rule, port.resize(group, Sizes::default()).await)?;
    let after = done(rule, port.group(group).await)?;
    ensure(rule, after.min_size == 5, &format!("{after:?}"))
}
