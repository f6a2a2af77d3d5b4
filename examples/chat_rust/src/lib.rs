//! chat.Chat (examples/chat/chat.proto) as a guest in Rust: one instance in the process knows all rooms.
//!
//! What is said in a room is put into a queue of each member, which is short. A member whose queue is full, because its
//! client does not read fast enough, is dropped, rather than that others wait or a queue grows.

mod room;

use chat::chat_server::{Chat, ChatServer};
use chat::{Enter, Event, Members, Request as ChatRequest, Speech, WhoRequest, request};
use room::Rooms;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_grpc_guest::{
    Either, Placement, Replies, Request, Response, Sender, Services, Status, Streaming, select, services,
};

mod chat {
    wasm_grpc_guest::include_proto!("chat");
}

const MAX_TEXT_BYTES: usize = 4096;

#[derive(Default)]
struct ChatRooms {
    rooms: Rc<RefCell<Rooms>>,
}

impl Chat for ChatRooms {
    type JoinStream = Replies<Event>;

    async fn join(&self, request: Request<Streaming<ChatRequest>>) -> Result<Response<Self::JoinStream>, Status> {
        let call = request.call();
        let mut requests = request.into_inner();
        let enter = match requests.message().await?.map(|request| request.what) {
            None => return Ok(Replies::from_iter([])),
            Some(Some(request::What::Enter(enter))) => enter,
            Some(_) => return Err(Status::failed_precondition("the first request enters a room")),
        };
        let member = Rooms::enter(&self.rooms, &enter, call)?; // it leaves when it is dropped
        Ok(Replies::new(async move |mut out: Sender<Event>| {
            loop {
                match select(member.hear(), requests.message()).await {
                    Either::Left(event) => out.send(event).await,
                    Either::Right(request) => match request?.map(|request| request.what) {
                        None => return Ok(()),
                        Some(Some(request::What::Say(text))) => member.say(&checked(text)?),
                        Some(_) => return Err(Status::failed_precondition("you are in a room already")),
                    },
                }
            }
        }))
    }

    type ListenStream = Replies<Event>;

    async fn listen(&self, request: Request<Enter>) -> Result<Response<Self::ListenStream>, Status> {
        let member = Rooms::enter(&self.rooms, request.get_ref(), request.call())?;
        Ok(Replies::new(async move |mut out: Sender<Event>| {
            loop {
                out.send(member.hear().await).await;
            }
        }))
    }

    async fn say(&self, request: Request<Speech>) -> Result<Response<Members>, Status> {
        let Speech { room, name, text } = request.into_inner();
        let names = self.rooms.borrow().say(&room, &name, &checked(text)?);
        let names = names.ok_or_else(|| Status::failed_precondition(format!("there is no {name} in {room}")))?;
        Ok(Response::new(Members { names }))
    }

    async fn who(&self, request: Request<WhoRequest>) -> Result<Response<Members>, Status> {
        Ok(Response::new(Members { names: self.rooms.borrow().names(&request.get_ref().room) }))
    }
}

fn checked(text: String) -> Result<String, Status> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Status::invalid_argument("that is more than 4096 bytes"));
    }
    Ok(text)
}

services!(serve);
fn serve(services: &mut Services) {
    services.place(Placement::Process);
    services.add_shared_service(ChatServer::new(ChatRooms::default()));
}

#[cfg(test)]
mod tests;
