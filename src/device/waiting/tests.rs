use super::*;

#[test]
fn they_leave_in_the_order_in_which_they_came() {
    let mut waiting = Waiting::default();
    for text in [b"one", b"two", b"six"] {
        assert_eq!(waiting.push(text.to_vec()), 0);
    }
    let left: Vec<_> = std::iter::from_fn(|| waiting.pop()).collect();
    assert_eq!(left, [b"one", b"two", b"six"]);
}

#[test]
fn the_oldest_make_room_and_the_latest_always_stays() {
    let mut waiting = Waiting::default();
    for _ in 0..3 {
        assert_eq!(waiting.push(vec![0; 70_000]), 0);
    }
    // 210,000 bytes wait, and 2,993 more are one over the bound.
    assert_eq!(waiting.push(vec![1; 2_992]), 0);
    assert_eq!(waiting.push(vec![2]), 1);
    assert_eq!(waiting.push(vec![3; 300_000]), 4);
    assert_eq!(waiting.pop(), Some(vec![3; 300_000]));
    assert_eq!(waiting.pop(), None);
    assert_eq!(waiting.push(vec![4]), 0);
}
