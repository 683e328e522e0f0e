//! Uploads files with Microsoft's BITS upload protocol, [MC-BUP].

pub mod driver;
pub mod entity;
pub mod event;
pub mod output;
pub mod protocol;
pub mod transport;
pub mod uploader;
