use super::super::fixtures::snapshot;
use super::*;

#[test]
fn only_what_has_changed_is_said() {
    let mut changes = Changes::default();
    let first = changes.since_last(&snapshot(12_100_000));
    assert_eq!(first.len(), 4);
    assert_eq!(first[0], "+12.100 s  10.90.0.2:80 LISTEN, 128 may wait");
    assert_eq!(
        first[2],
        "+12.100 s  4 10.90.0.2:80 > 203.0.113.10:40000 ESTAB, limited by cwnd, recovery, \
         cwnd 17520, in flight 14600, 1 again"
    );
    let mut seen = snapshot(12_200_000);
    assert_eq!(changes.since_last(&seen), [""; 0]);
    let known = seen.rows[1].known.as_mut().expect("a control block");
    "rwnd".clone_into(&mut known.blocked_by);
    assert_eq!(changes.since_last(&seen).len(), 1);
    seen.listening.clear();
    let ended = "+12.200 s  10.90.0.2:80 listens no more";
    assert_eq!(changes.since_last(&seen), [ended]);
}

#[test]
fn what_is_gone_is_said_unless_it_may_only_be_idle() {
    let mut changes = Changes::default();
    changes.since_last(&snapshot(1));
    let mut seen = snapshot(2);
    seen.rows.remove(0);
    // Of three, two are shown.
    assert_eq!(changes.since_last(&seen), [""; 0]);
    seen.time_wait = 0;
    assert_eq!(changes.since_last(&seen), ["+0.000 s  2 gone"]);
}
