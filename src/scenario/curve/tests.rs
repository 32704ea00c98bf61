use super::*;

fn at(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}

#[test]
fn within_a_stretch_the_least_the_greatest_and_the_last_are_kept() {
    let mut curve = Curve::default();
    for value in [5, 9, 2, 4] {
        curve.push(at(7), value);
    }
    curve.push(at(9), 1);
    assert_eq!(curve.at, [7, 9]);
    assert_eq!(
        (curve.low, curve.high, curve.last),
        (vec![2, 1], vec![9, 1], vec![4, 1])
    );
}

#[test]
fn however_long_it_lasts_it_has_few_points_and_loses_no_spike() {
    let mut curve = Curve::default();
    for millis in 0..100_000 {
        curve.push(
            at(millis),
            if millis == 12_345 {
                1_000_000
            } else {
                millis % 7
            },
        );
    }
    // 1,024 ms double until 100 s fit: 2^7 · 1,024 ms.
    assert_eq!(curve.width, 128_000_000);
    assert_eq!(curve.at.len(), 100_000_usize.div_ceil(128));
    let spikes = curve
        .high
        .iter()
        .zip(&curve.at)
        .filter(|(high, _)| **high == 1_000_000);
    assert_eq!(
        spikes.map(|(_, at)| *at).collect::<Vec<_>>(),
        [12_345 / 128]
    );
    assert!(curve.low.iter().all(|low| *low == 0));
    // 99,999 = 7 · 14,285 + 4.
    assert_eq!(curve.last.last(), Some(&4));
}
