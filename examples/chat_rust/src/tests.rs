use super::*;
use crate::chat::event::What;
use prost::Message;
use wasm_grpc_guest::Code;
use wasm_grpc_guest::testing::{Guest, OpenCall};

fn entering(room: &str, name: &str) -> Vec<u8> {
    let enter = Enter { room: room.into(), name: name.into() };
    ChatRequest { what: Some(request::What::Enter(enter)) }.encode_to_vec()
}

fn saying(text: &str) -> Vec<u8> {
    ChatRequest { what: Some(request::What::Say(text.into())) }.encode_to_vec()
}

fn heard(call: &OpenCall<'_>) -> Vec<What> {
    call.receive().iter().map(|event| Event::decode(&event[..]).unwrap().what.unwrap()).collect()
}

fn join<'a>(guest: &'a Guest, name: &str) -> OpenCall<'a> {
    guest.call("/chat.Chat/Join").message(entering("tea", name)).open()
}

#[test]
fn everybody_hears_what_anybody_else_says() {
    let guest = Guest::new(serve);
    let (ada, ben) = (join(&guest, "Ada"), join(&guest, "Ben"));
    assert_eq!(heard(&ada), [What::Welcome(Members::default()), What::Entered("Ben".into())]);
    assert_eq!(heard(&ben), [What::Welcome(Members { names: vec!["Ada".into()] })]);
    ada.send(saying("hello"));
    assert_eq!(heard(&ada), []);
    assert_eq!(heard(&ben), [What::Said(chat::Said { name: "Ada".into(), text: "hello".into() })]);
}

#[test]
fn a_room_is_left_when_the_call_ends() {
    let guest = Guest::new(serve);
    let (ada, ben) = (join(&guest, "Ada"), join(&guest, "Ben"));
    ben.cancel();
    assert_eq!(heard(&ada).last(), Some(&What::Left("Ben".into())));
    assert_eq!(ada.finish().code, Code::Ok);
    let who: Members = guest.unary("/chat.Chat/Who", &WhoRequest { room: "tea".into() }).unwrap();
    assert_eq!(who, Members::default());
}

#[test]
fn a_name_that_is_taken_is_refused_with_those_that_are() {
    let guest = Guest::new(serve);
    let _ada = join(&guest, "Ada");
    let refused = join(&guest, "Ada").finish();
    assert_eq!(refused.code, Code::AlreadyExists);
    let details = refused.trailers.get("grpc-status-details-bin").unwrap().as_bytes().to_vec();
    assert!(String::from_utf8_lossy(&details).contains("type.googleapis.com/chat.NamesTaken"));
}

#[test]
fn a_member_that_reads_too_slowly_is_dropped() {
    let guest = Guest::new(serve);
    let ada = join(&guest, "Ada");
    let slow = guest.call("/chat.Chat/Join").message(entering("tea", "Ben")).stalls(usize::MAX).open();
    for _ in 0..100 {
        ada.send(saying("hello"));
    }
    assert_eq!(slow.finish().code, Code::ResourceExhausted);
    let who: Members = guest.unary("/chat.Chat/Who", &WhoRequest { room: "tea".into() }).unwrap();
    assert_eq!(who.names, ["Ada"]);
}
