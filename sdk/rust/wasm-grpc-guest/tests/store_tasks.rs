//! The store in tasks, in both styles.

mod common;

use common::{Result, Talk, TalkServer, Text, text};
use std::cell::RefCell;
use std::time::Duration;
use wasm_grpc_guest::testing::Guest;
use wasm_grpc_guest::{Code, Replies, Request, Response, Services, Status, Streaming, join, kv, log};

#[derive(Default)]
struct Keeper {
    /// What tasks have done, in order.
    steps: RefCell<Vec<String>>,
}

impl Talk for Keeper {
    async fn one(&self, request: Request<Text>) -> Result<Text> {
        match request.get_ref().text.as_str() {
            "every function" => Ok(Response::new(text(every_function().await?))),
            name => {
                let step = |text: &str| self.steps.borrow_mut().push(text.into());
                let asking = async {
                    step("asks");
                    kv::tasks::get(name).await;
                    step("has an answer");
                };
                join(asking, async { step("goes on") }).await;
                Ok(Response::new(text(self.steps.borrow().join(", "))))
            }
        }
    }

    async fn join(&self, _: Request<Streaming<Text>>) -> Result<Text> {
        Err(Status::unimplemented(""))
    }

    async fn repeat(&self, request: Request<Text>) -> Result<Replies<Text>> {
        let mut watch = kv::tasks::watch_prefix(&request.get_ref().text)?;
        Ok(Replies::new(move |mut sender| async move {
            loop {
                let changed = watch.next().await?;
                sender.send(text(format!("{} {}", changed.keys.join(" "), changed.all))).await;
            }
        }))
    }

    async fn chat(&self, _: Request<Streaming<Text>>) -> Result<Replies<Text>> {
        Err(Status::unimplemented(""))
    }
}

/// What the functions of the store answer.
async fn every_function() -> std::result::Result<String, Status> {
    use kv::tasks;
    let only = |version| kv::SetOptions { if_version: Some(version), ..Default::default() };
    let mut told = vec![format!("{:?}", tasks::find("a").await)];
    let first = tasks::set("a", vec![b'x'; 70_000], only(0)).await?;
    told.push(format!("{:?}", tasks::set("a", b"", only(0)).await));
    told.push(format!("{}", tasks::get("a").await.is_some_and(|entry| entry.value.len() == 70_000)));
    let swapped = tasks::swap("a", b"1", Default::default()).await?;
    told.push(format!("{:?}", swapped.old.map(|old| old.version == first)));
    let there = tasks::swap("a", b"2", only(first)).await.unwrap_err().there;
    told.push(format!("{:?}", there.and_then(|there| there.value)));
    let changes = kv::Changes::new().set("b", b"2", Default::default()).remove("a", Some(first)).remove("c", None);
    let each = tasks::change_each(&changes).await?;
    told.push(format!("{} {:?}", each[0].is_ok(), &each[1..]));
    told.push(format!("{:?}", tasks::change_all(&changes).await));
    let found = tasks::get_many(&["a", "c", "b"]).await?;
    told.push(format!(
        "{:?}",
        found.iter().map(|entry| entry.as_ref().map(|entry| entry.value.len())).collect::<Vec<_>>()
    ));
    let page = tasks::list("", "a", 10).await?;
    told.push(page.pairs.iter().map(|pair| pair.key.as_str()).collect());
    told.push(format!("{:?} {:?}", tasks::remove("a", Some(first)).await, tasks::remove("a", None).await));
    told.push(format!("{:?} {:?}", tasks::get_many::<&str>(&[]).await, tasks::list("", "", 0).await));
    Ok(told.join("\n"))
}

const TOLD: &str = "\
Err(Absent)
Err(Conflict)
true
Some(true)
Some([49])
true [Err(Conflict), Err(Absent)]
Err(NotChanged { error: Conflict, conflicts: [1] })
[Some(1), None, Some(1)]
b
Err(Conflict) Ok(())
Err(Invalid) Err(Invalid)";

fn shared(services: &mut Services) {
    services.add_shared_service(TalkServer(Keeper::default()));
}

fn alone(services: &mut Services) {
    services.add_service(TalkServer(Keeper::default()));
}

#[test]
fn the_store_answers_the_same_in_both_styles() {
    for serve in [shared, alone] {
        let guest = Guest::new(serve);
        let told: Text = guest.unary("/test.Talk/One", &text("every function")).unwrap();
        assert_eq!(told.text, TOLD);
    }
}

#[test]
fn a_task_that_waits_for_the_store_lets_others_go_on() {
    for (serve, steps) in
        [(shared as fn(&mut Services), "asks, goes on, has an answer"), (alone, "asks, has an answer, goes on")]
    {
        let answer: Text = Guest::new(serve).unary("/test.Talk/One", &text("key")).unwrap();
        assert_eq!(answer.text, steps);
    }
}

#[test]
fn a_watch_tells_what_changes_until_its_call_ends() {
    let guest = Guest::new(shared);
    let request = prost::Message::encode_to_vec(&text("room/"));
    let watching = guest.call("/test.Talk/Repeat").message(&request).open();
    let told = || {
        guest.advance(Duration::ZERO);
        let messages = watching.receive();
        messages.iter().map(|bytes| <Text as prost::Message>::decode(&bytes[..]).unwrap().text).collect::<Vec<_>>()
    };
    kv::set("elsewhere", b"").unwrap();
    assert!(told().is_empty());
    for key in ["room/2", "room/1", "room/1"] {
        kv::set(key, b"").unwrap();
    }
    assert_eq!(told(), ["room/1 room/2 false"]);
    kv::remove("room/1").unwrap();
    assert_eq!(told(), ["room/1 false"]);
    watching.cancel();
    log(wasm_grpc_guest::Level::Info, "the call is over");
    kv::set("room/3", b"").unwrap();
    guest.advance(Duration::ZERO);
}

#[test]
fn an_instance_that_serves_one_call_at_a_time_watches_nothing() {
    let guest = Guest::new(alone);
    let error = guest.server_stream::<_, Text>("/test.Talk/Repeat", &text("room/")).unwrap_err();
    assert_eq!(error.code(), Code::Internal); // of what is invalid
}
