//! Uploads files with Microsoft's BITS upload protocol, [MC-BUP].

pub mod event;
pub mod protocol;
pub mod uploader;
