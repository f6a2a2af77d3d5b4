use std::pin::Pin;
use std::sync::Mutex;

use notes::notes_server::{Notes, NotesServer};
use notes::{LeaveAllResponse, LeaveRequest, Note, ReadRequest};
use tokio_stream::Stream;
use wasm_grpc_guest::{Placement, Request, Response, Services, Status, Streaming, services};

mod notes {
    wasm_grpc_guest::include_proto!("notes");
}

#[derive(Default)]
struct Board {
    notes: Mutex<Vec<Note>>,
}

impl Board {
    fn put(&self, author: &str, text: String) -> Result<Note, Status> {
        if text.is_empty() {
            return Err(Status::invalid_argument("say something"));
        }
        let mut notes = self.notes.lock().unwrap();
        let note = Note { number: notes.len() as u64 + 1, author: author.into(), text };
        notes.push(note.clone());
        Ok(note)
    }
}

fn author_of<T>(request: &Request<T>) -> Result<String, Status> {
    let author = request.metadata().get("x-author").ok_or_else(|| Status::unauthenticated("who are you?"))?;
    author.to_str().map(String::from).map_err(|_| Status::invalid_argument("x-author is no text"))
}

impl Notes for Board {
    async fn leave(&self, request: Request<LeaveRequest>) -> Result<Response<Note>, Status> {
        let author = author_of(&request)?;
        let note = self.put(&author, request.into_inner().text)?;
        Ok(Response::new(note))
    }

    async fn leave_all(&self, request: Request<Streaming<LeaveRequest>>) -> Result<Response<LeaveAllResponse>, Status> {
        let author = author_of(&request)?;
        let mut requests = request.into_inner();
        let mut notes = 0;
        while let Some(request) = requests.message().await? {
            self.put(&author, request.text)?;
            notes += 1;
        }
        Ok(Response::new(LeaveAllResponse { notes }))
    }

    type ReadStream = Pin<Box<dyn Stream<Item = Result<Note, Status>> + Send>>;

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<Self::ReadStream>, Status> {
        let author = request.into_inner().author;
        let notes = self.notes.lock().unwrap().clone();
        let count = notes.len().into();
        let found = notes.into_iter().filter(move |note| author.is_empty() || note.author == author);
        let stream: Self::ReadStream = Box::pin(tokio_stream::iter(found.map(Ok)));
        let mut response = Response::new(stream);
        response.metadata_mut().insert("x-notes", count);
        Ok(response)
    }
}

services!(serve);
fn serve(services: &mut Services) {
    services.place(Placement::Process).add_shared_service(NotesServer::new(Board::default()));
}
