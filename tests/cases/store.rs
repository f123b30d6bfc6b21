//! The document store on S3 keeps the rules that every store keeps.

use aws::{Environment, S3Store};
use end_to_end::{REGION, Seed, StandIn};
use ports::{Condition, DocumentStore};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn seed(bucket: &str) -> Seed {
    Seed {
        region: REGION,
        bucket: bucket.to_owned(),
        group: "unused".to_owned(),
        min_size: 0,
        max_size: 1,
        desired_capacity: 0,
        scales_in: true,
    }
}

fn environment(bucket: &str, prefix: &str) -> Environment {
    Environment {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        topic_arn: None,
        event_bus: None,
        looks_url: None,
        tasks: None,
        stack: "forescale".to_owned(),
        path_style: true,
    }
}

#[tokio::test]
async fn keeps_every_rule_of_a_store() -> Outcome {
    let aws = StandIn::start()?;
    aws.seed(&seed("forescale-rules"))?;
    let sdk = aws.sdk().await;
    for (prefix, within) in [("", ""), ("team/shop/", "within/")] {
        let store = S3Store::new(&sdk, &environment("forescale-rules", prefix));
        local::conformance::document_store(&store, within).await?;
    }
    Ok(())
}

#[tokio::test]
async fn prefixes_keep_installations_apart() -> Outcome {
    let aws = StandIn::start()?;
    aws.seed(&seed("forescale-shared"))?;
    let sdk = aws.sdk().await;
    let [shop, bank] = ["shop/", "bank/"]
        .map(|prefix| S3Store::new(&sdk, &environment("forescale-shared", prefix)));
    shop.put("plan/web.json", b"shop", Condition::Absent)
        .await?;
    bank.put("plan/web.json", b"bank", Condition::Absent)
        .await?;
    let stored = shop.get("plan/web.json").await?.ok_or("it is gone")?;
    assert_eq!(stored.bytes, b"shop");
    assert_eq!(bank.list("plan/").await?, ["plan/web.json"]);
    Ok(())
}

#[tokio::test]
async fn a_missing_bucket_is_a_mistake_not_an_absence() -> Outcome {
    let aws = StandIn::start()?;
    let store = S3Store::new(&aws.sdk().await, &environment("no-such-bucket", ""));
    for error in [
        store.get("a.json").await.map(drop),
        store.put("a.json", b"", Condition::Absent).await.map(drop),
        store.list("").await.map(drop),
    ] {
        let error = error.err().ok_or("it worked")?;
        assert_eq!(error.code(), "Refused", "{error}");
    }
    Ok(())
}
