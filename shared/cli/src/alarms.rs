//! `forescale alarms`: the alarm "demand above the band" of each target.

use config::{Config, Target};
use control::band_alarm;
use ports::{AlarmDefinition, AlarmMetric};
use serde_json::{Value, json};

use crate::Console;
use crate::arguments::{AlarmsArguments, AlarmsFormat};
use crate::failure::{Blame, Done, input};
use crate::near;
use crate::output::{Side, table};

/// Whether `text` has the parts of an ARN.
fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.splitn(6, ':').count() == 6 && !text.ends_with(':')
}

/// Prints the alarms, and creates them where that is asked for.
pub(crate) fn run(arguments: &AlarmsArguments, console: &mut Console<'_>) -> Done {
    let file = arguments.config.display().to_string();
    let text = std::fs::read_to_string(&arguments.config).input(|| {
        let near = near::file_hint(&arguments.config);
        format!("{file} cannot be read: give --config a forescale.toml{near}")
    })?;
    let config = Config::parse(&file, &text)
        .input(|| format!("{file} cannot be used: mend what is named below"))?;
    let chosen: Vec<&Target> = match &arguments.target {
        None => config.targets.iter().collect(),
        Some(name) => {
            let target = config.target(name);
            let target = target.ok_or_else(|| {
                near::no_target(&format!("--target {name}"), name, &file, &config)
            })?;
            vec![target]
        }
    };
    if let Some(action) = arguments.action.iter().find(|action| !is_arn(action)) {
        return Err(input(format!(
            "--action {action}: is no ARN; allowed: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE, such as the \
             stack's output ResponderAlarmAction"
        )));
    }
    let alarms: Vec<AlarmDefinition> = chosen
        .into_iter()
        .map(|target| band_alarm(target, &arguments.stack, arguments.action.clone()))
        .collect();
    unique(&alarms)?;
    match arguments.format {
        AlarmsFormat::Table => print_table(&alarms, console)?,
        AlarmsFormat::Json => {
            for alarm in &alarms {
                console.line(&request(alarm).to_string())?;
            }
        }
        AlarmsFormat::Cloudformation => {
            let template = serde_json::to_string_pretty(&template(&alarms))
                .failed(|| "the template cannot be written")?;
            console.line(&template)?;
        }
    }
    #[cfg(feature = "aws")]
    if arguments.create {
        create(&alarms, arguments.dry_run, console)?;
    }
    Ok(())
}

/// Two targets whose patterns lead to one name would overwrite each other's alarm.
fn unique(alarms: &[AlarmDefinition]) -> Done {
    let target = |alarm: &AlarmDefinition| alarm.band.dimensions.get("Target").cloned();
    for (index, alarm) in alarms.iter().enumerate() {
        if let Some(other) = alarms[..index].iter().find(|it| it.name == alarm.name) {
            return Err(input(format!(
                "targets {} and {} would share the alarm {}: change the first `alarms` pattern of one",
                target(other).unwrap_or_default(),
                target(alarm).unwrap_or_default(),
                alarm.name
            )));
        }
    }
    Ok(())
}

/// Creates each of them, or replaces what was made here before, in the account and region of the
/// environment. Where a name is somebody else's, nothing at all is written.
#[cfg(feature = "aws")]
fn create(alarms: &[AlarmDefinition], dry_run: bool, console: &mut Console<'_>) -> Done {
    use ports::{AlarmOwner, AlarmWriter};
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .failed(|| "no runtime for calls to AWS")?;
    runtime.block_on(async {
        let writer = aws::CloudWatchAlarms::new(&crate::account::connect("alarms").await?);
        for alarm in alarms {
            let owner = writer.owner(alarm).await;
            let owner = owner.failed(|| format!("alarm {} cannot be looked up", alarm.name))?;
            if let AlarmOwner::Others(watched) = owner {
                return Err(input(format!(
                    "alarm {} is somebody else's and watches {watched}: rename one of the two; no \
                     alarm was written",
                    alarm.name
                )));
            }
        }
        for alarm in alarms {
            if dry_run {
                console.note(&format!(
                    "dry run: alarm {} would be created or replaced",
                    alarm.name
                ));
                continue;
            }
            writer
                .put_alarm(alarm)
                .await
                .failed(|| format!("alarm {} was not created", alarm.name))?;
            console.tell(&format!("alarm {} was created or replaced\n", alarm.name));
        }
        Ok(())
    })
}

fn print_table(alarms: &[AlarmDefinition], console: &mut Console<'_>) -> Done {
    let columns = [
        ("alarm", Side::Left),
        ("goes off when", Side::Left),
        ("band missing", Side::Left),
        ("calls", Side::Left),
    ];
    let rows: Vec<Vec<String>> = alarms
        .iter()
        .map(|alarm| {
            let calls = match alarm.actions.as_slice() {
                [] => "the responder, by its name".to_owned(),
                actions => actions.join(", "),
            };
            vec![
                alarm.name.clone(),
                format!(
                    "{} of {} is above {} for {} x {} s",
                    alarm.demand.statistic,
                    alarm.demand.name,
                    alarm.band.name,
                    alarm.datapoints,
                    alarm.period
                ),
                alarm.treat_missing.clone(),
                calls,
            ]
        })
        .collect();
    table(console, &columns, &rows)
}

/// What PutMetricAlarm takes: `aws cloudwatch put-metric-alarm --cli-input-json`.
fn request(alarm: &AlarmDefinition) -> Value {
    let mut request = properties(alarm);
    if let Some(fields) = request.as_object_mut() {
        fields.insert("ActionsEnabled".to_owned(), Value::Bool(true));
    }
    request
}

fn properties(alarm: &AlarmDefinition) -> Value {
    let stat = |id: &str, metric: &AlarmMetric| {
        let dimensions: Vec<Value> = metric
            .dimensions
            .iter()
            .map(|(name, value)| json!({ "Name": name, "Value": value }))
            .collect();
        json!({
            "Id": id,
            "ReturnData": false,
            "MetricStat": {
                "Metric": {
                    "Namespace": metric.namespace,
                    "MetricName": metric.name,
                    "Dimensions": dimensions,
                },
                "Period": alarm.period,
                "Stat": metric.statistic,
            },
        })
    };
    json!({
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AlarmActions": alarm.actions,
        "Metrics": [
            {
                "Id": "outside",
                "Label": "demand above the band",
                "Expression": alarm.expression(),
                "ReturnData": true,
            },
            stat("demand", &alarm.demand),
            stat("band", &alarm.band),
        ],
        "EvaluationPeriods": alarm.datapoints,
        "DatapointsToAlarm": alarm.datapoints,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": alarm.treat_missing,
    })
}

/// A CloudFormation template of them all.
fn template(alarms: &[AlarmDefinition]) -> Value {
    let resources: serde_json::Map<String, Value> = alarms
        .iter()
        .enumerate()
        .map(|(index, alarm)| {
            let resource = json!({
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": properties(alarm),
            });
            (format!("Band{}", index + 1), resource)
        })
        .collect();
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Demand above the forecast's band, by Forescale",
        "Resources": resources,
    })
}
