//! `forescale init`: a configuration from what is in the account.

#[cfg(any(feature = "aws", test))]
mod gather;
#[cfg(any(feature = "aws", test))]
mod written;

use crate::Console;
use crate::arguments::InitArguments;
use crate::failure::{Done, input};

/// Runs the subcommand.
pub(crate) fn run(arguments: &InitArguments, console: &mut Console<'_>) -> Done {
    let out = arguments.out.display().to_string();
    if arguments.out.exists() && !arguments.force && !arguments.dry_run {
        return Err(input(format!(
            "{out} is there already and stays: give --out another name, or --force to replace it"
        )));
    }
    let zone = match &arguments.timezone {
        Some(name) => Some(crate::moments::zone(name)?),
        None => None,
    };
    let zone = zone.as_ref().and_then(|zone| zone.iana_name());
    from_account(arguments, zone, console)
}

#[cfg(not(feature = "aws"))]
fn from_account(_: &InitArguments, _: Option<&str>, _: &mut Console<'_>) -> Done {
    Err(input(
        "init looks into an account: build with `cargo build --release -p forescale --features aws`",
    ))
}

#[cfg(feature = "aws")]
fn from_account(arguments: &InitArguments, zone: Option<&str>, console: &mut Console<'_>) -> Done {
    use std::collections::BTreeMap;

    use crate::failure::Blame;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .failed(|| "no runtime for calls to AWS")?;
    console.progress("looking");
    let now = crate::moments::now();
    let found = runtime.block_on(async {
        let sdk = crate::account::connect("init").await?;
        let account = aws::AccountSurvey::new(&sdk, None);
        let wanted = gather::Wanted {
            tagged: arguments.tagged,
            groups: &arguments.group,
        };
        let found = gather::gather(&account, &aws::Fleets::new(&sdk), &wanted, now).await;
        found.failed(|| "the account could not be looked at: nothing was written")
    });
    console.clear();
    let found = found?;
    // Each reason once, however many groups it is about.
    let mut unknown: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for group in &found {
        for why in group.unknown() {
            unknown.entry(why).or_default().push(&group.listing.name);
        }
    }
    for (why, groups) in unknown {
        let of = match groups.as_slice() {
            [one] => (*one).to_owned(),
            [first, more @ ..] => format!("{first} and {} more", more.len()),
            [] => continue,
        };
        console.note(&format!("{why} (of {of})"));
    }
    let written = written::write(&found, zone);
    if written.groups == 0 {
        return Err(input(
            "no group fits: leave out --tagged or --group, or look at AWS_REGION",
        ));
    }
    // What is written here has to be what is read everywhere.
    if written.targets > 0 {
        config::Config::parse("the written configuration", &written.text)
            .failed(|| "the configuration could not be written so that it can be read")?;
    }
    if arguments.dry_run {
        console.note("dry run: nothing was written");
        return Ok(write!(console.out(), "{}", written.text)?);
    }
    std::fs::write(&arguments.out, &written.text)
        .failed(|| format!("{} cannot be written", arguments.out.display()))?;
    console.line(&format!(
        "{}: {} of {} groups as targets in mode shadow, the others as comments",
        arguments.out.display(),
        written.targets,
        written.groups
    ))?;
    console
        .note("look at what is marked unknown, then: forescale config push --bucket s3://BUCKET");
    Ok(())
}

#[cfg(test)]
mod tests;
