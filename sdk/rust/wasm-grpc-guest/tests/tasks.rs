//! What waits, and what goes on meanwhile, in both styles.

mod common;

use common::{Result, Talk, TalkServer, Text, text};
use std::cell::RefCell;
use std::time::Duration;
use wasm_grpc_guest::testing::Guest;
use wasm_grpc_guest::{
    Code, Either, Replies, Request, Sender, Services, Streaming, TaskEnded, log, select, sleep, spawn, timeout,
    yield_now,
};

const HOUR: Duration = Duration::from_secs(3600);

#[derive(Default)]
struct Waiter {
    waiting: RefCell<Vec<String>>,
}

/// Says in the log that it was dropped.
struct Told(&'static str);

impl Drop for Told {
    fn drop(&mut self) {
        log(wasm_grpc_guest::Level::Info, self.0);
    }
}

impl Talk for Waiter {
    async fn one(&self, request: Request<Text>) -> Result<Text> {
        let said = match request.get_ref().text.as_str() {
            "sleepers" => {
                let woken = std::rc::Rc::new(RefCell::new(String::new()));
                let sleepers = [3, 1, 2].map(|hours| {
                    let woken = woken.clone();
                    spawn(async move {
                        sleep(HOUR * hours).await;
                        *woken.borrow_mut() += &hours.to_string();
                        hours
                    })
                });
                let mut sum = 0;
                for sleeper in sleepers {
                    sum += sleeper.await?;
                }
                format!("{} and {sum}", woken.borrow())
            }
            "timeout" => {
                let _told = timeout(HOUR, async {
                    let _told = Told("dropped by the timeout");
                    sleep(2 * HOUR).await;
                })
                .await
                .unwrap_err();
                timeout(HOUR, async { "in time".to_owned() }).await?
            }
            "left behind" => {
                spawn(async {
                    let _told = Told("dropped with its call");
                    sleep(HOUR).await;
                });
                yield_now().await;
                "left".into()
            }
            "aborted" => {
                let task = spawn(async {
                    let _told = Told("aborted");
                    sleep(HOUR).await;
                });
                yield_now().await;
                assert!(!task.is_finished());
                task.abort();
                assert!(task.is_finished());
                format!("{:?}", task.await == Err(TaskEnded))
            }
            "turns" => {
                let turns = std::rc::Rc::new(RefCell::new(String::new()));
                let task = |name: &'static str| {
                    let turns = turns.clone();
                    spawn(async move {
                        for _ in 0..3 {
                            *turns.borrow_mut() += name;
                            yield_now().await;
                        }
                    })
                };
                let (a, b) = (task("a"), task("b"));
                a.await?;
                b.await?;
                turns.take()
            }
            _ => {
                let _told = Told("dropped where it waited");
                sleep(HOUR).await;
                "slept".into()
            }
        };
        Ok(text(said).into())
    }

    async fn join(&self, request: Request<Streaming<Text>>) -> Result<Text> {
        let mut messages = request.into_inner();
        let _told = Told("its reader was dropped");
        while let Some(message) = messages.message().await? {
            self.waiting.borrow_mut().push(message.text);
        }
        Ok(text(self.waiting.borrow().join(" ")).into())
    }

    async fn repeat(&self, request: Request<Text>) -> Result<Replies<Text>> {
        let message = request.into_inner();
        Ok(Replies::new(async move |mut out: Sender<Text>| {
            loop {
                out.send(message.clone()).await;
                sleep(HOUR).await;
            }
        }))
    }

    async fn chat(&self, request: Request<Streaming<Text>>) -> Result<Replies<Text>> {
        let mut messages = request.into_inner();
        Ok(Replies::new(async move |mut out: Sender<Text>| {
            loop {
                match select(messages.message(), sleep(HOUR)).await {
                    Either::Left(message) => match message? {
                        Some(message) => out.send(message).await,
                        None => return Ok(()),
                    },
                    Either::Right(()) => out.send(text("are you still there?")).await,
                }
            }
        }))
    }
}

fn alone(services: &mut Services) {
    services.add_service(TalkServer(Waiter::default()));
}

fn shared(services: &mut Services) {
    services.add_shared_service(TalkServer(Waiter::default()));
}

