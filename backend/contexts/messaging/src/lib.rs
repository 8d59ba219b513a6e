//! Every message, in and out, and the lanes that send it.

pub mod lane;
pub mod message {
    //! A message: what is said, and how far it came.
    pub mod content;
    pub mod progress;
}
