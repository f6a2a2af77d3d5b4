//! What a module serves.

use crate::abi::{self, Kind, Style, local};
use crate::blocking::{self, Reader, Writer};
use crate::call::Call;
use crate::executor::{self, Serving};
use crate::instance;
use crate::status::{Code, Status};
use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

/// What serves the calls of one method.
pub(crate) enum Handler {
    Blocking(Box<dyn Fn(Call) -> Result<(), Status>>),
    Async(Box<dyn Fn(Call) -> Serving>),
}

local! {
    /// By their tags.
    fn handlers() -> Vec<Rc<Handler>> = Vec::new();
}

/// Which instance the calls of shared services meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement<'a> {
    /// One for each worker thread; so it is when nothing is said. For what needs no common state, such as a cache.
    Worker,
    /// One in the process, which all clients share.
    Process,
    /// One for each value of this request header: an actor for each room. Those that are not used are given up after a
    /// while.
    Header(&'a str),
}

/// Declares what the module serves, while it starts: see [`services!`](crate::services).
///
/// What the host refuses of it fails the load of the module, and the host says why.
#[derive(Debug)]
pub struct Services {
    _private: (),
}

/// A service that wasm-grpc-build generates, over an implementation of its trait.
pub trait Service {
    /// Its name, `package.Service`.
    const NAME: &'static str;
    /// Adds its methods.
    fn declare(self, methods: &mut Methods<'_>);
}

impl Services {
    /// Serves calls of a generated service each in an instance of its own: calls share nothing, and what is kept in
    /// `service` is kept for some later calls. Waiting holds up nobody.
    pub fn add_service<S: Service>(&mut self, service: S) -> &mut Self {
        self.add(service, Style::Handler)
    }

    /// Serves calls of a generated service thousands to an instance, which share `service`: see [`place`](Self::place). The
    /// instance's calls go on while one of them awaits something; where one computes they wait, and where one panics they
    /// are lost.
    pub fn add_shared_service<S: Service>(&mut self, service: S) -> &mut Self {
        self.add(service, Style::Events)
    }

    fn add<S: Service>(&mut self, service: S, style: Style) -> &mut Self {
        service.declare(&mut Methods { services: self, name: S::NAME, style });
        self
    }

    /// Says which instance the calls of shared services meet, of all of them in this module.
    pub fn place(&mut self, placement: Placement<'_>) -> &mut Self {
        match placement {
            Placement::Worker => abi::placement(0, ""),
            Placement::Process => abi::placement(1, ""),
            Placement::Header(key) => abi::placement(2, key),
        };
        self
    }

    /// Says what runs when the time of [`set_alarm`](crate::set_alarm) has come. There is no call then, and nothing to await;
    /// what it wakes goes on afterwards.
    pub fn on_alarm(&mut self, handler: impl Fn() + 'static) -> &mut Self {
        instance::on_alarm(Rc::new(handler));
        self
    }

    /// Says what runs before an instance of shared services is given up: when it has had no calls for long, when another needs its
    /// room, or the server stops; for a second at most, and not when it was killed. Functions of the store wait there as a whole.
    pub fn on_ending(&mut self, handler: impl Fn() + 'static) -> &mut Self {
        instance::on_ending(Rc::new(handler));
        self
    }

    /// Begins the service of that name, `package.Service`, whose handlers take and give bytes.
    pub fn service(&mut self, name: &str) -> ByteService<'_> {
        ByteService { services: self, name: name.into() }
    }

    /// Adds a handler that blocks.
    pub(crate) fn handler(
        &mut self,
        path: &str,
        kind: Kind,
        body: impl Fn(Call) -> Result<(), Status> + 'static,
    ) -> &mut Self {
        self.method(path, kind, Style::Handler, Handler::Blocking(Box::new(body)));
        self
    }

    /// Adds an `async` handler.
    #[cfg(feature = "http")]
    pub(crate) fn async_handler(
        &mut self,
        path: &str,
        kind: Kind,
        style: Style,
        serve: Box<dyn Fn(Call) -> Serving>,
    ) -> &mut Self {
        self.method(path, kind, style, Handler::Async(serve));
        self
    }

    fn method(&mut self, path: &str, kind: Kind, style: Style, handler: Handler) {
        let tag = handlers(|handlers| {
            handlers.push(Rc::new(handler));
            handlers.len() - 1
        });
        abi::method(path, kind, style, tag as i32);
    }
}

/// Says whether a service of the module is fit to serve, which health checks then tell; it is at first. It holds for all
/// instances of the module. In a start it comes after the service is added.
pub fn set_serving(service: &str, serving: bool) {
    abi::health_set(service, serving);
}