fn everywhere(test: impl Fn(&Guest)) {
    for serve in [alone, shared] {
        test(&Guest::new(serve));
    }
}

fn one(guest: &Guest, request: &str) -> String {
    guest.unary::<_, Text>("/test.Talk/One", &text(request)).unwrap().text
}

fn encoded(request: &str) -> Vec<u8> {
    prost::Message::encode_to_vec(&text(request))
}

fn decoded(messages: impl IntoIterator<Item = Vec<u8>>) -> Vec<String> {
    messages.into_iter().map(|message| <Text as prost::Message>::decode(&message[..]).unwrap().text).collect()
}

#[test]
fn tasks_sleep_side_by_side() {
    everywhere(|guest| assert_eq!(one(guest, "sleepers"), "123 and 6"));
}

#[test]
fn tasks_take_turns() {
    everywhere(|guest| assert_eq!(one(guest, "turns"), "ababab"));
}

#[test]
fn what_takes_too_long_is_dropped() {
    everywhere(|guest| {
        assert_eq!(one(guest, "timeout"), "in time");
        assert_eq!(guest.log(), ["info: dropped by the timeout"]);
    });
}

#[test]
fn a_task_is_dropped_with_its_call() {
    everywhere(|guest| {
        assert_eq!(one(guest, "left behind"), "left");
        assert_eq!(guest.log(), ["info: dropped with its call"]);
    });
}

#[test]
fn a_task_that_is_aborted_gives_nothing() {
    everywhere(|guest| {
        assert_eq!(one(guest, "aborted"), "true");
        assert_eq!(guest.log(), ["info: aborted"]);
    });
}

#[test]
fn the_deadline_drops_a_method_where_it_waits() {
    everywhere(|guest| {
        let outcome = guest.call("/test.Talk/One").message(encoded("")).timeout(HOUR / 2).run();
        assert_eq!(outcome.code, Code::DeadlineExceeded);
        assert_eq!(guest.log(), ["info: dropped where it waited"]);
    });
}

#[test]
fn cancellation_drops_a_method_where_it_waits() {
    everywhere(|guest| {
        let outcome = guest.call("/test.Talk/Join").message(encoded("a")).cancelled().run();
        assert_eq!(outcome.code, Code::Cancelled);
        assert_eq!(guest.log(), ["info: its reader was dropped"]);
    });
}

#[test]
fn a_stream_of_responses_goes_on_until_its_call_ends() {
    everywhere(|guest| {
        let outcome = guest.call("/test.Talk/Repeat").message(encoded("tick")).timeout(HOUR * 3 + HOUR / 2).run();
        assert_eq!(outcome.code, Code::DeadlineExceeded);
        assert_eq!(decoded(outcome.messages), ["tick"; 4]);
    });
}

#[test]
fn calls_of_a_shared_service_meet() {
    let guest = Guest::new(shared);
    let (first, second) = (guest.call("/test.Talk/Join").open(), guest.call("/test.Talk/Join").open());
    first.send(encoded("a"));
    second.send(encoded("b"));
    first.send(encoded("c"));
    assert_eq!(decoded(second.finish().messages), ["a b c"]);
    assert_eq!(decoded(first.finish().messages), ["a b c"]);
}

#[test]
fn what_comes_first_of_a_message_and_a_time_is_taken() {
    let guest = Guest::new(shared);
    let call = guest.call("/test.Talk/Chat").open();
    call.send(encoded("hi"));
    assert_eq!(decoded(call.receive()), ["hi"]);
    guest.advance(HOUR * 2);
    assert_eq!(decoded(call.receive()), ["are you still there?"; 2]);
    call.send(encoded("yes"));
    assert_eq!(decoded(call.receive()), ["yes"]);
    assert_eq!(call.finish().code, Code::Ok);
}

#[test]
#[should_panic(expected = "sleep is of a call")]
fn sleep_elsewhere_says_where_it_may_be_used() {
    let waker = std::task::Waker::noop();
    let guest = Guest::new(alone);
    let _ = std::pin::pin!(sleep(HOUR)).poll(&mut std::task::Context::from_waker(waker));
    drop(guest);
}
