//! Uploads files with Microsoft's BITS upload protocol, [MC-BUP].

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
