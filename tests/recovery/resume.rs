//! The same command again: the content decides, not what the file system says of the file.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::bitsup::content;
use crate::job::{Job, Running};
use crate::losses::{MIB, once};
use crate::server::{Conduct, End, Gate, Request, Server, Setup, page};
use crate::together::Together;

/// A server that once says nothing to a fragment: the third, or the last if there are not so many.
fn falls_silent_once() -> Server {
    let mut policy = once(2, Conduct::refused(End::Silence));
    Server::start(move |request, _| policy(request))
}

/// The first run: it ends while the server is silent, by a kill or in order.
fn interrupted(job: &Job, server: &Server, is_killed: bool) {
    let run = job.spawn(server, &[]);
    server.wait_until(|bits| bits.silent == 1);
    end(run, is_killed);
}

fn end(run: Running, is_killed: bool) {
    if is_killed {
        run.kill();
    } else {
        run.terminate();
        run.end().exits(143);
    }
}

/// The second run continued the session at the last acknowledged offset.
#[track_caller]
fn went_on(job: &Job, server: &Server) {
    job.arrived(server);
    server.had_sessions(1, 0);
    let fragments = server.fragments();
    let held = fragments.iter().position(|fragment| fragment.nth == 2 || fragment.is_last()).expect("held");
    // Where the file looks different, the question goes no further than what is known to be the same.
    let (begin, stood) = (fragments[held + 1].first(), fragments[held].first());
    assert!((stood.saturating_sub(5 * 1024)..=stood).contains(&begin), "the second run begins at {begin}, not {stood}");
    job.frugal(server);
}

fn touch(path: &Path) {
    File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now())).expect("touched");
}

fn chmod(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o640)).expect("set");
}

/// Replaces the file as a checkout or a download does: a new inode, new times.
fn replace(path: &Path, bytes: &[u8]) {
    let new = path.with_extension("new");
    fs::write(&new, bytes).expect("written");
    fs::rename(&new, path).expect("renamed");
}

/// Case 16, R7.
#[test]
fn case_16_an_upload_of_the_same_bytes_goes_on_whatever_was_done_to_the_file() {
    let mut all = Together::default();
    for is_killed in [true, false] {
        for what in ["touched", "other permissions", "written anew", "renamed and back"] {
            all.add(format!("{what}, killed: {is_killed}"), move || {
                let (server, job) = (falls_silent_once(), Job::new(8 * MIB));
                interrupted(&job, &server, is_killed);
                let path = &job.source.path;
                match what {
                    "touched" => touch(path),
                    "other permissions" => chmod(path),
                    "written anew" => replace(path, &job.source.bytes),
                    _ => {
                        fs::rename(path, path.with_extension("moved")).expect("renamed");
                        fs::rename(path.with_extension("moved"), path).expect("renamed");
                    }
                }
                job.run(&server, &[]).exits(0);
                went_on(&job, &server);
            });
        }
    }
    all.run();
}

/// Case 16, R7: another machine's path, another folder of the build.
#[test]
fn case_16_a_copy_elsewhere_goes_on_to_the_same_destination() {
    let (server, job) = (falls_silent_once(), Job::new(8 * MIB));
    interrupted(&job, &server, true);
    let copy = job.folder.path().join("another name.bin");
    fs::write(&copy, &job.source.bytes).expect("written");
    fs::remove_file(&job.source.path).expect("removed");
    Running::start(job.command_for(copy.as_os_str(), &server.url(job.path), &[])).end().exits(0);
    went_on(&job, &server);
}

/// R7: the content has the last word also where nothing else changed.
#[test]
fn rule_7_a_file_that_only_looks_the_same_is_not_mixed() {
    let (server, mut job) = (falls_silent_once(), Job::new(8 * MIB));
    let modified = fs::metadata(&job.source.path).and_then(|metadata| metadata.modified()).expect("a date");
    interrupted(&job, &server, true);
    job.source.bytes[10] ^= 1;
    fs::write(&job.source.path, &job.source.bytes).expect("written");
    File::options().append(true).open(&job.source.path).and_then(|file| file.set_modified(modified)).expect("set");
    job.run(&server, &[]).exits(0);
    job.arrived(&server);
    server.had_sessions(2, 1);
}

/// Case 17, R7.
#[test]
fn case_17_another_content_starts_over_in_the_same_run_and_says_so() {
    let mut all = Together::default();
    for size in [8 * MIB, 8 * MIB - 1, 8 * MIB + 1, MIB] {
        all.add(format!("{size} bytes"), move || {
            let (server, mut job) = (falls_silent_once(), Job::new(8 * MIB));
            interrupted(&job, &server, true);
            job.source.bytes = content(size).into_iter().map(|byte| !byte).collect();
            fs::write(&job.source.path, &job.source.bytes).expect("written");
            job.run(&server, &[]).exits(0).says_one_of(&["start over", "starts over", "starting over"]);
            job.arrived(&server);
            server.had_sessions(2, 1);
        });
    }
    all.run();
}

