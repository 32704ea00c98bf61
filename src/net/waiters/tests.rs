use std::sync::atomic::AtomicUsize;

use super::*;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn counted() -> (Arc<Count>, Waker) {
    let count = Arc::new(Count::default());
    (Arc::clone(&count), Waker::from(count))
}

fn wake_all(woken: Vec<Waker>) {
    woken.into_iter().for_each(Waker::wake);
}

#[test]
fn whoever_comes_again_takes_its_old_place() {
    let (first, second) = (counted(), counted());
    let key = Key::new();
    let mut waiters = Waiters::default();
    for waker in [&first.1, &first.1, &second.1] {
        waiters.register(Topic::Progress, Waiter { key, waker });
    }
    let mut woken = Vec::new();
    waiters.take(Topic::Progress, &mut woken);
    assert_eq!(woken.len(), 1);
    wake_all(woken);
    assert_eq!(first.0.0.load(Ordering::Relaxed), 0);
    assert_eq!(second.0.0.load(Ordering::Relaxed), 1);
    // The one that was replaced is kept for dropping without the lock.
    assert_eq!(waiters.take_spent().len(), 1);
}

#[test]
fn all_who_wait_for_a_topic_are_woken_once_and_nobody_else() {
    let here = [counted(), counted()];
    let elsewhere = counted();
    let mut waiters = Waiters::default();
    let topic = Topic::Read(ConnId::default());
    for (_, waker) in &here {
        let key = Key::new();
        waiters.register(topic, Waiter { key, waker });
    }
    let other = Topic::Write(ConnId::default());
    let waker = &elsewhere.1;
    let key = Key::new();
    waiters.register(other, Waiter { key, waker });
    let mut woken = Vec::new();
    waiters.take(topic, &mut woken);
    waiters.take(topic, &mut woken);
    wake_all(woken);
    for (count, _) in &here {
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }
    assert_eq!(elsewhere.0.0.load(Ordering::Relaxed), 0);
    assert!(!waiters.has(topic) && waiters.has(other));
}

#[test]
fn who_has_given_up_is_not_woken_and_is_dropped_later() {
    let (stays, goes) = (counted(), counted());
    let (key_stays, key_goes) = (Key::new(), Key::new());
    let mut waiters = Waiters::default();
    let topic = Topic::Accept(ListenerId::default());
    for (key, waker) in [(key_stays, &stays.1), (key_goes, &goes.1)] {
        waiters.register(topic, Waiter { key, waker });
    }
    waiters.cancel(topic, key_goes);
    assert_eq!(waiters.take_spent().len(), 1);
    waiters.close(topic);
    assert_eq!(waiters.take_spent().len(), 1);
    assert!(!waiters.has(topic));
}

#[test]
fn a_thread_is_one_waiter_all_its_life() {
    let (key, waker) = this_thread();
    let (again, same) = this_thread();
    assert_eq!(key, again);
    assert!(waker.will_wake(&same));
    let other = thread::spawn(|| this_thread().0).join().expect("no panic");
    assert_ne!(key, other);
}

#[test]
fn a_wake_up_before_the_sleep_is_not_lost() {
    let (_, waker) = this_thread();
    waker.wake_by_ref();
    // Would sleep for ever.
    thread::park();
}
