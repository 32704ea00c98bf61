use super::*;

#[test]
fn the_same_seed_and_purpose_give_the_same_draws() {
    let draw = |seed, purpose| {
        let mut dice = Dice::new(seed, purpose);
        [dice.number(), dice.below(1_000), dice.number()]
    };
    assert_eq!(draw(7, 0), draw(7, 0));
    assert_ne!(draw(7, 0), draw(7, 1));
    assert_ne!(draw(7, 0), draw(8, 0));
}

#[test]
fn what_never_or_always_happens_draws_nothing() {
    let mut dice = Dice::new(1, 1);
    let mut other = Dice::new(1, 1);
    assert!(!dice.happens(0.0) && dice.happens(1.0));
    assert_eq!(dice.number(), other.number());
}

#[test]
fn what_happens_in_a_hundredth_of_all_cases_does_so_about_as_often() {
    let mut dice = Dice::new(1, 1);
    let often = (0..100_000).filter(|_| dice.happens(0.01)).count();
    // 1,000 expected, and a standard deviation of sqrt(100,000 * 0.01 * 0.99) = 31.5: five of them.
    assert!(often.abs_diff(1_000) < 158, "{often}");
}

#[test]
fn draws_stay_within_their_bounds() {
    let mut dice = Dice::new(3, 0);
    let mut ends = (false, false);
    for _ in 0..1_000 {
        let drawn = dice.from_to(5, 8);
        assert!((5..=8).contains(&drawn));
        ends = (ends.0 || drawn == 5, ends.1 || drawn == 8);
        assert!((1..=1_000_000).contains(&dice.magnitude(1, 1_000_000)));
        assert!(dice.within(Duration::from_millis(3)) <= Duration::from_millis(3));
        assert!((0.0..1.0).contains(&dice.fraction()));
    }
    assert_eq!(ends, (true, true));
    assert_eq!(dice.below(0), 0);
}

#[test]
fn magnitudes_are_spread_evenly() {
    let mut dice = Dice::new(3, 0);
    let small = (0..10_000)
        .filter(|_| dice.magnitude(1, 10_000) < 100)
        .count();
    // Half of the four decades; five standard deviations of sqrt(10,000 / 4) = 50.
    assert!(small.abs_diff(5_000) < 250, "{small}");
}
