use super::*;

#[test]
fn what_a_capture_says_of_the_machine_is_passed_over() {
    let block = |name: &[u8], rest: &[u8]| {
        let len = (8 + name.len()) as u32;
        [
            &[0x0a, 0x0d, 0x0d, 0x0a],
            &len.to_le_bytes()[..],
            name,
            rest,
        ]
        .concat()
    };
    let (here, there) = (block(b"here", b"packets"), block(b"elsewhere", b"packets"));
    assert_ne!(here, there);
    assert_eq!(behind_section(&here), behind_section(&there));
    assert_eq!(behind_section(&here), Some(&b"packets"[..]));
    assert_ne!(
        behind_section(&here),
        behind_section(&block(b"here", b"others"))
    );
    assert_eq!(behind_section(b"short"), None);
    assert_eq!(behind_section(&[0xff; 8]), None);
}
