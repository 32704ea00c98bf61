use super::*;

#[test]
fn a_part_is_held_where_it_lies() {
    let memory: Memory = Arc::new((0..100).collect());
    let chunk = Chunk::of(&memory, &memory[10..20]).unwrap();
    assert_eq!(&chunk[..], &(10..20).collect::<Vec<u8>>());
    assert_eq!(chunk.as_ptr(), memory[10..].as_ptr());
    assert_eq!(Arc::strong_count(&memory), 2);
    drop(chunk);
    assert_eq!(Arc::strong_count(&memory), 1);
}

#[test]
fn what_lies_elsewhere_is_not_held() {
    let memory: Memory = Arc::new(vec![0; 100]);
    let other = vec![0; 100];
    assert!(Chunk::of(&memory, &other).is_none());
    assert!(Chunk::new(&memory, 90..101).is_none());
    let (start, end) = (20, 10);
    assert!(Chunk::new(&memory, start..end).is_none());
}

#[test]
fn bytes_are_let_go_from_the_front() {
    let memory: Memory = Arc::new((0..10).collect());
    let mut chunk = Chunk::new(&memory, 2..6).unwrap();
    chunk.advance(3);
    assert_eq!(&chunk[..], &[5]);
    chunk.advance(usize::MAX);
    assert!(chunk.is_empty());
    assert_eq!(chunk.held(), 10);
}
