use super::*;

fn set(policy: &mut Policy, key: &str, value: &str) -> Configured {
    policy.set(&format!("net.ipv4.{key}"), value)
}

#[test]
fn keys_turn_knobs() {
    let mut policy = Policy::new(Profile::Rfc);
    for (key, value) in [
        ("tcp_timestamps", "0"),
        ("tcp_sack", "0"),
        ("tcp_window_scaling", "0"),
        ("tcp_rmem", "4096 10000 20000"),
        ("tcp_wmem", "4096 30000 40000"),
        ("tcp_congestion_control", "reno"),
        ("tcp_ecn", "1"),
        ("tcp_mtu_probing", "2"),
        ("tcp_base_mss", "1000"),
        ("tcp_frto", "0"),
        ("tcp_early_retrans", "0"),
        ("tcp_recovery", "0"),
        ("tcp_slow_start_after_idle", "0"),
        ("tcp_syn_retries", "2"),
        ("tcp_syn_linear_timeouts", "6"),
        ("tcp_synack_retries", "3"),
        ("tcp_retries1", "4"),
        ("tcp_retries2", "5"),
        ("tcp_rto_max_ms", "9000"),
        ("tcp_fin_timeout", "7"),
        ("tcp_keepalive_time", "11"),
        ("tcp_keepalive_intvl", "12"),
        ("tcp_keepalive_probes", "13"),
    ] {
        assert_eq!(set(&mut policy, key, value), Configured::Done, "{key}");
    }
    let tcp = &policy.tcp;
    assert!(!tcp.timestamps && !tcp.sack && !tcp.window_scaling);
    let receive = (tcp.receive_buffer, tcp.receive_buffer_max);
    assert_eq!(receive, (10_000, 20_000));
    assert_eq!((tcp.send_buffer, tcp.send_buffer_max), (30_000, 40_000));
    assert_eq!((tcp.congestion, tcp.ecn), (Algorithm::Reno, Asking::Ask));
    assert_eq!(
        (tcp.path_probing, tcp.base_mtu),
        (PathProbing::Always, 1_040)
    );
    assert!(!tcp.idle_restart);
    let recovery = tcp.recovery;
    assert!(!recovery.frto && !recovery.tlp && !recovery.rack);
    assert_eq!((tcp.r2_syn, tcp.r2_syn_ack, tcp.r1, tcp.r2), (2, 3, 4, 5));
    assert_eq!(tcp.syn_linear, 6);
    assert_eq!(
        (policy.syn_retries(None), policy.syn_retries(Some(9))),
        (8, 15)
    );
    assert_eq!(tcp.rto_max, Duration::from_secs(9));
    assert_eq!(tcp.fin_wait_2, Duration::from_secs(7));
    let keep = policy.keep_alive;
    assert_eq!(
        (keep.idle.as_secs(), keep.interval.as_secs(), keep.probes),
        (11, 12, 13)
    );
    assert_eq!(policy.value("net.ipv4.tcp_sack"), Some("0"));
}

#[test]
fn a_wish_for_what_is_so_anyway_is_fulfilled_and_no_other() {
    let mut policy = Policy::new(Profile::Rfc);
    assert_eq!(set(&mut policy, "tcp_shrink_window", "0"), Configured::Done);
    assert_eq!(
        set(&mut policy, "tcp_shrink_window", "1"),
        Configured::Unsupported
    );
    assert_eq!(set(&mut policy, "tcp_fack", "1"), Configured::Ignored);
    assert_eq!(
        set(&mut policy, "tcp_frobnicate", "1"),
        Configured::Unsupported
    );
    assert_eq!(policy.set("kernel.frob", "1"), Configured::Unsupported);
}

#[test]
fn so_much_reordering_is_awaited_at_first() {
    let mut policy = Policy::new(Profile::Rfc);
    assert_eq!(policy.tcp.recovery.dup_thresh, 3);
    assert_eq!(set(&mut policy, "tcp_reordering", "7"), Configured::Done);
    assert_eq!(policy.tcp.recovery.dup_thresh, 7);
    assert_eq!(
        set(&mut policy, "tcp_reordering", "0"),
        Configured::Unsupported
    );
}

#[test]
fn bits_say_how_losses_are_found() {
    let mut policy = Policy::new(Profile::Rfc);
    for (value, expected) in [
        ("0", (false, false, false)),
        ("1", (true, false, false)),
        ("3", (true, true, false)),
        ("5", (true, false, true)),
        ("6", (false, true, true)),
    ] {
        assert_eq!(set(&mut policy, "tcp_recovery", value), Configured::Done);
        let recovery = policy.tcp.recovery;
        let found = (recovery.rack, recovery.rack_steady, recovery.rack_patient);
        assert_eq!(found, expected, "{value}");
    }
    assert_eq!(set(&mut policy, "tcp_recovery", "x"), Configured::Refused);
    for value in ["1", "2"] {
        assert_eq!(
            set(&mut policy, "tcp_early_retrans", value),
            Configured::Done
        );
        assert!(!policy.tcp.recovery.tlp);
    }
}

#[test]
fn what_no_host_would_take_is_refused() {
    let mut policy = Policy::new(Profile::Rfc);
    for (key, value) in [
        ("tcp_fastopen_cookies", "1"),
        ("tcp_rmem", "x"),
        ("tcp_rmem", "1 2"),
        ("tcp_wmem", "1 0 2"),
        ("tcp_syn_retries", "-1"),
        ("tcp_fin_timeout", "soon"),
    ] {
        assert_eq!(
            set(&mut policy, key, value),
            Configured::Refused,
            "{key}={value}"
        );
    }
}

