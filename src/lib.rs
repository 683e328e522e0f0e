//! Uploads files with Microsoft's BITS upload protocol, [\[MC-BUP\]], to IIS and other BITS servers.
//!
//! The program `bitsup` is a thin layer over this library. An upload takes a [`UploadEntity`](entity::UploadEntity) (the
//! file), a [`Plan`](uploader::Plan) (where to and how) and a [`Transport`](transport::Transport) (the network);
//! [`driver::upload`] is the main loop.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use bitsup::auth::Login;
//! use bitsup::driver::{self, ResumeMode, Start, Tools, Verify, Wishes};
//! use bitsup::entity::UploadEntity;
//! use bitsup::event::UploadEvent;
//! use bitsup::journal::{Journal, Now, Upload};
//! use bitsup::protocol::{ContentName, ProtocolId};
//! use bitsup::transport::{Http, Settings};
//! use bitsup::uploader::{FragmentSize, Plan, RetryPolicy};
//!
//! let entity = UploadEntity::open(Path::new("build.zip"))?;
//! let plan = Plan {
//!     destination: "https://files.example.com/drop/build.zip".parse()?,
//!     size: entity.size(),
//!     name: ContentName::new("build.zip"),
//!     protocols: vec![ProtocolId::BITS_1_5_UPLOAD],
//!     fragment_size: FragmentSize::Auto,
//!     retry: RetryPolicy::default(),
//!     follow_host_id: true,
//!     may_start_over: true,
//! };
//! let wishes = Wishes {
//!     destination: plan.destination.clone(),
//!     retry: plan.retry.clone(),
//!     seed: 1,
//!     verify: Verify::None,
//!     reply: None,
//! };
//! let upload = Upload { destination: &plan.destination, name: &plan.name, entity: &entity };
//! let claim = Journal::disabled().claim(&upload, Now::read())?;
//! let mut network = Http::new(Settings::default());
//! let interrupter = network.interrupter();
//! let start = Start::new(plan, &entity, claim, ResumeMode::Auto, &interrupter, 1)?;
//! let mut report = |event: &UploadEvent| {
//!     if let UploadEvent::Acknowledged { offset, total } = event {
//!         println!("{offset} of {total} bytes");
//!     }
//! };
//! let mut login = Login::anonymous(&wishes.destination);
//! let tools = Tools {
//!     entity: &entity,
//!     transport: &mut network,
//!     login: &mut login,
//!     interrupter: &interrupter,
//!     report: &mut report,
//! };
//! driver::upload(start, tools, wishes)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It returns `Ok` only when the server acknowledged Close-Session for a session whose own Acks covered the file.
//!
//! # The conversation
//!
//! [`Uploader`](uploader::Uploader) is a state machine without I/O. It says which packet to send and is told what came
//! back:
//!
//! ```text
//!             ┌──── another host is named ────┐
//!             ▼                               │
//!  begin ──► Ping ──────► CreateSession ──────┤
//!             │                               │ session
//!             │ at that host                  ▼
//!             └──────────────────────────► Fragment ◄─┐ Ack: on from the offset that the
//!                                             │ └─────┘ server wants, forwards or backwards
//!     the Acks cover the file, or it is empty │
//!                                             ▼
//!                                        CloseSession ── Ack ──► Finished: success
//!
//!  every state that waits for an answer:
//!      none came, or an error that may pass ──► Waiting ── the pause is over ──► the same state
//!      the budget is spent, or interrupted ──► error; the session is kept for another run
//!  Fragment, CloseSession:
//!      the session is lost ──► CreateSession, from offset 0
//!      refused for good, or the source changed ──► CancelSession ── any answer ──► error
//!  Fragment:
//!      no answer ──► the next is small and only asks: its Ack tells the offset
//!      too large, in any disguise ──► half as large
//! ```
//!
//! [\[MC-BUP\]]: https://learn.microsoft.com/en-us/openspecs/windows_protocols/mc-bup/

pub mod auth;
pub mod cli;
pub mod digest;
pub mod driver;
pub mod entity;
pub mod event;
pub mod journal;
pub mod output;
pub mod protocol;
#[cfg(feature = "serve")]
pub mod serve;
pub mod transport;
pub mod uploader;
#[cfg(windows)]
mod windows;
