use aws::{AutoScalingGroups, Environment, S3Store};
use aws_config::SdkConfig;
use jiff::{SignedDuration, Timestamp};
use ports::{Condition, DocumentStore, MetricName};

use crate::{
    Answer, Demand, Function, HarnessError, Places, REGION, Seed, StandIn, binary, daily_wave,
};

/// Bucket of every scene.
const BUCKET: &str = "forescale-documents";

/// One shop on one group, with months of demand behind it.
///
/// 200 requests a minute at night and 2,000 in the afternoon, by [`daily_wave`]; a server sustains
/// 200. The group runs its minimum of two servers.
#[derive(Debug)]
pub struct Scene {
    /// The stand-in it lives in.
    pub aws: StandIn,
    /// Clients of it in this process.
    pub sdk: SdkConfig,
    /// Its documents.
    pub store: S3Store,
    /// Its groups.
    pub groups: AutoScalingGroups,
    /// Until when there is demand: the minute in which it was set up.
    pub now: Timestamp,
    /// Where messages go.
    pub places: Places,
    variables: Vec<(String, String)>,
}

impl Scene {
    /// Name of the target and of its group.
    pub const TARGET: &'static str = "web";

    /// MinSize of the group at first.
    pub const MIN_SIZE: u32 = 2;

    /// MaxSize of the group, and most servers of the target.
    pub const MAX_SIZE: u32 = 90;

