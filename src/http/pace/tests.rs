//! On tokio's paused clock: it jumps to the next alarm as soon as nothing else can happen.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

fn watched(watch: Watch) -> (Paced<DuplexStream>, DuplexStream) {
    let (near, far) = duplex(4);
    (Paced::new(near, PATIENCE, watch), far)
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_given_up() {
    let (mut near, _far) = watched(Watch::Both);
    let before = Instant::now();
    let error = near.read_u8().await.expect_err("nothing ever comes");
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "nothing moved for 30s");
    assert_eq!(before.elapsed(), PATIENCE);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_is_given_up() {
    let (mut near, _far) = watched(Watch::Writes);
    let error = near.write_all(b"12345").await.expect_err("room for four");
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn whoever_moves_slowly_is_waited_for() {
    let (mut near, mut far) = watched(Watch::Both);
    let peer = tokio::spawn(async move {
        for byte in b"slow" {
            tokio::time::sleep(PATIENCE * 9 / 10).await;
            far.write_u8(*byte).await.expect("the reader is there");
        }
    });
    let mut text = [0; 4];
    near.read_exact(&mut text)
        .await
        .expect("never idle for long");
    assert_eq!(&text, b"slow");
    peer.await.expect("it wrote all");
}

#[tokio::test(start_paused = true)]
async fn a_reader_is_patient_while_writing_gets_on() {
    let (near, mut far) = watched(Watch::Both);
    let (mut reader, mut writer) = tokio::io::split(near);
    let upload = tokio::spawn(async move { writer.write_all(b"a long upload").await });
    let answer = tokio::spawn(async move { reader.read_u8().await });
    for _ in b"a long upload" {
        tokio::time::sleep(PATIENCE / 2).await;
        far.read_u8().await.expect("more comes");
    }
    far.write_u8(b'!').await.expect("the reader is there");
    upload.await.expect("no panic").expect("all written");
    assert_eq!(answer.await.expect("no panic").expect("read"), b'!');
}

#[tokio::test(start_paused = true)]
async fn time_in_which_nobody_waits_does_not_count() {
    let (mut near, mut far) = watched(Watch::Both);
    far.write_u8(1).await.expect("room");
    near.read_u8().await.expect("there");
    tokio::time::sleep(PATIENCE * 3).await;
    let later = tokio::spawn(async move {
        tokio::time::sleep(PATIENCE / 2).await;
        far.write_u8(2).await.expect("the reader is there");
    });
    assert_eq!(near.read_u8().await.expect("half a patience late"), 2);
    later.await.expect("it wrote");
}

#[tokio::test(start_paused = true)]
async fn a_server_may_wait_for_its_client_for_ever() {
    let (mut near, mut far) = watched(Watch::Writes);
    let later = tokio::spawn(async move {
        tokio::time::sleep(PATIENCE * 10).await;
        far.write_u8(7).await.expect("the reader is there");
    });
    assert_eq!(near.read_u8().await.expect("late, but there"), 7);
    later.await.expect("it wrote");
}