/// R7: a fragment whose Ack was lost is the earlier file's, not this one's.
#[test]
fn rule_7_what_the_server_has_beyond_the_last_ack_is_not_mixed_with_another_content() {
    let mut policy = once(2, Conduct::done_but(End::Silence));
    let (server, mut job) = (Server::start(move |request, _| policy(request)), Job::new(8 * MIB));
    interrupted(&job, &server, true);
    let lost = server.fragments().last().expect("the third").first();
    job.source.bytes[usize::try_from(lost).expect("small")] ^= 1;
    replace(&job.source.path, &job.source.bytes);
    job.run(&server, &[]).exits(0);
    job.arrived(&server);
    server.had_sessions(2, 1);
}

/// R7: a run that ends in order has written down what it read, so that the same content is known beyond the last Ack.
#[test]
fn rule_7_what_the_server_has_beyond_the_last_ack_counts_where_the_content_is_the_same() {
    let mut policy = once(2, Conduct::done_but(End::Silence));
    let (server, job) = (Server::start(move |request, _| policy(request)), Job::new(8 * MIB));
    interrupted(&job, &server, false);
    replace(&job.source.path, &job.source.bytes);
    job.run(&server, &[]).exits(0);
    job.arrived(&server);
    server.had_sessions(1, 0);
}

/// Case 17, R7.
#[test]
fn case_17_another_content_with_resume_always_is_exit_16() {
    let (server, mut job) = (falls_silent_once(), Job::new(8 * MIB));
    interrupted(&job, &server, true);
    job.source.bytes[10] ^= 1;
    fs::write(&job.source.path, &job.source.bytes).expect("written");
    job.run(&server, &["--resume", "always"]).exits(16);
    assert_eq!(server.bits().opened, 1);
}

/// The answer to a fragment is kept back until the test has done something to the file.
#[track_caller]
fn while_uploading(change: impl FnOnce(&Path), code: i32) {
    let gate = Gate::default();
    let mut policy = once(1, Conduct::honest().held_by(&gate));
    let server = Server::start(move |request, _| policy(request));
    let job = Job::new(8 * MIB);
    let run = job.spawn(&server, &[]);
    server.wait_until(|bits| bits.silent == 1);
    change(&job.source.path);
    gate.open();
    run.end().exits(code);
    if code == 0 {
        job.arrived(&server);
    }
    server.had_sessions(1, usize::from(code != 0));
}

/// Case 18, R7.
#[test]
fn case_18_other_permissions_during_an_upload_do_not_end_it() {
    while_uploading(chmod, 0);
    // A new name changes the same.
    while_uploading(|path| fs::hard_link(path, path.with_extension("link")).expect("linked"), 0);
}

/// R7: only the time of the attributes differs, but so does the content.
#[test]
fn rule_7_a_change_of_the_content_behind_the_dates_ends_an_upload() {
    let overwrite = |path: &Path| {
        use std::os::unix::fs::FileExt;
        let modified = fs::metadata(path).and_then(|metadata| metadata.modified()).expect("a date");
        let file = File::options().write(true).open(path).expect("opened");
        // Sent already.
        file.write_all_at(b"x", 10).expect("written");
        file.set_modified(modified).expect("set");
    };
    while_uploading(overwrite, 4);
}

/// R7: as before.
#[test]
fn rule_7_a_new_date_during_an_upload_ends_it() {
    while_uploading(touch, 4);
}

/// Case 19, R7.
#[test]
fn case_19_a_run_goes_on_with_the_session_of_the_last_one_and_its_file() {
    let holds = [Gate::default(), Gate::default()];
    let server = Server::start({
        let holds = holds.clone();
        move |request, bits| {
            let is_due = request.is_fragment() && request.first() > 0 && bits.silent < bits.opened.min(2);
            if is_due { Conduct::honest().keeping(0).held_by(&holds[bits.silent]) } else { Conduct::honest() }
        }
    });
    let mut job = Job::new(8 * MIB);
    let run = job.spawn(&server, &[]);
    server.wait_until(|bits| bits.silent == 1);
    run.kill();
    job.source.bytes[10] ^= 1;
    replace(&job.source.path, &job.source.bytes);
    let run = job.spawn(&server, &["--resume", "never"]);
    server.wait_until(|bits| bits.silent == 2);
    run.kill();
    let before = server.fragments();
    let stood = before.last().map_or(0, Request::first);
    holds.iter().for_each(Gate::open);
    job.run(&server, &[]).exits(0);
    job.arrived(&server);
    server.had_sessions(2, 1);
    assert_eq!(server.fragments()[before.len()].first(), stood, "where the third run begins");
}

