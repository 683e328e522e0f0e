//! Uploads files with Microsoft's BITS upload protocol, [\[MC-BUP\]], to IIS and other BITS servers.
//!
//! The program `bitsup` is a thin layer over this library. An upload takes a [`UploadEntity`](entity::UploadEntity) (the
//! file), a [`Plan`](uploader::Plan) (where to and how) and a [`Transport`](transport::Transport) (the network);
//! [`driver::upload`] is the main loop.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use bitsup::entity::UploadEntity;
//! use bitsup::event::UploadEvent;
//! use bitsup::protocol::{ContentName, ProtocolId};
//! use bitsup::transport::{Http, Settings};
//! use bitsup::uploader::{FragmentSize, Plan};
//!
//! let entity = UploadEntity::open(Path::new("build.zip"))?;
//! let plan = Plan {
//!     destination: "https://files.example.com/drop/build.zip".parse()?,
//!     size: entity.size(),
//!     name: ContentName::new("build.zip"),
//!     protocols: vec![ProtocolId::BITS_1_5_UPLOAD],
//!     fragment_size: FragmentSize::Auto,
//! };
//! let mut network = Http::new(Settings::default());
//! bitsup::driver::upload(plan, &entity, &mut network, &mut |event| {
//!     if let UploadEvent::Acknowledged { offset, total } = event {
//!         println!("{offset} of {total} bytes");
//!     }
//! })?;
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
//!  Fragment, CloseSession, Ping at that host:
//!      refused for good, or the source changed ──► CancelSession ── any answer ──► error
//!  every state:
//!      no answer, one that is no Ack, a redirect not to be followed, interrupted ──► error
//! ```
//!
//! [\[MC-BUP\]]: https://learn.microsoft.com/en-us/openspecs/windows_protocols/mc-bup/

pub mod cli;
pub mod driver;
pub mod entity;
pub mod event;
pub mod output;
pub mod protocol;
#[cfg(feature = "serve")]
pub mod serve;
pub mod transport;
pub mod uploader;
