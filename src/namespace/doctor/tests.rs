//! What can be looked at without entering anything; `examine` itself is met in `tests/kernel`.

use super::*;

#[test]
fn a_missing_tun_names_the_way_to_get_one() {
    let finding = tun(Path::new("/nonexistent/tun"));
    assert_eq!(finding.verdict, Verdict::No);
    assert_eq!(finding.detail, "there is no /nonexistent/tun");
    assert!(finding.fix.is_some_and(|fix| fix.contains("modprobe tun")));
}

#[test]
fn a_tun_that_is_no_device_is_not_ok() {
    let finding = tun(Path::new("/proc/self/comm"));
    assert_eq!(finding.verdict, Verdict::No);
    assert!(finding.detail.contains("is no device"), "{finding:?}");
}

#[test]
fn outside_a_private_namespace_no_veth_is_tried() {
    assert_eq!(veth(None).verdict, Verdict::No);
}

#[test]
fn the_kernel_tells_its_congestion_controls() {
    let finding = kernel_tcp();
    assert!(finding.detail.starts_with("Linux "), "{finding:?}");
    assert!(finding.detail.contains("reno"), "{finding:?}");
}
