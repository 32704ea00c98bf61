use super::*;

#[derive(Debug, Default, PartialEq, Eq)]
struct Count(u32);

impl Rest for Count {
    const AT_REST: &'static Count = &Count(0);
}

#[test]
fn what_rests_reads_as_the_default_and_takes_a_pointer() {
    let mut count: Resting<Count> = Resting::default();
    assert_eq!(*count, Count::default());
    assert!(count.is_resting() && count.awake().is_none());
    assert_eq!(size_of_val(&count), size_of::<usize>());
    count.wake().0 += 1;
    assert_eq!(*count, Count(1));
    if let Some(count) = count.awake() {
        count.0 += 1;
    }
    assert_eq!((*count).0, 2);
    assert_eq!(format!("{count:?}"), "Count(2)");
    count.rest();
    assert!(count.is_resting());
    assert_eq!(*count, Count::default());
}
