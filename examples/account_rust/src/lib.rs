//! account.Accounts (examples/account/account.proto) as a guest in Rust: actors whose state survives them. docs/actors.md walks
//! through the same in C++.

use account::accounts_server::{Accounts, AccountsServer};
use account::{Amount, Balance, HoldRequest, ShowRequest, State, state::Held};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wasm_grpc_guest::{
    Call, Level, Placement, Request, Response, Services, Status, actor, cancel_alarm, log, services, set_alarm,
};

mod account {
    wasm_grpc_guest::include_proto!("account");
}

const MOST_CENTS: i64 = 1_000_000_000_000;
const MOST_MILLISECONDS: u32 = 86_400_000;
const MOST_HOLDS: usize = 100;
/// When an alarm could not write, as a call did just then, or another process.
const PAUSE: Duration = Duration::from_millis(200);

struct Clerk {
    /// Of this instance, which is of one account.
    state: actor::State<State>,
}

impl Clerk {
    async fn change(
        &self,
        call: Call,
        cents: i64,
        make: impl FnOnce(&mut State) -> Result<(), Status>,
    ) -> Result<Response<Balance>, Status> {
        if cents <= 0 {
            return Err(Status::invalid_argument("an amount is more than 0"));
        }
        let keep = |state: &mut State| {
            make(state)?;
            Ok(state.clone())
        };
        let after = self.state.update(call, keep).await?;
        if !after.holds.is_empty() {
            set_alarm_for(&after);
        }
        Ok(Response::new(balance_of(&after)))
    }
}

impl Accounts for Clerk {
    async fn deposit(&self, request: Request<Amount>) -> Result<Response<Balance>, Status> {
        let cents = request.get_ref().cents;
        let deposit = |state: &mut State| {
            if cents > MOST_CENTS - state.cents {
                return Err(Status::failed_precondition("that is too much"));
            }
            state.cents += cents;
            Ok(())
        };
        self.change(request.call(), cents, deposit).await
    }

    async fn withdraw(&self, request: Request<Amount>) -> Result<Response<Balance>, Status> {
        let cents = request.get_ref().cents;
        let withdraw = |state: &mut State| {
            if balance_of(state).free_cents < cents {
                return Err(Status::failed_precondition("there is less"));
            }
            state.cents -= cents;
            Ok(())
        };
        self.change(request.call(), cents, withdraw).await
    }

    async fn hold(&self, request: Request<HoldRequest>) -> Result<Response<Balance>, Status> {
        let HoldRequest { cents, milliseconds } = *request.get_ref();
        let hold = |state: &mut State| {
            if milliseconds > MOST_MILLISECONDS {
                return Err(Status::invalid_argument("that is more than a day"));
            }
            if state.holds.len() >= MOST_HOLDS {
                return Err(Status::failed_precondition("there are too many"));
            }
            if balance_of(state).free_cents < cents {
                return Err(Status::failed_precondition("there is less"));
            }
            state.holds.push(Held { cents, until_ms: now_ms() + i64::from(milliseconds) });
            Ok(())
        };
        self.change(request.call(), cents, hold).await
    }

    async fn show(&self, request: Request<ShowRequest>) -> Result<Response<Balance>, Status> {
        self.state.read(request.call(), balance_of).await.map(Response::new)
    }
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as i64)
}

/// How the account stands; what was held and has passed is free.
fn balance_of(state: &State) -> Balance {
    let now = now_ms();
    let held: i64 = state.holds.iter().filter(|hold| hold.until_ms > now).map(|hold| hold.cents).sum();
    Balance { cents: state.cents, free_cents: state.cents - held }
}

fn set_alarm_for(state: &State) {
    match state.holds.iter().map(|hold| hold.until_ms).min() {
        Some(first) => {
            set_alarm(Duration::from_millis(u64::try_from(first - now_ms()).unwrap_or(0).max(1)));
        }
        None => cancel_alarm(),
    }
}

/// Writes down that holds have ended.
fn end_holds(account: &actor::State<State>) {
    let done = account.update_now(|state| {
        let now = now_ms();
        state.holds.retain(|hold| hold.until_ms > now);
        set_alarm_for(state);
        Ok(())
    });
    if done.is_err() {
        set_alarm(PAUSE);
    }
}

services!(serve);
fn serve(services: &mut Services) {
    let state = actor::State::new("account/", "account-id");
    let (of_alarm, of_ending) = (state.clone(), state.clone());
    services.place(Placement::Header("account-id"));
    services.add_shared_service(AccountsServer::new(Clerk { state }));
    services.on_alarm(move || end_holds(&of_alarm));
    // All that was answered is written; what is lost with the instance can be read again.
    services.on_ending(move || log(Level::Info, &format!("gave up {}", of_ending.key())));
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;
    use wasm_grpc_guest::testing::{Guest, Outcome};
    use wasm_grpc_guest::{Code, kv};

    fn call(guest: &Guest, method: &str, request: &impl Message) -> Outcome {
        let path = format!("/account.Accounts/{method}");
        guest.call(&path).metadata("account-id", "alice").message(request.encode_to_vec()).run()
    }

    fn balance(outcome: Outcome) -> Balance {
        outcome.decoded::<Balance>().unwrap()[0]
    }

    #[test]
    fn an_account_is_as_its_calls_left_it() {
        let guest = Guest::new(serve);
        balance(call(&guest, "Deposit", &Amount { cents: 1000 }));
        assert_eq!(balance(call(&guest, "Withdraw", &Amount { cents: 300 })).cents, 700);
        assert_eq!(call(&guest, "Withdraw", &Amount { cents: 701 }).code, Code::FailedPrecondition);
        assert_eq!(balance(call(&guest, "Show", &ShowRequest {})).cents, 700);
        assert!(kv::get("account/alice").is_some());
    }

    #[test]
    fn what_is_held_is_not_free_and_has_an_alarm() {
        let guest = Guest::new(serve);
        balance(call(&guest, "Deposit", &Amount { cents: 500 }));
        let held = balance(call(&guest, "Hold", &HoldRequest { cents: 400, milliseconds: 60_000 }));
        assert_eq!((held.cents, held.free_cents), (500, 100));
        assert!(guest.alarm().is_some());
    }
}
