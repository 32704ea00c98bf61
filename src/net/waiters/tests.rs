use std::sync::atomic::AtomicUsize;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

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
    let (once, again) = (this_thread(), this_thread());
    assert_eq!(once.waiter().key, again.waiter().key);
    assert!(once.waiter().waker.will_wake(again.waiter().waker));
    let other = thread::spawn(|| this_thread().waiter().key);
    assert_ne!(once.waiter().key, other.join().expect("no panic"));
}

#[test]
fn a_wake_up_before_the_sleep_is_not_lost() {
    let thread = this_thread();
    thread.forget_wakes();
    assert!(!thread.is_woken());
    thread.waiter().waker.wake_by_ref();
    assert!(thread.is_woken());
    // Would sleep for ever.
    thread::park();
}

/// Whether a bell is rung.
fn is_rung(bell: &Doorbell) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::IN)];
    poll(&mut fds, Some(&Timespec::default())).expect("to poll") > 0
}

#[test]
fn who_sits_by_a_bell_is_woken_by_it_and_does_not_ring_it_itself() {
    let bell = Arc::new(Doorbell::new().expect("a descriptor"));
    let thread = this_thread();
    let waker = thread.waiter().waker;
    let wake_elsewhere = || {
        let waker = waker.clone();
        thread::spawn(move || waker.wake())
            .join()
            .expect("no panic");
    };
    let sitting = thread.sit_by(&bell);
    waker.wake_by_ref();
    assert!(!is_rung(&bell), "it is awake");
    wake_elsewhere();
    assert!(is_rung(&bell));
    bell.silence();
    drop(sitting);
    wake_elsewhere();
    assert!(!is_rung(&bell), "it has got up");
}

#[test]
fn those_who_wait_for_a_connection_are_counted_until_they_do_not() {
    let (read, write) = (
        Topic::Read(ConnId::default()),
        Topic::Write(ConnId::default()),
    );
    let (_, waker) = &counted();
    let (first, second) = (Key::new(), Key::new());
    let mut waiters = Waiters::default();
    for topic in [read, write, Topic::Progress] {
        for key in [first, second, first] {
            waiters.register(topic, Waiter { key, waker });
        }
    }
    assert_eq!(waiters.on_connections(), 4);
    waiters.cancel(read, first);
    waiters.cancel(read, first);
    assert_eq!(waiters.on_connections(), 3);
    waiters.take(Topic::Progress, &mut Vec::new());
    assert_eq!(waiters.on_connections(), 3);
    waiters.take(read, &mut Vec::new());
    assert_eq!(waiters.on_connections(), 2);
    waiters.close(write);
    assert_eq!(waiters.on_connections(), 0);
    waiters.register(write, Waiter { key: first, waker });
    waiters.take_all(&mut Vec::new());
    assert_eq!(waiters.on_connections(), 0);
}
