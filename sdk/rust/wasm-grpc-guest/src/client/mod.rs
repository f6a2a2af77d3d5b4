//! Calls that a guest makes, of the targets that its operator grants it. Generated clients are made of it.

#[cfg(feature = "http")]
mod http_target;
mod made_call;
#[cfg(feature = "prost")]
mod requests;
#[cfg(feature = "prost")]
mod responses;
#[cfg(feature = "prost")]
mod target;

#[cfg(feature = "http")]
pub use http_target::HttpTarget;
#[cfg(feature = "prost")]
pub use requests::{IntoRequest, IntoStreamingRequest};
#[cfg(feature = "prost")]
pub use responses::Responses;
#[cfg(feature = "prost")]
pub use target::Target;

/// Says that the module needs a target, so that it does not load where that is not granted. In the function that
/// [`services!`](crate::services) is given.
pub fn require_target(name: &str) {
    crate::abi::client_require(name); // refused, the host fails the load, and says why
}