/// SIGTERM ends a run that cannot be resumed within two seconds, and leaves nothing at the server.
#[track_caller]
fn leaves_nothing(when: &str, options: &'static [&'static str], from_stdin: bool) {
    let conduct = match when {
        "silent" => Conduct::refused(End::Silence),
        "pausing" => Conduct::says(&(page("503 Service Unavailable") + "\nRetry-After: 60")),
        _ => Conduct::honest().at_rate(10_000),
    };
    let (is_slow, is_counted) = (when == "sending", when != "silent");
    let server = Setup::new().unbuffered().start(move |request, bits| {
        if !request.is_fragment() || (request.nth == 0 && !is_slow) {
            return Conduct::honest();
        }
        bits.silent += usize::from(is_counted);
        conduct.clone()
    });
    let job = Job::new(MIB);
    let mut command = job.command(&server, options);
    if from_stdin {
        command = job.command_for("-".as_ref(), &server.url(job.path), options);
        command.stdin(File::open(&job.source.path).expect("opened"));
    }
    let run = Running::start(command);
    server.wait_until(|bits| bits.silent > 0);
    // Time for the answer to arrive; what happens before it does is as good.
    std::thread::sleep(Duration::from_millis(300));
    let signalled = std::time::Instant::now();
    run.terminate();
    run.end().exits(143);
    // It may take two seconds; by its clock a busy machine cannot judge that. All that it could wait for takes longer.
    let took = signalled.elapsed();
    assert!(took < Duration::from_secs(15), "it took {took:?}");
    server.had_sessions(1, 1);
    assert_eq!(server.bits().sessions.len(), 0);
}

/// Case 20, R7.
#[test]
fn case_20_a_run_that_cannot_be_resumed_cancels_its_session_on_sigterm() {
    let mut all = Together::default();
    for when in ["silent", "pausing", "sending"] {
        all.add(format!("--no-state, {when}"), move || leaves_nothing(when, &["--no-state"], false));
        all.add(format!("standard input, {when}"), move || leaves_nothing(when, &[], true));
    }
    all.run();
}

/// R7.
#[test]
fn rule_7_resume_never_cancels_what_was_there() {
    let (server, job) = (falls_silent_once(), Job::new(8 * MIB));
    interrupted(&job, &server, true);
    job.run(&server, &["--resume", "never"]).exits(0);
    job.arrived(&server);
    server.had_sessions(2, 1);
}

/// R7: the record follows the last Ack within a second.
#[test]
fn rule_7_a_killed_run_knows_what_was_acknowledged_a_second_before() {
    let (server, job) = (falls_silent_once(), Job::new(8 * MIB));
    let run = job.spawn(&server, &[]);
    server.wait_until(|bits| bits.silent == 1);
    std::thread::sleep(Duration::from_millis(1500));
    run.kill();
    job.run(&server, &[]).exits(0);
    went_on(&job, &server);
}

/// R7: records of another version are set aside with one line.
#[test]
fn rule_7_a_record_that_cannot_be_read_starts_over_and_says_so() {
    let (server, job) = (falls_silent_once(), Job::new(8 * MIB));
    interrupted(&job, &server, true);
    for entry in fs::read_dir(job.state()).expect("a folder").flatten() {
        if entry.metadata().is_ok_and(|metadata| metadata.len() > 0) {
            fs::write(entry.path(), r#"{"v":1,"of":"another version"}"#).expect("written");
        }
    }
    job.run(&server, &[]).exits(0).says_one_of(&["set aside", "renamed"]);
    job.published_beside(&server, 1);
}

/// R10.
#[test]
fn rule_10_standard_input_that_is_no_file_is_exit_3() {
    use std::process::{Command, Stdio};
    let server = Server::start(|_, _| Conduct::honest());
    let job = Job::new(10);
    let mut command = job.command_for("-".as_ref(), &server.url(job.path), &[]);
    command.stdin(Stdio::from(File::open(job.folder.path()).expect("opened")));
    Running::start(command).end().exits(3);
    let upload = job.command_for("-".as_ref(), &server.url(job.path), &[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" <&-"]).arg(upload.get_program()).args(upload.get_args());
    shell.env("BITSUP_STATE_DIR", job.state());
    Running::start(shell).end().exits(3);
    assert!(server.requests().is_empty());
}
