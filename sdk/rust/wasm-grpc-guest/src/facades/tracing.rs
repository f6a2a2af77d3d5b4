//! The crate `tracing`.

use super::{Pairs, write};
use crate::abi::local;
use crate::logging::Level;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Debug;
use tracing_core::dispatcher::{Dispatch, SetGlobalDefaultError, set_global_default};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Current, Id, Record};
use tracing_core::subscriber::{Interest, Subscriber};
use tracing_core::{Event, LevelFilter, Metadata};

/// Has the events of the crate `tracing`, of this level and above, written to the host's log; their fields, and those of
/// the spans they are in, as keys and values of the line. In a service's function `serve`, or anywhere else once.
///
/// # Errors
/// When another subscriber was set before.
pub fn init_tracing(most: LevelFilter) -> Result<(), SetGlobalDefaultError> {
    set_global_default(Dispatch::new(HostSubscriber { most }))
}

struct HostSubscriber {
    most: LevelFilter,
}

struct Span {
    pairs: Pairs,
    metadata: &'static Metadata<'static>,
    parent: Option<u64>,
    references: usize,
}

#[derive(Default)]
struct Spans {
    spans: BTreeMap<u64, Span>,
    entered: Vec<u64>, // the last is the one that is current
    last: u64,
}

local! {
    fn spans() -> Spans = Spans { spans: BTreeMap::new(), entered: Vec::new(), last: 0 };
}

impl Spans {
    fn parent(&self, is_root: bool, explicit: Option<&Id>) -> Option<u64> {
        if is_root { None } else { explicit.map(Id::into_u64).or(self.entered.last().copied()) }
    }

    /// The fields of a span and of those around it, the outermost first.
    fn gather(&self, span: Option<u64>, pairs: &mut Pairs) {
        if let Some(span) = span.and_then(|number| self.spans.get(&number)) {
            self.gather(span.parent, pairs);
            pairs.0.extend_from_slice(&span.pairs.0);
        }
    }
}

impl Subscriber for HostSubscriber {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.most
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        spans(|spans| {
            let parent = spans.parent(attributes.is_root(), attributes.parent());
            if let Some(parent) = parent.and_then(|number| spans.spans.get_mut(&number)) {
                parent.references += 1;
            }
            spans.last += 1;
            let span = Span { pairs: fields.pairs, metadata: attributes.metadata(), parent, references: 1 };
            spans.spans.insert(spans.last, span);
            Id::from_u64(spans.last)
        })
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        spans(|spans| {
            if let Some(span) = spans.spans.get_mut(&span.into_u64()) {
                span.pairs.0.append(&mut fields.pairs.0);
            }
        });
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        spans(|spans| spans.gather(spans.parent(event.is_root(), event.parent()), &mut fields.pairs));
        event.record(&mut fields);
        let level = match *event.metadata().level() {
            tracing_core::Level::ERROR => Level::Error,
            tracing_core::Level::WARN => Level::Warn,
            tracing_core::Level::INFO => Level::Info,
            tracing_core::Level::DEBUG => Level::Debug,
            _ => Level::Trace,
        };
        write(level, &fields.message, &fields.pairs);
    }

    fn enter(&self, span: &Id) {
        spans(|spans| spans.entered.push(span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        spans(|spans| {
            if let Some(place) = spans.entered.iter().rposition(|entered| *entered == span.into_u64()) {
                spans.entered.remove(place);
            }
        });
    }

    fn clone_span(&self, span: &Id) -> Id {
        spans(|spans| {
            if let Some(span) = spans.spans.get_mut(&span.into_u64()) {
                span.references += 1;
            }
        });
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        spans(|spans| {
            let mut number = Some(span.into_u64());
            let mut closed = false;
            while let Some(span) = number.and_then(|number| spans.spans.get_mut(&number)) {
                span.references -= 1;
                if span.references > 0 {
                    break;
                }
                closed = true;
                number = number.and_then(|number| spans.spans.remove(&number)).and_then(|span| span.parent);
            }
            closed
        })
    }

    fn current_span(&self) -> Current {
        spans(|spans| {
            let current = spans.entered.last().and_then(|number| Some((*number, spans.spans.get(number)?)));
            current.map_or_else(Current::none, |(number, span)| Current::new(Id::from_u64(number), span.metadata))
        })
    }
}

/// The fields of an event or a span; its message apart.
#[derive(Default)]
struct Fields {
    message: String,
    pairs: Pairs,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            self.pairs.add(field.name(), value.into());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = alloc::format!("{value:?}");
        } else {
            self.pairs.add_debug(field.name(), value);
        }
    }
}
