//! Calls that a guest makes, of the targets that its operator grants it. Generated clients are made of it.

mod made_call;
mod requests;
mod responses;
mod target;

pub use requests::{IntoRequest, IntoStreamingRequest};
pub use responses::Responses;
pub use target::{Target, require_target};
