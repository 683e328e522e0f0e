//! When a record is written, and how another process resumes it (recovery rule R7).

use super::scenario::next_packet;
use super::*;

fn saved(acknowledged: u64, close_sent: bool) -> ResumeState {
    ResumeState { close_sent, ..left_session(acknowledged) }
}

fn resumed(saved: ResumeState, transcript: &str) {
    upload().resuming(saved).then(transcript);
}

#[test]
fn a_resumed_upload_asks_first() {
    resumed(
        saved(10_000, false),
        "> Ping
         < 200 ack
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 20000
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn a_resumed_upload_tells_a_server_that_appends_blindly() {
    resumed(
        saved(10_000, false),
        "> Ping
         < 200 ack
         > Fragment bytes 10000-15119/20000
         < 200 ack BITS-Received-Content-Range: 15120
         > Fragment bytes 10000-12559/20000
         < 200 ack BITS-Received-Content-Range: 12560
         > Cancel-Session
         < 200 ack
         > Create-Session
         ! interrupted
         = interrupted",
    );
}

#[test]
fn a_resumed_upload_starts_over_where_the_server_never_tells_its_offset() {
    resumed(
        ResumeState { tells_offset: false, ..saved(10_000, false) },
        "> Ping
         < 200 ack
         > Fragment bytes 10000-15119/20000
         < 200 ack
         > Cancel-Session
         < 200 ack
         > Create-Session
         ! interrupted
         = interrupted",
    );
}

#[test]
fn a_resumed_upload_goes_back_where_the_server_went_back() {
    resumed(
        saved(10_000, false),
        "> Ping
         < 200 ack
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 3
         > Fragment bytes 3-10002/20000
         ! interrupted
         = interrupted",
    );
}

#[test]
fn a_resumed_upload_that_was_complete_is_closed() {
    resumed(
        saved(20_000, false),
        "> Ping\n< 200 ack\n> Close-Session\n< 500 ack BITS-Error: 0x8020001F\n> Create-Session\n! interrupted\n= interrupted",
    );
    resumed(
        saved(20_000, true),
        "> Ping\n< 200 ack\n> Close-Session\n< 500 ack BITS-Error: 0x8020001F\n= the file is probably there",
    );
}

#[test]
fn a_resumed_upload_of_a_lost_session_starts_over_only_if_it_may() {
    resumed(
        saved(10_000, false),
        "< 200 ack\n< 500 ack BITS-Error: 0x8020001F\n> Create-Session\n! interrupted\n= interrupted",
    );
    upload()
        .with(|plan| plan.may_start_over = false)
        .resuming(saved(10_000, false))
        .then("< 200 ack\n< 500 ack BITS-Error: 0x8020001F\n= cannot be resumed");
}

#[test]
fn a_session_of_an_earlier_run_is_suspect_from_the_beginning() {
    for failure in ["< 400", "< 500", "< 404"] {
        resumed(
            saved(10_000, false),
            &format!(
                "< 200 ack
                 > Fragment bytes 10000-15119/20000
                 {failure}
                 > Ping
                 < 200 ack
                 {failure}
                 > Ping
                 < 200 ack
                 {failure}
                 > Cancel-Session
                 < 200 ack
                 > Create-Session
                 ! interrupted
                 = interrupted"
            ),
        );
    }
}

#[test]
fn what_cannot_be_gone_on_with_is_given_up_first() {
    let machine = Uploader::start_over(plan(20_000, 10_000), saved(10_000, false), Instant::now(), 1);
    play_machine(
        machine,
        "> Cancel-Session
         ! cut
         > Ping
         < 200 ack
         > Create-Session
         < 200 ack BITS-Session-Id: t
         > Cancel-Session
         ! cut
         > Fragment bytes 0-9999/20000
         ! interrupted
         = interrupted",
    );
}

/// A session could not be given up at the beginning, and it is tried again when the next one is open.
const LEFT: &str = "> Cancel-Session
     ! cut
     > Ping
     < 200 ack
     > Create-Session
     < 200 ack BITS-Session-Id: t
     > Cancel-Session
     ";

/// The whole file in one fragment.
const FILE: &str = "> Fragment bytes 0-9999/10000
     < 200 ack BITS-Received-Content-Range: 10000
     ";

/// An upload of that file which begins anew.
fn started_over(change: impl FnOnce(&mut Plan)) -> Uploader {
    let mut plan = plan(10_000, 10_000);
    change(&mut plan);
    Uploader::start_over(plan, saved(5000, false), Instant::now(), 1)
}

#[test]
fn a_session_that_could_not_be_given_up_is_given_up_before_close() {
    let end = "> Close-Session\n< 200 ack\n= success";
    play_machine(started_over(|_| {}), &format!("{LEFT}< 403 ack BITS-Error: 0x80070005\n{FILE}{end}"));
    play_machine(started_over(|_| {}), &format!("{LEFT}< 429\n{FILE}> Cancel-Session\n< 200 ack\n{end}"));
}

#[test]
fn while_an_older_session_is_given_up_the_new_one_stays_on_record() {
    let now = Instant::now();
    let mut machine = converse(started_over(|_| {}), &format!("{LEFT}< 429\n")).expect("it goes on");
    for input in [Input::Responded(response("200 ack BITS-Received-Content-Range: 10000")), Input::Interrupted] {
        machine = machine.handle(input, now);
        assert_ne!(machine.next_action(), Action::Save(Save::Forget));
        machine = write_down(machine, now);
    }
    assert_eq!(machine.next_action(), Action::Finish);
}

#[test]
fn an_upload_that_ends_is_no_chance_to_give_up_an_older_session() {
    let machine = started_over(|plan| plan.wants_reply = true);
    play_machine(machine, &format!("{LEFT}< 429\n{FILE}= offered no reply"));
}

#[test]
fn a_session_that_nobody_can_resume_is_given_up_at_every_end() {
    for end in [
        "! interrupted\n> Cancel-Session\n< 200 ack\n= interrupted",
        "! failed\n> Cancel-Session\n! interrupted\n= internal error",
        "! untrusted\n> Cancel-Session\n! cut\n= no response to Fragment",
    ] {
        upload()
            .with(|plan| plan.can_resume = false)
            .in_session()
            .then(&format!("> Fragment bytes 0-9999/20000\n{end}"));
    }
}

/// Everything that is written down in an upload whose packets are answered like this.
fn saves(plan: Plan, inputs: Vec<Input>) -> Vec<(Save, String)> {
    let now = Instant::now();
    let mut machine = Uploader::new(plan, now, 1);
    let mut saves = Vec::new();
    let mut inputs = inputs.into_iter();
    loop {
        machine = match machine.next_action() {
            Action::Save(save) => {
                let machine = machine.handle(Input::Saved { can_resume: true }, now);
                saves.push((save, next_packet(&machine)));
                machine
            }
            Action::Wait(_) => machine.handle(Input::Waited, now),
            Action::Finish => return saves,
            _ => match inputs.next() {
                Some(input) => machine.handle(input, now),
                None => return saves,
            },
        };
    }
}

fn responses(texts: &[&str]) -> Vec<Input> {
    texts.iter().map(|text| Input::Responded(response(text))).collect()
}

#[test]
fn what_may_have_been_sent_is_written_before_it_is_and_the_ack_after() {
    let all = saves(
        plan(40_000, 10_000),
        responses(&[
            "200 ack",
            "200 ack BITS-Session-Id: s",
            "200 ack BITS-Received-Content-Range: 10000",
            "200 ack BITS-Received-Content-Range: 20000",
            "200 ack BITS-Received-Content-Range: 30000",
            "200 ack BITS-Received-Content-Range: 40000",
            "200 ack",
        ]),
    );
    let short: Vec<_> = all
        .iter()
        .map(|(save, next)| match save {
            Save::Durable(state) => {
                format!("durable {} {} {}: {next}", state.acknowledged, state.sent_end, state.close_sent)
            }
            Save::Progress(state) => format!("progress {} {}: {next}", state.acknowledged, state.sent_end),
            Save::Brief(_) => format!("brief: {next}"),
            Save::Forget => format!("forget: {next}"),
        })
        .collect();
    // Nothing has been sent by the first write; by the second it is known that the upload is fast: all may be sent.
    assert_eq!(
        short,
        [
            "durable 0 10000 false: Fragment bytes 0-9999/40000",
            "durable 10000 40000 false: Fragment bytes 10000-19999/40000",
            "progress 20000 40000: Fragment bytes 20000-29999/40000",
            "progress 30000 40000: Fragment bytes 30000-39999/40000",
            "durable 40000 40000 true: Close-Session",
            "forget: Finish",
        ]
    );
}

#[test]
fn a_limit_that_the_server_showed_is_written_down_for_the_next_run() {
    let mut inputs = responses(&[
        "200 ack",
        "200 ack BITS-Session-Id: s",
        "413",
        "200 ack BITS-Received-Content-Range: 5120",
        "200 ack BITS-Received-Content-Range: 25120",
    ]);
    inputs.push(Input::Interrupted);
    let all = saves(plan(400_000, 40_000), inputs);
    let written = all.iter().rev().find_map(|(save, _)| match save {
        Save::Durable(state) | Save::Progress(state) | Save::Brief(state) => Some(state),
        Save::Forget => None,
    });
    let limit = written.expect("written").fragment_limit.expect("known");
    assert!(limit < 40_000, "{limit}");
    // The next run keeps to it, whatever it is told.
    let resumed = upload().resuming(ResumeState { fragment_limit: Some(7_000), ..saved(0, false) }).machine();
    assert!(resumed.fragment_size() <= 7_000);
}

#[test]
fn a_session_that_is_lost_is_forgotten_before_another_is_opened() {
    let all = saves(
        plan(20_000, 10_000),
        responses(&["200 ack", "200 ack BITS-Session-Id: s", "500 ack BITS-Error: 0x8020001F"]),
    );
    let last = all.last().expect("some");
    assert_eq!((&last.0, last.1.as_str()), (&Save::Forget, "Create-Session"));
}

#[test]
fn an_upload_that_fails_for_good_leaves_nothing_and_one_that_gave_up_its_record() {
    let begin = ["200 ack", "200 ack BITS-Session-Id: s"];
    let final_one =
        saves(plan(20_000, 10_000), responses(&[&begin[..], &["403 ack BITS-Error: 0x80070005", "200 ack"]].concat()));
    assert!(matches!(final_one.last(), Some((Save::Forget, _))));
    let mut inputs = responses(&begin);
    inputs.push(Input::Interrupted);
    let stopped = saves(plan(20_000, 10_000), inputs);
    assert!(matches!(stopped.last(), Some((Save::Durable(_), _))));
}

#[test]
fn one_of_many_small_files_is_written_down_only_when_something_goes_wrong() {
    let deferred = || Plan { defer_saves: true, ..plan(5, 10) };
    let smooth = ["200 ack", "200 ack BITS-Session-Id: s", "200 ack BITS-Received-Content-Range: 5", "200 ack"];
    let all = saves(deferred(), responses(&smooth));
    let [(Save::Brief(state), before), (Save::Forget, _)] = all.as_slice() else { panic!("{all:?}") };
    assert!(state.close_sent && before == "Close-Session", "a kill after this leaves a trace");
    // Close is refused for a while: now it is to outlast a power cut.
    let slow = [&smooth[..3], &["503 Retry-After: 1"]].concat();
    let all = saves(deferred(), responses(&slow));
    assert!(matches!(all.as_slice(), [(Save::Brief(_), _), (Save::Durable(_), _), ..]), "{all:?}");
    let rough = ["200 ack", "200 ack BITS-Session-Id: s", "503 Retry-After: 1", "416 BITS-Received-Content-Range: 0"];
    let all = saves(deferred(), responses(&rough));
    assert!(matches!(all.first(), Some((Save::Durable(_), _))), "{all:?}");
    let mut inputs = responses(&smooth[..2]);
    inputs.push(Input::Interrupted);
    let all = saves(deferred(), inputs);
    assert!(matches!(all.as_slice(), [(Save::Durable(_), _)]), "{all:?}");
}

#[test]
fn what_cannot_be_saved_is_given_up_in_the_end() {
    let now = Instant::now();
    let mut machine = upload().machine_at(now);
    for text in ["200 ack", "200 ack BITS-Session-Id: s"] {
        machine = machine.handle(Input::Responded(response(text)), now);
    }
    assert!(matches!(machine.next_action(), Action::Save(Save::Durable(_))));
    machine = machine.handle(Input::Saved { can_resume: false }, now);
    machine = machine.handle(Input::Interrupted, now);
    assert!(matches!(machine.next_action(), Action::Send(Packet::CancelSession { .. })));
}

#[test]
fn an_unconfirmed_end_keeps_what_the_same_command_can_still_close() {
    let whole = ["200 ack", "200 ack BITS-Session-Id: s", "200 ack BITS-Received-Content-Range: 5"];
    let end_of = |last: &[&str]| {
        let mut inputs = responses(&whole);
        inputs.push(event("cut", 0));
        inputs.extend(responses(last));
        saves(plan(5, 10), inputs).pop().expect("some").0
    };
    assert_eq!(end_of(&["500 ack BITS-Error: 0x8020001F"]), Save::Forget);
    assert!(matches!(end_of(&["404", "200 ack", "404", "200 ack", "404"]), Save::Durable(state) if state.close_sent));
}