#[test]
fn the_settings_of_the_suites_are_known_one_by_one() {
    let mut policy = Policy::new(Profile::Linux);
    for (key, value) in LINUX_DEFAULTS {
        assert_ne!(policy.set(key, value), Configured::Refused, "{key}");
    }
    // 15 MiB: the window scale of 8 that the suites expect.
    let scale = crate::base::WindowScale::for_window(policy.tcp.receive_buffer_max);
    assert_eq!(scale.shift(), 8);
}

#[test]
fn keys_of_bsd_turn_knobs_too() {
    let mut policy = Policy::new(Profile::Bsd);
    let mut bsd = |key: &str, value: &str| policy.set(&format!("net.inet.tcp.{key}"), value);
    assert_eq!(bsd("rfc1323", "2"), Configured::Done);
    assert_eq!(bsd("rfc1323", "4"), Configured::Refused);
    assert_eq!(bsd("delacktime", "100"), Configured::Done);
    assert_eq!(bsd("keepidle", "5000"), Configured::Done);
    assert_eq!(bsd("insecure_rst", "0"), Configured::Done);
    assert_eq!(bsd("insecure_rst", "1"), Configured::Unsupported);
    assert!(policy.tcp.window_scaling && !policy.tcp.timestamps);
    assert_eq!(policy.tcp.delayed_ack, Duration::from_millis(100));
    assert_eq!(policy.keep_alive.idle, Duration::from_secs(5));
}

#[test]
fn buffers_that_do_not_grow_stay_as_they_begin() {
    let mut policy = Policy::new(Profile::Linux);
    assert_eq!(
        set(&mut policy, "tcp_moderate_rcvbuf", "0"),
        Configured::Done
    );
    assert_eq!(
        set(&mut policy, "tcp_rmem", "4096 10000 20000"),
        Configured::Done
    );
    assert_eq!(policy.tcp.receive_buffer_max, 10_000);
    assert_eq!(
        set(&mut policy, "tcp_moderate_rcvbuf", "1"),
        Configured::Done
    );
    assert_eq!(policy.tcp.receive_buffer_max, 20_000);
}

#[test]
fn what_is_below_the_stack_and_a_modules_parameter_turn_knobs_too() {
    let mut policy = Policy::new(Profile::Linux);
    assert_eq!(policy.set("net.core.default_qdisc", "fq"), Configured::Done);
    assert_eq!(policy.set(HYSTART, "0"), Configured::Done);
    assert_eq!(policy.set(HYSTART, "1"), Configured::Unsupported);
    assert!(policy.tcp.pacing && !policy.tcp.hystart);
    assert_eq!(
        set(&mut policy, "tcp_congestion_control", "dctcp"),
        Configured::Unsupported
    );
    assert_eq!(set(&mut policy, "tcp_ecn", "6"), Configured::Unsupported);
}

#[test]
fn accurate_ecn_is_the_upper_half_of_one_key_and_has_its_own_for_the_option() {
    let mut policy = Policy::new(Profile::Linux);
    let (off, if_asked, ask) = (Asking::Off, Asking::IfAsked, Asking::Ask);
    for (value, classic, accurate) in [
        ("3", if_asked, ask),
        ("4", ask, if_asked),
        ("5", if_asked, if_asked),
        ("2", if_asked, off),
    ] {
        assert_eq!(set(&mut policy, "tcp_ecn", value), Configured::Done);
        let tcp = &policy.tcp;
        assert_eq!((tcp.ecn, tcp.accurate_ecn), (classic, accurate), "{value}");
    }
    for (key, value, telling) in [
        ("tcp_ecn_option", "0", Telling::Never),
        ("tcp_ecn_option", "1", Telling::Sparingly { beacons: 3 }),
        (
            "tcp_ecn_option_beacon",
            "5",
            Telling::Sparingly { beacons: 5 },
        ),
        ("tcp_ecn_option", "2", Telling::Fully),
        ("tcp_ecn_option_beacon", "4", Telling::Fully),
        ("tcp_ecn_option", "1", Telling::Sparingly { beacons: 4 }),
        ("tcp_ecn_option", "3", Telling::Stubbornly),
    ] {
        assert_eq!(set(&mut policy, key, value), Configured::Done);
        assert_eq!(policy.tcp.accurate_ecn_option, telling, "{key} {value}");
    }
    assert_eq!(set(&mut policy, "tcp_ecn_option", "4"), Configured::Refused);
}

#[test]
fn linux_offers_half_of_a_buffer_and_others_all_of_it() {
    let linux = Policy::new(Profile::Linux);
    // 1460 * 184; the scale is that of 15 MiB.
    assert_eq!(linux.receive_buffer(None, 1460), (268_640, 15 << 20));
    assert_eq!(linux.receive_buffer(Some(30_000), 1460), (14_600, 15_000));
    assert_eq!(linux.receive_buffer(Some(2304), 1460), (1152, 1152));
    // 1460 * 45.
    let bsd = Policy::new(Profile::Bsd);
    assert_eq!(bsd.receive_buffer(None, 1460), (65_700, 2 << 20));
    for profile in [Profile::Rfc, Profile::Bsd] {
        let policy = Policy::new(profile);
        assert_eq!(policy.receive_buffer(Some(30_000), 1460), (30_000, 30_000));
    }
}
