//! The state of an actor, natively.

mod common;

use common::{Result, Talk, TalkServer, Text, text};
use std::time::Duration;
use wasm_grpc_guest::testing::Guest;
use wasm_grpc_guest::{
    Call, Code, Placement, Replies, Request, Response, Services, Status, Streaming, actor, join3, kv, set_alarm, spawn,
    yield_now,
};

struct Keeper {
    state: actor::State<Text>,
}

/// Adds to the text; the whole of it.
async fn add(state: &actor::State<Text>, call: Call, more: &str) -> std::result::Result<String, Status> {
    let change = |state: &mut Text| {
        state.text += more;
        Ok(state.text.clone())
    };
    state.update(call, change).await
}

impl Talk for Keeper {
    async fn one(&self, request: Request<Text>) -> Result<Text> {
        let call = request.call();
        let said = request.get_ref().text.as_str();
        let all = match said {
            "three" => {
                let (first, second, third) =
                    join3(add(&self.state, call, "1"), add(&self.state, call, "2"), add(&self.state, call, "3")).await;
                format!("{} {} {}", first?, second?, third?)
            }
            "two are given up" => {
                let begin = |more: &'static str| {
                    let state = self.state.clone();
                    spawn(async move { add(&state, call, more).await })
                };
                let (writing, waiting, last) = (begin("1"), begin("2"), begin("3"));
                yield_now().await;
                waiting.abort();
                writing.abort();
                last.await??
            }
            "fail" => self.state.update(call, |_| Err(Status::out_of_range("enough"))).await?,
            "read" => self.state.read(call, |state| state.text.clone()).await?,
            "alarm" => set_alarm(Duration::from_secs(5)).to_string(),
            more => add(&self.state, call, more).await?,
        };
        Ok(Response::new(text(all)))
    }

    async fn join(&self, _: Request<Streaming<Text>>) -> Result<Text> {
        Err(Status::unimplemented(""))
    }

    async fn repeat(&self, _: Request<Text>) -> Result<Replies<Text>> {
        Err(Status::unimplemented(""))
    }

    async fn chat(&self, _: Request<Streaming<Text>>) -> Result<Replies<Text>> {
        Err(Status::unimplemented(""))
    }
}

fn serve(services: &mut Services) {
    let state = actor::State::new("text/", "name");
    let (of_alarm, of_ending) = (state.clone(), state.clone());
    services.place(Placement::Header("name")).add_shared_service(TalkServer(Keeper { state }));
    services.on_alarm(move || {
        let done = of_alarm.update_now(|state| {
            state.text += "!";
            Ok(())
        });
        wasm_grpc_guest::log(wasm_grpc_guest::Level::Info, &format!("alarm: {:?}", done.map_err(|status| status.code())));
    });
    services.on_ending(move || wasm_grpc_guest::log(wasm_grpc_guest::Level::Info, &format!("ends {}", of_ending.key())));
}

/// What the actor "a" answers.
fn say(guest: &Guest, what: &str) -> std::result::Result<String, Status> {
    let request = prost::Message::encode_to_vec(&text(what));
    let outcome = guest.call("/test.Talk/One").metadata("name", "a").message(request).run();
    outcome.decoded::<Text>().map(|texts| texts[0].text.clone())
}

fn stored() -> String {
    let found = kv::get("text/a").map(|entry| <Text as prost::Message>::decode(&entry.value[..]).unwrap().text);
    found.unwrap_or_default()
}

#[test]
fn a_change_is_in_the_store_when_it_is_answered() {
    let guest = Guest::new(serve);
    assert_eq!(say(&guest, "x").unwrap(), "x");
    assert_eq!(stored(), "x");
    assert_eq!(say(&guest, "y").unwrap(), "xy");
    assert_eq!(say(&guest, "read").unwrap(), "xy");
}

#[test]
fn a_call_says_whose_state_it_is() {
    let guest = Guest::new(serve);
    let request = prost::Message::encode_to_vec(&text("x"));
    assert_eq!(guest.call("/test.Talk/One").message(request).run().code, Code::InvalidArgument);
}

#[test]
fn changes_come_one_after_the_other() {
    assert_eq!(say(&Guest::new(serve), "three").unwrap(), "1 12 123");
}

// Of the one that is given up while it writes it is not known whether it has.
#[test]
fn those_that_are_given_up_leave_their_turn_to_the_next() {
    let all = say(&Guest::new(serve), "two are given up");
    assert!(matches!(all.as_deref(), Ok("3" | "13")), "{all:?}");
}

#[test]
fn a_change_that_fails_leaves_all_as_it_was() {
    let guest = Guest::new(serve);
    say(&guest, "x").unwrap();
    assert_eq!(say(&guest, "fail").unwrap_err().code(), Code::OutOfRange);
    assert_eq!(say(&guest, "y").unwrap(), "xy");
}

#[test]
fn what_another_process_has_changed_is_told_and_read_again() {
    let guest = Guest::new(serve);
    say(&guest, "x").unwrap();
    kv::set("text/a", prost::Message::encode_to_vec(&text("other"))).unwrap();
    assert_eq!(say(&guest, "y").unwrap_err().code(), Code::Aborted);
    assert_eq!(say(&guest, "y").unwrap(), "othery");
    kv::set("text/a", b"\xff").unwrap();
    assert_eq!(say(&guest, "read").unwrap_err().code(), Code::DataLoss);
}

#[test]
fn an_alarm_changes_the_state_without_a_call() {
    let guest = Guest::new(serve);
    assert_eq!(say(&guest, "alarm").unwrap(), "true");
    assert_eq!(guest.alarm(), Some(Duration::from_secs(5)));
    guest.advance(Duration::from_secs(5));
    assert_eq!(guest.log(), ["info: alarm: Err(Aborted)"], "no call has said whose state it is");
    say(&guest, "x").unwrap();
    say(&guest, "alarm").unwrap();
    guest.advance(Duration::from_secs(4));
    assert_eq!(stored(), "x");
    guest.advance(Duration::from_secs(1));
    assert_eq!((stored().as_str(), guest.alarm()), ("x!", None));
}

#[test]
fn an_instance_is_told_of_its_end() {
    let guest = Guest::new(serve);
    say(&guest, "x").unwrap();
    assert_eq!(guest.give_up(), ["info: ends text/a"]);
}
