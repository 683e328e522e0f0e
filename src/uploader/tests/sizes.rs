//! Fragments sized by measurement. `Took` is how long an exchange was, and how much of that was waiting, in
//! milliseconds.

use super::*;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

fn auto(size: u64) -> Uploader {
    Uploader::new(Plan { fragment_size: FragmentSize::Auto, ..plan(size, 1) }, Instant::now(), 1)
}

/// Up to the Ack of 29 MiB and 192 KiB, on a link of 100 Mbit/s with 200 ms.
const TO_THE_USUAL_LIMIT: &str = "
     > Ping
     < 200 ack Took: 200, 200
     > Create-Session
     < 200 ack BITS-Session-Id: s | Took: 200, 200
     > Fragment bytes 0-196607/1073741824
     < 200 ack BITS-Received-Content-Range: 196608 | Took: 216, 200
     > Fragment bytes 196608-1245183/1073741824
     < 200 ack BITS-Received-Content-Range: 1245184 | Took: 284, 200
     > Fragment bytes 1245184-30605311/1073741824
     < 200 ack BITS-Received-Content-Range: 30605312 | Took: 2549, 200
     > Fragment bytes 30605312-299040767/1073741824
";

fn after_the_usual_limit(rest: &str) {
    play_machine(auto(1024 * MIB), &format!("{TO_THE_USUAL_LIMIT}{rest}"));
}

#[test]
fn a_probe_that_is_refused_in_any_disguise_goes_back_to_the_usual_size() {
    for refusal in ["< 413", "< 404", "< 403", "< 504", "! cut", "! timed out"] {
        after_the_usual_limit(&format!(
            "{refusal}
             > Fragment bytes 30605312-30610431/1073741824
             < 416 BITS-Received-Content-Range: 30605312 | Took: 200, 200
             > Fragment bytes 30605312-59965439/1073741824
             < 200 ack BITS-Received-Content-Range: 59965440 | Took: 2549, 200
             > Fragment bytes 59965440-89325567/1073741824
             < 200 ack BITS-Received-Content-Range: 89325568 | Took: 2549, 200
             > Fragment bytes 89325568-118685695/1073741824
             ! interrupted
             = interrupted"
        ));
    }
}

#[test]
fn a_probe_of_which_half_was_stored_goes_on_there() {
    after_the_usual_limit(
        "! timed out
         > Fragment bytes 30605312-30610431/1073741824
         < 416 BITS-Received-Content-Range: 43222784
         > Fragment bytes 43222784-72582911/1073741824
         ! interrupted
         = interrupted",
    );
}

#[test]
fn what_pays_is_reached_in_one_step_from_the_usual_limit() {
    after_the_usual_limit(
        "< 200 ack BITS-Received-Content-Range: 299040768 | Took: 21675, 200
         > Fragment bytes 299040768-567476223/1073741824
         ! interrupted
         = interrupted",
    );
}

#[test]
fn what_an_earlier_upload_was_refused_is_tried_again_once_at_most() {
    for (refused, first) in [(100 * KIB, 50 * KIB), (1000 * KIB, 192 * KIB)] {
        let mut larger = 0;
        let machine = Uploader::new(
            Plan { refused_before: Some(refused), fragment_size: FragmentSize::Auto, ..plan(64 * MIB, 1) },
            Instant::now(),
            1,
        );
        let (mut fragments, mut stored) = (0, 0);
        let (end, _) = run(machine, |_, packet| {
            let Packet::Fragment { range, .. } = packet else {
                return Input::Responded(response("200 ack BITS-Session-Id: s | Took: 200, 200"));
            };
            fragments += 1;
            assert!(fragments != 1 || range.len() == first, "{range:?}");
            if range.len() >= refused {
                larger += 1;
                assert!(fragments <= 4, "{fragments}");
                return Input::Responded(response("413 Sent: 0"));
            }
            let took = range.len() / 100_000 + 200;
            stored = range.end().max(stored);
            let head = format!("200 ack BITS-Received-Content-Range: {stored} | Took: {took}, 200");
            Input::Responded(response(&head))
        });
        assert_eq!((end, larger), (Ok(()), 1));
    }
}

#[test]
fn changes_are_told_with_their_reason() {
    let now = Instant::now();
    let mut machine = auto(64 * MIB);
    for text in [
        "200 ack Took: 200, 200",
        "200 ack BITS-Session-Id: s | Took: 200, 200",
        "200 ack BITS-Received-Content-Range: 196608 | Took: 400, 200",
        "413",
        "416 BITS-Received-Content-Range: 196608",
    ] {
        machine = respond(machine, text, now);
    }
    let resized = |event| match event {
        UploadEvent::Resized { from, to, why } => Some((from / KIB, to / KIB, why)),
        _ => None,
    };
    let changes: Vec<_> = machine.take_events().into_iter().filter_map(resized).collect();
    assert_eq!(changes, [(192, 1024, Resize::Waiting { permille: 500 }), (1024, 512, Resize::Refused)]);
}

/// Why fragments got smaller after these responses to fragments of 10,000 bytes.
fn why_smaller(responses: &[&str]) -> Vec<Resize> {
    let begun = ["200 ack", "200 ack BITS-Session-Id: s"];
    let events = upload().after(&[&begun, responses].concat()).take_events();
    events
        .into_iter()
        .filter_map(|event| if let UploadEvent::Resized { why, .. } = event { Some(why) } else { None })
        .collect()
}

#[test]
fn only_a_page_counts_as_one_and_only_where_a_question_told_that_it_is_the_size() {
    let (half, asked) = ("200 ack BITS-Received-Content-Range: 10000", "416 BITS-Received-Content-Range: 10000");
    assert_eq!(why_smaller(&[half, "404 Server: IIS", asked]), [Resize::Refused]);
    assert_eq!(why_smaller(&[half, "500", asked]), [Resize::Lost]);
    // This server never tells its offset, so that it cannot be asked.
    assert_eq!(why_smaller(&["200 ack", "404 Server: IIS"]), [Resize::Lost]);
}