    /// A bucket, a topic and a group; neither configuration nor demand.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub async fn bare(now: Timestamp) -> Result<Self, HarnessError> {
        let aws = StandIn::start()?;
        let places = aws.seed(&Seed {
            region: REGION,
            bucket: BUCKET.to_owned(),
            group: Self::TARGET.to_owned(),
            min_size: Self::MIN_SIZE,
            max_size: Self::MAX_SIZE,
            desired_capacity: Self::MIN_SIZE,
            scales_in: true,
        })?;
        let sdk = aws.sdk().await;
        let environment = Environment {
            bucket: BUCKET.to_owned(),
            prefix: "shop/".to_owned(),
            topic_arn: Some(places.topic.clone()),
            // Events and looks have no stand-in here.
            event_bus: None,
            looks_url: None,
            tasks: None,
            stack: "forescale".to_owned(),
            path_style: true,
        };
        let mut variables = aws.variables();
        for (name, value) in [
            ("FORESCALE_BUCKET", BUCKET),
            ("FORESCALE_PREFIX", "shop/"),
            ("FORESCALE_TOPIC_ARN", &places.topic),
        ] {
            variables.push((name.to_owned(), value.to_owned()));
        }
        Ok(Self {
            store: S3Store::new(&sdk, &environment),
            groups: AutoScalingGroups::new(&sdk),
            sdk,
            aws,
            now: floor(now, 60),
            places,
            variables,
        })
    }

    /// [`Scene::bare`] with a configuration in `mode` and 100 days of demand, each age as fine as
    /// CloudWatch keeps it.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub async fn set(now: Timestamp, mode: &str) -> Result<Self, HarnessError> {
        let scene = Self::bare(now).await?;
        scene.configure(&config(mode)).await?;
        let ages = [(100, 63, 3600), (63, 15, 300), (15, 0, 60)];
        for (from_days, to_days, step_seconds) in ages {
            let back = |days: i64| {
                scene
                    .now
                    .saturating_sub(SignedDuration::from_hours(24 * days))
            };
            // Whole hours, so that no step of one age reaches into the next.
            let from = floor(back(from_days).unwrap_or(Timestamp::MIN), 3600);
            let to = match to_days {
                0 => scene.now,
                days => floor(back(days).unwrap_or(Timestamp::MAX), 3600),
            };
            scene.put(from, to, step_seconds, daily_wave).await?;
        }
        Ok(scene)
    }

    /// [`Scene::bare`] with an active target and four hours of flat demand that its two servers carry,
    /// during which their memory climbs from 30 to 78 %. Its responder can look again.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub async fn leaking(now: Timestamp) -> Result<Self, HarnessError> {
        const MINUTES: i64 = 240;
        let mut scene = Self::bare(now).await?;
        let looks = scene.places.looks.clone();
        scene
            .variables
            .push(("FORESCALE_LOOKS_URL".to_owned(), looks));
        let memory = "response = { exhaustible = [{ label = \"memory\", namespace = \"CWAgent\", \
                      name = \"mem_used_percent\", \
                      dimensions = { AutoScalingGroupName = \"web\" } }] }\n";
        scene.configure(&(config("active") + memory)).await?;
        let to = scene.now;
        let from = to.saturating_sub(SignedDuration::from_mins(MINUTES));
        let from = from.unwrap_or(Timestamp::MIN);
        // A few requests more or fewer: nothing real is flat.
        let ripple = |at: Timestamp| f64::from(u8::try_from(at.as_second() / 60 % 7).unwrap_or(0));
        scene.put(from, to, 60, |at| 300.0 + ripple(at)).await?;
        let climbing = (0..MINUTES).map(|minute| 30.0 + 0.2 * minute as f64);
        let dimension = ("AutoScalingGroupName".to_owned(), Self::TARGET.to_owned());
        let memory = Demand {
            metric: MetricName {
                namespace: "CWAgent".to_owned(),
                name: "mem_used_percent".to_owned(),
                dimensions: [dimension].into(),
            },
            start: from,
            step_seconds: 60,
            requests: climbing.collect(),
        };
        scene.aws.put(&memory).await?;
        Ok(scene)
    }

    /// Stores `config` as the configuration.
    ///
    /// # Errors
    /// [`HarnessError::Call`].
    pub async fn configure(&self, config: &str) -> Result<(), HarnessError> {
        let key = "config/forescale.toml";
        let written = self.store.put(key, config.as_bytes(), Condition::Always);
        written.await.map(drop).map_err(HarnessError::Call)
    }

    /// Adds `rate` requests a minute to the demand of the last `minutes` minutes.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub async fn surge(&self, now: Timestamp, minutes: i64, rate: f64) -> Result<(), HarnessError> {
        let to = floor(now, 60);
        let from = to.saturating_sub(SignedDuration::from_mins(minutes));
        self.put(from.unwrap_or(Timestamp::MIN), to, 60, |_| rate)
            .await
    }

    /// Starts the function called `name` in this scene.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub fn start(&self, name: &str) -> Result<Function, HarnessError> {
        Function::start(&binary(name)?, &self.variables)
    }

    /// Starts the function called `name` and hands it one event.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub fn run(&self, name: &str, event: &serde_json::Value) -> Result<Answer, HarnessError> {
        self.start(name)?.invoke(event)
    }

    async fn put(
        &self,
        from: Timestamp,
        to: Timestamp,
        step_seconds: u32,
        rate: impl Fn(Timestamp) -> f64,
    ) -> Result<(), HarnessError> {
        let step = i64::from(step_seconds);
        let starts = (from.as_second()..to.as_second()).step_by(step_seconds as usize);
        let requests = starts
            .filter_map(|second| Timestamp::from_second(second).ok())
            .map(|at| rate(at) * f64::from(step_seconds) / 60.0)
            .collect();
        let demand = Demand {
            metric: MetricName {
                namespace: "AWS/ApplicationELB".to_owned(),
                name: "RequestCount".to_owned(),
                dimensions: [(
                    "LoadBalancer".to_owned(),
                    "app/shop/50dc6c495c0c9188".to_owned(),
                )]
                .into(),
            },
            start: floor(from, step),
            step_seconds,
            requests,
        };
        self.aws.put(&demand).await
    }
}

fn config(mode: &str) -> String {
    format!(
        r#"
[[target]]
name = "{name}"
load_balancer = "app/shop/50dc6c495c0c9188"
min_servers = {min}
max_servers = {max}
throughput = 200
lead_time = "5m"
step = "1h"
mode = "{mode}"
"#,
        name = Scene::TARGET,
        min = Scene::MIN_SIZE,
        max = Scene::MAX_SIZE,
    )
}

fn floor(at: Timestamp, seconds: i64) -> Timestamp {
    let whole = at.as_second().div_euclid(seconds) * seconds;
    Timestamp::from_second(whole).unwrap_or(at)
}