/// A service whose handlers take and give bytes, and block.
#[derive(Debug)]
pub struct ByteService<'a> {
    services: &'a mut Services,
    name: String,
}

impl ByteService<'_> {
    /// Adds a method of one request and one response.
    pub fn unary<R: AsRef<[u8]>>(
        &mut self,
        method: &str,
        handler: impl Fn(&Call, &[u8]) -> Result<R, Status> + 'static,
    ) -> &mut Self {
        self.add(method, Kind::Unary, move |call| {
            let response = blocking::request(call, |request| handler(&call, request))??;
            Writer::new(call).send(response)
        })
    }

    /// Adds a method of many requests and one response.
    pub fn client_stream<R: AsRef<[u8]>>(
        &mut self,
        method: &str,
        handler: impl Fn(&Call, &mut Reader) -> Result<R, Status> + 'static,
    ) -> &mut Self {
        self.add(method, Kind::ClientStream, move |call| {
            let response = handler(&call, &mut Reader::new(call))?;
            Writer::new(call).send(response)
        })
    }

    /// Adds a method of one request and many responses.
    pub fn server_stream(
        &mut self,
        method: &str,
        handler: impl Fn(&Call, &[u8], &mut Writer) -> Result<(), Status> + 'static,
    ) -> &mut Self {
        self.add(method, Kind::ServerStream, move |call| {
            blocking::request(call, |request| handler(&call, request, &mut Writer::new(call)))?
        })
    }

    /// Adds a method of many requests and many responses, in any order.
    pub fn bidi_stream(
        &mut self,
        method: &str,
        handler: impl Fn(&Call, &mut Reader, &mut Writer) -> Result<(), Status> + 'static,
    ) -> &mut Self {
        self.add(method, Kind::BidiStream, move |call| handler(&call, &mut Reader::new(call), &mut Writer::new(call)))
    }

    fn add(&mut self, method: &str, kind: Kind, body: impl Fn(Call) -> Result<(), Status> + 'static) -> &mut Self {
        let path = format!("/{}/{method}", self.name);
        self.services.handler(&path, kind, body);
        self
    }
}

/// Adds the methods of a generated service.
#[derive(Debug)]
pub struct Methods<'a> {
    services: &'a mut Services,
    name: &'static str,
    style: Style,
}

impl Methods<'_> {
    pub(crate) fn add(&mut self, method: &str, kind: Kind, serve: Box<dyn Fn(Call) -> Serving>) {
        let path = format!("/{}/{method}", self.name);
        self.services.method(&path, kind, self.style, Handler::Async(serve));
    }
}

/// `wasm_grpc_start`.
#[doc(hidden)]
pub fn __start(declare: fn(&mut Services)) {
    #[cfg(all(feature = "std", target_arch = "wasm32"))]
    crate::panics::tell();
    drop(handlers(mem::take)); // of a test before
    instance::forget();
    declare(&mut Services { _private: () });
}

/// `wasm_grpc_call`.
#[doc(hidden)]
pub fn __call(call: i32, tag: i32) -> i32 {
    let call = Call::new(call);
    match handler(tag).as_deref() {
        Some(Handler::Blocking(serve)) => {
            executor::enter(call.id());
            let code = executor::end_of(call, serve(call));
            executor::enter(0);
            code
        }
        Some(Handler::Async(serve)) => executor::serve(call, serve(call)),
        None => Code::Unimplemented as i32,
    }
}

/// `wasm_grpc_event`.
#[doc(hidden)]
pub fn __event(call: i32, event: i32, value: i32) {
    if event != abi::event::OPEN {
        return executor::hear(call, event, value);
    }
    if let Some(Handler::Async(serve)) = handler(value).as_deref() {
        executor::open(Call::new(call), serve(Call::new(call)));
    }
}

fn handler(tag: i32) -> Option<Rc<Handler>> {
    handlers(|handlers| handlers.get(usize::try_from(tag).ok()?).cloned())
}

/// Says what the module serves, and makes its exports; once in a module, outside of functions:
///
/// ```
/// use wasm_grpc_guest::{Call, Services, Status, services};
///
/// fn say(_call: &Call, request: &[u8]) -> Result<Vec<u8>, Status> {
///     Ok([b"you said ", request].concat())
/// }
///
/// services!(serve);
/// fn serve(services: &mut Services) {
///     services.service("hello.Hello").unary("Say", say);
/// }
/// ```
///
/// The function runs once in every new instance, and must declare the same every time.
#[macro_export]
macro_rules! services {
    ($declare:path) => {
        $crate::__exports!($declare);
    };
}
