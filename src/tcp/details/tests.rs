use super::nearest;

#[test]
fn an_estimate_gives_the_high_bits_and_the_low_ones_stay() {
    for total in [
        0,
        1,
        4_000_000_000,
        (1 << 32) - 1,
        1 << 32,
        (7 << 32) + 12,
        u64::MAX >> 1,
    ] {
        for off in [0, 1, 3_000, 1 << 30] {
            assert_eq!(
                nearest(total as u32, total + off),
                total,
                "{total} and {off} more"
            );
            assert_eq!(
                nearest(total as u32, total.saturating_sub(off)),
                total,
                "less"
            );
        }
    }
}
