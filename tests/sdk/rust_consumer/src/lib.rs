//! The first guest of docs/guest-rust.md.

use wasm_grpc_guest::{Call, Services, Status, services};

fn say(_call: &Call, request: &[u8]) -> Result<Vec<u8>, Status> {
    if request.is_empty() {
        return Err(Status::invalid_argument("say something"));
    }
    Ok([b"you said ", request].concat())
}

services!(serve);
fn serve(services: &mut Services) {
    services.service("hello.Hello").unary("Say", say);
}
