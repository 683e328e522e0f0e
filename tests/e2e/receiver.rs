//! `bitsup upload` and `bitsup serve`, two processes on one machine.

use crate::support::bitsup::{Finished, Source, command, run};
use crate::support::receiver::{Receiver, same_bytes};

fn upload(receiver: &Receiver, source: &Source, options: &[&str]) -> Finished {
    Finished(command(["upload"]).args(options).arg(source.arg()).arg(&receiver.url).output().expect("started"))
}

#[test]
fn files_of_every_size_arrive_whole() {
    let receiver = Receiver::start(&[]);
    let fragment = 10_000;
    for size in [0, 1, 4892, fragment - 1, fragment, fragment + 1, 3 * fragment - 1, 3 * fragment, 3 * fragment + 1] {
        let source = Source::named(&format!("{size}.bin"), size);
        upload(&receiver, &source, &["--fragment-size", "10000"]).exits(0).says(&["100 %"]);
        assert_eq!(receiver.published(&format!("{size}.bin")), source.bytes);
    }
}

#[test]
fn automatic_fragments_arrive_whole() {
    let receiver = Receiver::start(&[]);
    let source = Source::new(50 << 20);
    upload(&receiver, &source, &[]).exits(0);
    assert!(same_bytes(&source.path, &receiver.path("file.bin")));
}

#[test]
fn names_with_anything_in_them_arrive_under_that_name() {
    let receiver = Receiver::start(&[]);
    for name in ["a b.bin", "größe.bin", "100% #1?.bin", "+plus&and=.bin", "日本.bin"] {
        let source = Source::named(name, 10);
        let finished = upload(&receiver, &source, &[]);
        // A question mark is no part of a Windows file name: the receiver refuses what Windows would.
        if name.contains('?') {
            assert_ne!(finished.0.status.code(), Some(1));
            continue;
        }
        finished.exits(0);
        assert_eq!(receiver.published(name), source.bytes);
    }
}

#[test]
fn an_existing_file_is_not_replaced_unless_the_receiver_allows_it() {
    let receiver = Receiver::start(&[]);
    upload(&receiver, &Source::new(10), &[]).exits(0);
    upload(&receiver, &Source::new(20), &[]).exits(8).says(&["E_ACCESSDENIED"]);
    assert_eq!(receiver.published("file.bin").len(), 10);
    let receiver = Receiver::start(&["--overwrite"]);
    upload(&receiver, &Source::new(10), &[]).exits(0);
    upload(&receiver, &Source::new(20), &[]).exits(0);
    assert_eq!(receiver.published("file.bin").len(), 20);
}

#[test]
fn limits_of_the_receiver_are_named() {
    let receiver = Receiver::start(&["--max-size", "1000"]);
    upload(&receiver, &Source::new(1001), &[]).exits(10).says(&["BG_E_TOO_LARGE"]);
    let receiver = Receiver::start(&["--max-fragment", "1000"]);
    upload(&receiver, &Source::new(1001), &[]).exits(10).says(&["413"]);
    upload(&receiver, &Source::new(2001), &["--fragment-size", "1000"]).exits(0);
}

#[test]
fn a_receiver_for_everyone_must_be_asked_for() {
    run(["serve", "--listen", "0.0.0.0:0"]).exits(2).says(&["--allow-anonymous"]);
}

#[test]
fn a_receiver_without_a_folder_or_port_says_so() {
    run(["serve", "/no/such/folder"]).exits(2).says(&["cannot receive uploads", "/no/such/folder"]);
    let receiver = Receiver::start(&[]);
    let address = receiver.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    run(["serve".as_ref(), "--listen".as_ref(), address.as_ref(), folder.path().as_os_str()])
        .exits(2)
        .says(&["listen on", &address]);
}

#[test]
fn the_whole_job_on_one_machine() {
    let (a, b) = (Source::named("a.bin", 300_000), Source::named("b.bin", 0));
    let finished = run(["try".as_ref(), a.arg(), b.arg()]);
    finished.exits(0).says(&["byte for byte", "bitsup serve", "bitsup upload", "a.bin", "b.bin"]);
    run(["try", "/no/such/file"]).exits(3);
}
