//! What is logged by the crates `log` and `tracing` are lines of the call.

use wasm_grpc_guest::testing::Guest;
use wasm_grpc_guest::{Call, Services, Status, init_log, init_tracing};

fn logs(_: &Call, _: &[u8]) -> Result<&'static str, Status> {
    log::warn!(number = 7, text = "two words"; "by {}", "log");
    log::trace!("left out");
    Ok("")
}

fn traces(_: &Call, _: &[u8]) -> Result<&'static str, Status> {
    let outer = tracing::info_span!("outer", item = "tea", cups = tracing::field::Empty);
    outer.record("cups", 2);
    let _entered = outer.enter();
    let inner = tracing::info_span!("inner", pot = 1);
    inner.in_scope(|| tracing::info!(price = 1.5, "sold {}", "out"));
    tracing::error!("after");
    tracing::debug!("left out");
    Ok("")
}

fn serve(services: &mut Services) {
    services.service("test.Log").unary("Logs", logs).unary("Traces", traces);
    // Once in a process, which tests share.
    let _ = init_log(log::LevelFilter::Info);
    let _ = init_tracing(tracing::level_filters::LevelFilter::INFO);
}

#[test]
fn records_are_lines_with_their_keys_and_values() {
    let guest = Guest::new(serve);
    guest.call("/test.Log/Logs").message("").run();
    assert_eq!(guest.log(), [r#"warn: by log method=/test.Log/Logs number="7" text="two words""#]);
    log::info!("of no call");
    assert_eq!(guest.log().last().unwrap(), "info: of no call");
}

#[test]
fn events_have_the_fields_of_their_spans() {
    let guest = Guest::new(serve);
    guest.call("/test.Log/Traces").message("").run();
    assert_eq!(
        guest.log(),
        [
            r#"info: sold out method=/test.Log/Traces item="tea" cups="2" pot="1" price="1.5""#,
            r#"error: after method=/test.Log/Traces item="tea" cups="2""#
        ]
    );
}
