//! Generates services for wasm-grpc-guest from `.proto` files, in `build.rs`:
//!
//! ```no_run
//! wasm_grpc_build::compile_protos("proto/hello.proto").unwrap();
//! ```
//!
//! `wasm_grpc_guest::include_proto!("hello")` then includes what was made of the package `hello`: prost's messages, and for
//! each service a module with a trait, as tonic has it, `hello_server::Hello`, and `hello_server::HelloServer`, by which it
//! is served; and `hello_client::HelloClient`, which calls it. The descriptors go into the module's custom section `wasm_grpc.descriptors`, for reflection and JSON.
//!
//! `protoc` is needed, of Debian's `protobuf-compiler`; the environment variable `PROTOC` says where it is.

mod client;
mod descriptors;
mod service;

use std::io;
use std::path::{Path, PathBuf};

/// Generates the services and messages of one `.proto` file, which imports others from its own folder.
///
/// # Errors
/// When `protoc` is not there, or says that the file is wrong.
pub fn compile_protos(proto: impl AsRef<Path>) -> io::Result<()> {
    let folder = proto.as_ref().parent().unwrap_or(Path::new("")).to_path_buf();
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    configure().compile_protos(&[proto], &[folder])
}

/// The same with more to say.
pub fn configure() -> Builder {
    Builder { config: prost_build::Config::new(), server: true, client: true }
}

/// What is generated, and how.
#[derive(Debug)]
pub struct Builder {
    config: prost_build::Config,
    server: bool,
    client: bool,
}

impl Builder {
    /// Changes how prost makes messages: attributes, `bytes` fields, paths of types that are elsewhere.
    #[must_use]
    pub fn prost(mut self, change: impl FnOnce(&mut prost_build::Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Whether what serves is generated; it is when nothing is said. Not for services that are only called: the module would be
    /// described as if it had them.
    #[must_use]
    pub fn build_server(mut self, server: bool) -> Self {
        self.server = server;
        self
    }

    /// Whether clients are generated; they are when nothing is said.
    #[must_use]
    pub fn build_client(mut self, client: bool) -> Self {
        self.client = client;
        self
    }

    /// Generates what is in these files; `includes` are the folders where they, and what they import, are looked for.
    /// `google/api/annotations.proto` is found without.
    ///
    /// # Errors
    /// When `protoc` is not there, or says that a file is wrong.
    pub fn compile_protos(mut self, protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> io::Result<()> {
        let mut folders: Vec<PathBuf> = includes.iter().map(|folder| folder.as_ref().to_path_buf()).collect();
        folders.extend(own_protos());
        let set = self.config.enable_type_names().load_fds(protos, &folders)?;
        let mut descriptors = None;
        if self.server {
            let out = std::env::var_os("OUT_DIR").ok_or_else(|| {
                io::Error::other("OUT_DIR is not set: wasm-grpc-build is to be used in a build script, build.rs")
            })?;
            descriptors = Some(descriptors::write(&set, Path::new(&out))?);
        }
        if self.server || self.client {
            let sides = service::Sides { server: self.server, client: self.client };
            self.config.service_generator(Box::new(service::Generator::new(sides, descriptors)));
        }
        self.config.compile_fds(set)
    }
}

/// The `.proto` files that come with the SDK: in the checkout, or where it is installed.
fn own_protos() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["../protos", "../../protos"].iter().map(|folder| here.join(folder)).find(|folder| folder.is_dir())
}
