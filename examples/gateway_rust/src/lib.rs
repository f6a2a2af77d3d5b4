//! gateway.Gateway (examples/gateway/gateway.proto) as a guest in Rust: asks three services at once and merges what they
//! answer in time.

use gateway::gateway_server::{Gateway, GatewayServer};
use gateway::{ExploreRequest, Spot, VisitReply, VisitRequest};
use helloworld::HelloRequest;
use helloworld::greeter_client::GreeterClient;
use routeguide::route_guide_client::RouteGuideClient;
use routeguide::{Point, Rectangle};
use std::time::Duration;
use wasm_grpc_guest::{Replies, Request, Response, Services, Status, join3, require_target, services};
use weather::weather_client::WeatherClient;
use weather::{Place, Report};

mod gateway {
    wasm_grpc_guest::include_proto!("gateway");
}
mod helloworld {
    wasm_grpc_guest::include_proto!("helloworld");
}
#[allow(dead_code)] // what the gateway has no use for
mod routeguide {
    wasm_grpc_guest::include_proto!("routeguide");
}
mod weather {
    wasm_grpc_guest::include_proto!("weather");
}

/// What is not known after so long is left out.
const PATIENCE: Duration = Duration::from_secs(2);

struct MyGateway {
    greeter: GreeterClient,
    guide: RouteGuideClient,
    weather: WeatherClient,
}

/// A request that is given that time.
fn within<T>(time: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(time);
    request
}

fn text_of(report: &Report) -> String {
    format!("{}, {} C", report.sky, report.degrees)
}

/// The response of a service, or a note that it had none.
fn or_note<T: Default>(service: &str, result: Result<Response<T>, Status>, missing: &mut Vec<String>) -> T {
    result.map(Response::into_inner).unwrap_or_else(|status| {
        missing.push(format!("{service}: code {}, {}", status.code() as i32, status.message()));
        T::default()
    })
}

impl Gateway for MyGateway {
    async fn visit(&self, request: Request<VisitRequest>) -> Result<Response<VisitReply>, Status> {
        // The client is to have what there is before its deadline.
        let time = request.call().time_left().map_or(PATIENCE, |left| PATIENCE.min(left * 9 / 10));
        let VisitRequest { name, latitude, longitude } = request.into_inner();
        let (hello, feature, report) = join3(
            self.greeter.say_hello(within(time, HelloRequest { name })),
            self.guide.get_feature(within(time, Point { latitude, longitude })),
            self.weather.now(within(time, Place { latitude, longitude })),
        )
        .await;
        let mut missing = Vec::new();
        let greeting = or_note("greeter", hello, &mut missing).message;
        let place = or_note("guide", feature, &mut missing).name;
        let weather = report.is_ok();
        let report = or_note("weather", report, &mut missing);
        let weather = if weather { text_of(&report) } else { String::new() };
        Ok(Response::new(VisitReply { greeting, place, weather, missing }))
    }

    type ExploreStream = Replies<Spot>;

    async fn explore(&self, request: Request<ExploreRequest>) -> Result<Response<Self::ExploreStream>, Status> {
        let area = request.into_inner();
        let lo = Some(Point { latitude: area.latitude_from, longitude: area.longitude_from });
        let hi = Some(Point { latitude: area.latitude_to, longitude: area.longitude_to });
        let mut features = self.guide.list_features(Rectangle { lo, hi }).await?.into_inner();
        let weather = self.weather.clone();
        Ok(Replies::new(async move |mut out| {
            while let Some(feature) = features.message().await? {
                let Point { latitude, longitude } = feature.location.unwrap_or_default();
                let report = weather.now(Place { latitude, longitude }).await;
                let weather = report.map(|report| text_of(report.get_ref())).unwrap_or_default();
                out.send(Spot { place: feature.name, weather }).await;
            }
            Ok(())
        }))
    }
}

services!(serve);
fn serve(services: &mut Services) {
    for target in ["greeter", "guide", "weather"] {
        require_target(target);
    }
    services.add_shared_service(GatewayServer::new(MyGateway {
        greeter: GreeterClient::new("greeter"),
        guide: RouteGuideClient::new("guide"),
        weather: WeatherClient::new("weather"),
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use helloworld::HelloReply;
    use prost::Message;
    use routeguide::Feature;
    use wasm_grpc_guest::Code;
    use wasm_grpc_guest::testing::{Answer, Guest};

    fn guest() -> Guest {
        let guest = Guest::new(serve);
        guest.answer("greeter/helloworld.Greeter/SayHello", |_| {
            Answer::ok([HelloReply { message: "Hello Ada".into() }.encode_to_vec()])
        });
        guest.answer("guide/routeguide.RouteGuide/GetFeature", |_| {
            Answer::ok([Feature { name: "Heron Bridge".into(), location: None }.encode_to_vec()])
        });
        guest
    }

    fn visit(guest: &Guest) -> VisitReply {
        let request = VisitRequest { name: "Ada".into(), ..Default::default() };
        guest.unary("/gateway.Gateway/Visit", &request).unwrap()
    }

    #[test]
    fn three_services_make_one_answer() {
        let guest = guest();
        guest.answer("weather/weather.Weather/Now", |_| {
            Answer::ok([Report { sky: "clear".into(), degrees: 20 }.encode_to_vec()]).after(Duration::from_secs(1))
        });
        let reply = visit(&guest);
        assert_eq!((reply.greeting.as_str(), reply.place.as_str()), ("Hello Ada", "Heron Bridge"));
        assert_eq!(reply.weather, "clear, 20 C");
        assert!(reply.missing.is_empty());
    }

    #[test]
    fn what_is_not_there_in_time_is_left_out() {
        let guest = guest();
        guest.answer("weather/weather.Weather/Now", |_| {
            Answer::error(Code::Internal, "too late").after(Duration::from_secs(60))
        });
        let reply = visit(&guest);
        assert_eq!((reply.greeting.as_str(), reply.place.as_str()), ("Hello Ada", "Heron Bridge"));
        assert!(reply.missing[0].starts_with("weather: code 4"), "{:?}", reply.missing);
    }
}
