//! Uploads files with Microsoft's BITS upload protocol, [\[MC-BUP\]], to IIS and other BITS servers.
//!
//! The program `bitsup` is a thin layer over this library. An upload takes a [`UploadEntity`](source::UploadEntity) (the
//! file), a [`Plan`](uploader::Plan) (where to and how) and a [`Transport`](transport::Transport) (the network);
//! [`client::upload`] is the main loop.
//!
//! ```no_run
//! use std::path::Path;
//! use std::time::SystemTime;
//!
//! use bitsup::auth::Authenticator;
//! use bitsup::client::{self, ResumeMode, Start, UploadContext};
//! use bitsup::source::UploadEntity;
//! use bitsup::uploader::UploadEvent;
//! use bitsup::journal::{Journal, Upload};
//! use bitsup::protocol::ContentName;
//! use bitsup::transport::{Http, Settings};
//! use bitsup::uploader::Plan;
//!
//! let entity = UploadEntity::open(Path::new("build.zip"))?;
//! let destination = "https://files.example.com/drop/build.zip".parse()?;
//! let plan = Plan::new(destination, entity.size(), ContentName::new("build.zip"));
//! let upload = Upload { destination: &plan.destination, name: &plan.name, entity: &entity };
//! let entry = Journal::disabled().claim(&upload, SystemTime::now())?;
//! let mut network = Http::new(Settings::default());
//! let cancellation = network.cancellation();
//! let mut authenticator = Authenticator::anonymous(&plan.destination);
//! let mut report = |event: &UploadEvent| {
//!     if let UploadEvent::Acknowledged { offset, total } = event {
//!         println!("{offset} of {total} bytes");
//!     }
//! };
//! let start = Start::new(plan, &entity, entry, ResumeMode::Auto, &cancellation, &mut report, 1)?;
//! let context = UploadContext {
//!     entity: &entity,
//!     transport: &mut network,
//!     authenticator: &mut authenticator,
//!     cancellation: &cancellation,
//!     report: &mut report,
//! };
//! client::upload(start, context, None)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It returns `Ok` only when the server acknowledged Close-Session for a session whose own Acks covered the file.
//!
//! # The conversation
//!
//! [`Uploader`](uploader::Uploader) is a state machine without I/O: it says which [`Action`](uploader::Action) is next, the
//! client performs it and hands back an [`Input`](uploader::Input). `ARCHITECTURE.md`, beside this library's source, draws
//! its states; `docs/reliability.md` has the rules by which it recovers.
//!
//! [\[MC-BUP\]]: https://learn.microsoft.com/en-us/openspecs/windows_protocols/mc-bup/

pub mod auth;
pub mod cli;
pub mod client;
mod durable;
pub mod exchange;

pub mod journal;
mod output;
pub mod protocol;
mod random;
#[cfg(feature = "serve")]
pub mod server;
pub mod source;
mod sync;
pub mod transport;
pub mod uploader;
