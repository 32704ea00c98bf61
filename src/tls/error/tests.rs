use super::*;

#[test]
fn alerts_have_the_names_of_the_protocol() {
    for (alert, name) in [
        (AlertDescription::CloseNotify, "close_notify"),
        (AlertDescription::HandshakeFailure, "handshake_failure"),
        (AlertDescription::UnknownCA, "unknown_ca"),
        (AlertDescription::CertificateExpired, "certificate_expired"),
        (
            AlertDescription::NoApplicationProtocol,
            "no_application_protocol",
        ),
    ] {
        assert_eq!(alert_name(alert), name);
    }
}

#[test]
fn of_many_names_a_few_are_shown() {
    let names = |count: usize| (0..count).map(|number| format!("{number}.test")).collect();
    let one = Refusal::OtherName(names(1)).to_string();
    assert_eq!(one, "it is for 0.test");
    let many = Refusal::OtherName(names(300)).to_string();
    assert_eq!(many, "it is for 0.test, 1.test, 2.test and 297 more");
}
