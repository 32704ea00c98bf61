use super::*;

#[test]
fn the_index_is_one_if_all_have_the_same_and_an_nth_if_one_has_all() {
    assert_eq!(jain_index(&[3.0, 3.0, 3.0]), 1.0);
    assert_eq!(jain_index(&[5.0, 0.0, 0.0, 0.0]), 0.25);
    assert_eq!(jain_index(&[]), 1.0);
    assert_eq!(jain_index(&[0.0, 0.0]), 1.0);
    // (1 + 2 + 3)^2 / (3 * (1 + 4 + 9)) = 36 / 42.
    assert!((jain_index(&[1.0, 2.0, 3.0]) - 36.0 / 42.0).abs() < 1e-12);
}
