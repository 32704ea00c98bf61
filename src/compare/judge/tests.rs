use super::*;
use crate::compare::Spread;

fn row(name: &str, bits: f64) -> Figures {
    Figures {
        name: name.to_owned(),
        runs: 1,
        goodput: Some(Spread {
            mean: bits,
            min: bits,
            max: bits,
        }),
        queue_ms: None,
        retrans_percent: 0.5,
        rto: 0.0,
        completion_s: None,
        jain: None,
    }
}

#[test]
fn what_is_expected_holds_or_does_not_and_shows_both_sides() {
    let rows = [row("cubic", 19e6), row("reno", 20e6)];
    let found = claim("cubic.goodput > reno.goodput*0.9", &rows).unwrap();
    assert!(found.held);
    assert_eq!(
        found.values,
        ["cubic.goodput = 19000000.0", "reno.goodput = 20000000.0"]
    );
    assert!(!claim("cubic.goodput > reno.goodput", &rows).unwrap().held);
    let both = "cubic.retrans <= 1 and not reno.rto > 0";
    assert!(claim(both, &rows).unwrap().held);
    // What was not measured is no number.
    assert!(!claim("cubic.queue < 5", &rows).unwrap().held);
}

#[test]
fn a_name_may_hold_what_no_query_may() {
    let rows = [row("link.up.delay=40ms", 1.0)];
    assert!(claim("link_up_delay_40ms.goodput = 1", &rows).unwrap().held);
}

#[test]
fn a_slip_of_the_pen_is_named_with_its_column() {
    let rows = [row("cubic", 1.0)];
    let wrong = claim("cubic.rto = 0 and cubic.godput > 1", &rows).unwrap_err();
    assert_eq!(wrong.column, 19);
    assert!(wrong.meant.unwrap().contains("cubic.goodput"));
}
