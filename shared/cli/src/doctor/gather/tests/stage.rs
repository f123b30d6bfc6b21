//! A deployment behind the ports, for the tests to plant faults in.

use super::*;

pub(super) const CONFIG: &str = "[[target]]\nname = \"web\"\ngroup = \"web-asg\"\n\
    demand = { namespace = \"Shop\", name = \"Requests\" }\nmin_servers = 2\nmax_servers = 40\n\
    throughput = 1000\nlead_time = \"6m\"\nmode = \"active\"\n";

/// What the stack calls the responder's alias.
pub(super) const ALIAS: &str =
    "arn:aws:lambda:eu-central-1:1:function:forescale-Responder-1a2B:live";

pub(super) fn stack_arns() -> std::collections::BTreeMap<String, String> {
    let made = |logical: &str| {
        let arn = format!("arn:aws:any:eu-central-1:1:{logical}");
        (logical.to_owned(), arn)
    };
    let alias = (RESPONDER.to_owned(), ALIAS.to_owned());
    let made = doctor::STACK_RESOURCES.into_iter().map(made);
    made.chain([alias]).collect()
}

/// A deployment in which nothing is wrong, to be spoilt.
pub(super) struct Stage {
    pub(super) clock: VirtualClock,
    pub(super) store: MemoryStore,
    pub(super) metrics: CsvMetrics,
    pub(super) groups: SimulatedGroupPort,
    pub(super) account: Account,
    pub(super) faults: Faults,
}

pub(super) fn mins(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

impl Stage {
    pub(super) fn healthy() -> Self {
        let start: Timestamp = "2026-03-10T08:00:00Z".parse().unwrap();
        let clock = VirtualClock::new(start);
        let group = SimulatedGroup::new(GroupSpec::new("web-asg", 2, 2, 40), start).unwrap();
        let groups = SimulatedGroupPort::new([group], &clock);
        let name = MetricName {
            namespace: "Shop".to_owned(),
            name: "Requests".to_owned(),
            dimensions: [].into(),
        };
        let usage = MetricName {
            namespace: "AWS/Usage".to_owned(),
            name: "ResourceCount".to_owned(),
            dimensions: [
                ("Service".to_owned(), "EC2".to_owned()),
                ("Type".to_owned(), "Resource".to_owned()),
                ("Resource".to_owned(), "vCPU".to_owned()),
                ("Class".to_owned(), "Standard/OnDemand".to_owned()),
            ]
            .into(),
        };
        let flat = |value| Series::new(start - mins(240), Step::MINUTE, vec![value; 600]).unwrap();
        let metrics = CsvMetrics::new(clock.clone())
            .with(name, flat(5000.0))
            .with(usage, flat(20.0));
        let listing = Listing {
            name: "web-asg".to_owned(),
            arn:
                "arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:x:autoScalingGroupName/web-asg"
                    .to_owned(),
            tags: [("forescale".to_owned(), "managed".to_owned())].into(),
            collected: vec!["GroupInServiceInstances".to_owned()],
            instance_types: vec!["m5.large".to_owned()],
            launch_templates: vec![LaunchTemplate {
                id: "lt-1".to_owned(),
                name: String::new(),
                version: "$Default".to_owned(),
            }],
            ..Listing::default()
        };
        let alarm = AlarmListing {
            name: "forescale-web-band".to_owned(),
            actions_enabled: true,
            ..AlarmListing::default()
        };
        let account = Account {
            listings: Some(vec![listing]),
            load_balancers: Some([].into()),
            alarms: Some(vec![alarm]),
            answered_prefixes: Some(vec!["forescale-".to_owned()]),
            nightly: Some(Some(Timetable {
                expression: "cron(5 0 * * ? *)".to_owned(),
                zone: "UTC".to_owned(),
                enabled: true,
            })),
            dead_letters: Some(DeadLetters::default()),
            stack_arns: Some(stack_arns()),
            parameters: Some([].into()),
            vcpu_quota: Some(512.0),
            denied: Some([].into()),
            silent: Vec::new(),
        };
        let stage = Self {
            clock,
            store: MemoryStore::new(),
            metrics,
            groups,
            account,
            faults: Faults::none(),
        };
        stage.put(keys::CONFIG, CONFIG.as_bytes());
        stage.boots();
        stage.documents();
        stage
    }

    /// Launches that took five minutes each.
    pub(super) fn boots(&self) {
        let sizes = |desired| fleet::Sizes {
            desired_capacity: Some(desired),
            ..fleet::Sizes::default()
        };
        for step in 0..20 {
            self.clock.advance(mins(1));
            if step == 1 {
                let now = self.clock.now();
                let origin = Origin::new(now, Source::Person, "by hand");
                let work = |group: &mut SimulatedGroup| group.resize(now, sizes(12), &origin);
                self.groups.with("web-asg", work).unwrap().unwrap();
            }
            self.groups.advance("web-asg", 5000.0, 1000.0);
        }
    }

    pub(super) fn put(&self, key: &str, bytes: &[u8]) {
        block_on(self.store.put(key, bytes, Condition::Always)).unwrap();
    }

    pub(super) fn document<B: Document>(&self, key: &str, body: B) {
        let envelope = Envelope::new(Some("web"), self.clock.now() - mins(30), "test", body);
        self.put(key, &encode(&envelope).unwrap());
    }

    pub(super) fn documents(&self) {
        let now = self.clock.now();
        let start = Step::HOUR.floor(now) - mins(8 * 60);
        let forecast = Forecast {
            start,
            step_seconds: 900,
            levels: vec![0.05, 0.5, 0.95, 0.99],
            quantiles: (0..288)
                .map(|_| vec![5000.0, 6000.0, 7000.0, 8000.0])
                .collect(),
            model: "given".to_owned(),
            accuracy: Accuracy::default(),
            data: DataRecord::default(),
            ..Forecast::default()
        };
        self.document(&keys::forecast("web", start), forecast);
        let from = Step::HOUR.floor(now) - mins(20 * 24 * 60);
        let steps = 20 * 24 * 12;
        let history = History {
            start: from,
            step_seconds: 300,
            demand: vec![Some(5000.0); steps],
            peak: vec![None; steps],
            asked_from: None,
        };
        self.document(&keys::history("web"), history);
        let floor = documents::PlanStep {
            start: now - mins(20),
            servers: 9,
            reason: String::new(),
        };
        let plan = Plan {
            decided_at: now - mins(20),
            decided_by: "planner".to_owned(),
            fence: 1,
            steps: vec![floor.clone()],
            expires_at: Step::HOUR.floor(now) + mins(26 * 60),
            floors: vec![floor],
            actions: Vec::new(),
            found_min_size: 2,
            changed_at: None,
            human_floor: None,
            applied: true,
            rehearsed: false,
            unsettled: Vec::new(),
            forecast: None,
            shortfall: None,
            canary: None,
            policy: None,
            ceiling: None,
            notes: Vec::new(),
        };
        self.document(&keys::plan("web"), plan);
    }

    pub(super) fn report(&self) -> Report {
        let sources = Sources {
            store: &self.faults.wrap(self.store.clone()),
            metrics: &self.faults.wrap(self.metrics.clone()),
            groups: &self.faults.wrap(self.groups.clone()),
            account: &self.account,
            bucket: Some(("state", "")),
        };
        examine(&block_on(gather(&sources, None, self.clock.now())))
    }

    pub(super) fn found(&self) -> Vec<(&'static str, Severity)> {
        let report = self.report();
        report.findings.iter().map(|f| (f.id, f.severity)).collect()
    }
}
