use std::thread;

use super::*;

const MOST: Bounds = Bounds {
    entries: 3,
    bytes: 100,
};

fn values(taken: Option<VecDeque<(u32, usize)>>) -> Vec<u32> {
    taken.unwrap().into_iter().map(|(value, _)| value).collect()
}

#[test]
fn entries_come_out_in_order() {
    let queue = Queue::new(MOST, Overflow::Drop);
    assert!(queue.push(1, 10) && queue.push(2, 10));
    assert_eq!(values(queue.take()), [1, 2]);
    queue.push(3, 10);
    queue.close();
    assert_eq!(values(queue.take()), [3]);
    assert_eq!(queue.take(), None);
}

#[test]
fn what_does_not_fit_is_let_go_and_counted() {
    let queue = Queue::new(MOST, Overflow::Drop);
    for (value, fits) in [(1, true), (2, true), (3, true), (4, false)] {
        assert_eq!(queue.push(value, 10), fits);
    }
    assert_eq!(values(queue.take()), [1, 2, 3]);
    assert!(queue.push(5, 90) && !queue.push(6, 11));
    assert!(queue.push(7, 10));
    assert_eq!(values(queue.take()), [5, 7]);
    assert_eq!(queue.dropped(), 2);
}

#[test]
fn an_entry_larger_than_all_room_goes_alone() {
    let queue = Queue::new(MOST, Overflow::Drop);
    assert!(queue.push(1, 5000) && !queue.push(2, 1));
    assert_eq!(values(queue.take()), [1]);
}

#[test]
fn waiting_loses_nothing() {
    let queue = Queue::new(MOST, Overflow::Wait);
    let mut seen = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            for value in 0..1000 {
                assert!(queue.push(value, 40));
            }
            queue.close();
        });
        while let Some(taken) = queue.take() {
            seen.extend(values(Some(taken)));
        }
    });
    assert_eq!(seen, Vec::from_iter(0..1000));
    assert_eq!(queue.dropped(), 0);
}

#[test]
fn nobody_waits_for_an_end_that_is_gone() {
    let queue = Queue::new(MOST, Overflow::Wait);
    thread::scope(|scope| {
        scope.spawn(|| {
            let all_in = (0..10).all(|value| queue.push(value, 10));
            assert!(!all_in);
        });
        queue.abandon();
    });
    assert!(!queue.push(1, 1));
    let closed = Queue::new(MOST, Overflow::Wait);
    closed.close();
    assert!(!closed.push(1, 1));
}
