//! Links of well-known kinds, as starting points.

/// By name: what stands for `[link.up]` and `[link.down]`. Round trips are split evenly.
pub const PRESETS: &[(&str, &str)] = &[
    (
        "lan",
        r#"
        [link.up]
        delay = "250us"
        rate = "1Gbit"
        queue = { kind = "droptail", size = "256KiB" }
        [link.down]
        delay = "250us"
        rate = "1Gbit"
        queue = { kind = "droptail", size = "256KiB" }
        "#,
    ),
    (
        "datacenter",
        r#"
        [link.up]
        delay = "50us"
        rate = "10Gbit"
        queue = { kind = "red", ecn = true }
        [link.down]
        delay = "50us"
        rate = "10Gbit"
        queue = { kind = "red", ecn = true }
        "#,
    ),
    (
        "dsl",
        r#"
        [link.up]
        delay = "15ms"
        rate = "1Mbit"
        queue = { kind = "droptail", size = "64KiB" }
        [link.down]
        delay = "15ms"
        rate = "20Mbit"
        queue = { kind = "droptail", size = "128KiB" }
        "#,
    ),
    (
        "lte",
        r#"
        [link.up]
        delay = "25ms"
        jitter = "5ms"
        rate = "10Mbit"
        queue = { kind = "droptail", size = "512KiB" }
        [link.down]
        delay = "25ms"
        jitter = "5ms"
        rate = "30Mbit"
        queue = { kind = "droptail", size = "512KiB" }
        "#,
    ),
    (
        "satellite",
        r#"
        [link.up]
        delay = "300ms"
        rate = "5Mbit"
        queue = { kind = "droptail", size = "1MiB" }
        loss = "0.1%"
        [link.down]
        delay = "300ms"
        rate = "20Mbit"
        queue = { kind = "droptail", size = "1MiB" }
        loss = "0.1%"
        "#,
    ),
    (
        "bufferbloat",
        r#"
        [link.up]
        delay = "30ms"
        rate = "20Mbit"
        queue = { kind = "droptail", size = "1250000B" }
        [link.down]
        delay = "30ms"
        rate = "20Mbit"
        queue = { kind = "droptail", size = "1250000B" }
        "#,
    ),
    (
        "lossy-wifi",
        r#"
        [link.up]
        delay = "5ms"
        rate = "50Mbit"
        loss = "gilbert 1% 30%"
        [link.down]
        delay = "5ms"
        rate = "50Mbit"
        loss = "gilbert 1% 30%"
        "#,
    ),
    (
        "blackhole-pmtu",
        r#"
        [router.middle]
        addr = "192.0.2.1"
        icmp = false
        [link.near]
        between = ["client", "middle"]
        delay = "10ms"
        rate = "100Mbit"
        [link.far]
        between = ["middle", "server"]
        delay = "10ms"
        rate = "100Mbit"
        mtu = "1400B"
        "#,
    ),
];
