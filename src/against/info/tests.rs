use super::*;

/// As proc(5) shows it.
const LIST: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n   \
    0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000\n   \
    1: 0201A8C0:1F90 0101A8C0:C350 06 00000000:00000000 03:00001770\n";

#[test]
fn who_waits_in_time_wait_is_in_the_list() {
    assert!(is_listed(LIST, 8080));
    // One listens, one is not there.
    assert!(!is_listed(LIST, 22));
    assert!(!is_listed(LIST, 50_000));
    assert!(!is_listed("", 8080));
}
