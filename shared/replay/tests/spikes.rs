//! Spikes through the closed loop, a few of those of the example `spikes`.
use replay::spikes::{Spike, measure};

#[test]
fn a_spike_loses_less_than_with_the_alternatives_and_hardly_more_than_it_must() {
    for (times, ramp, boot) in [(3.0, 0, 3), (5.0, 15, 8), (10.0, 5, 1)] {
        let spike = Spike::new(times, ramp, boot, 77);
        let found = measure(&spike).unwrap();
        let ours = found.forescale.lost;
        assert!(found.bound > 0.0 && ours > 0.0, "{spike:?}: {found:?}");
        assert!(
            ours < found.tracking.lost && ours < found.stepping.lost,
            "{spike:?}: {found:?}"
        );
        let most = (1.15 * found.bound).max(found.bound + 0.001 * found.demand);
        assert!(ours <= most, "{spike:?}: {found:?}");
    }
}
