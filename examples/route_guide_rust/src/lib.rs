//! routeguide.RouteGuide (examples/route_guide/route_guide.proto) as a guest in Rust: all four kinds of method.

mod places;

use places::{Coordinates, PLACES, Place, place_at};
use routeguide::route_guide_server::{RouteGuide, RouteGuideServer};
use routeguide::{Feature, Point, Rectangle, RouteNote, RouteSummary};
use std::collections::HashMap;
use std::time::Instant;
use wasm_grpc_guest::{Replies, Request, Response, Services, Status, Streaming, services};

mod routeguide {
    wasm_grpc_guest::include_proto!("routeguide");
}

// What one chat may make us keep. A guest's memory is limited, and the client decides how long it talks.
const MAX_NOTES: usize = 10_000;
const MAX_NOTE_BYTES: usize = 4 << 20;

struct Guide;

impl RouteGuide for Guide {
    async fn get_feature(&self, request: Request<Point>) -> Result<Response<Feature>, Status> {
        let point = request.into_inner();
        let known = place_at(coordinates(Some(&point)));
        Ok(Response::new(known.map(feature_of).unwrap_or(Feature { location: Some(point), ..Feature::default() })))
    }

    type ListFeaturesStream = Replies<Feature>;

    async fn list_features(&self, request: Request<Rectangle>) -> Result<Response<Self::ListFeaturesStream>, Status> {
        let area = request.into_inner();
        let (lo, hi) = (coordinates(area.lo.as_ref()), coordinates(area.hi.as_ref()));
        let latitudes = lo.latitude.min(hi.latitude)..=lo.latitude.max(hi.latitude);
        let longitudes = lo.longitude.min(hi.longitude)..=lo.longitude.max(hi.longitude);
        let is_inside =
            move |place: &&Place| latitudes.contains(&place.at.latitude) && longitudes.contains(&place.at.longitude);
        Ok(Replies::from_iter(PLACES.iter().filter(is_inside).map(feature_of)))
    }

    async fn record_route(&self, request: Request<Streaming<Point>>) -> Result<Response<RouteSummary>, Status> {
        let begin = Instant::now();
        let mut points = request.into_inner();
        let mut summary = RouteSummary::default();
        let mut metres = 0.0;
        let mut last = None;
        while let Some(point) = points.message().await? {
            let at = coordinates(Some(&point));
            if let Some(last) = last {
                metres += distance(last, at);
            }
            summary.feature_count += i32::from(place_at(at).is_some());
            summary.point_count += 1;
            last = Some(at);
        }
        summary.distance = metres.round() as i32; // as large as it can be, where it is larger
        summary.elapsed_time = begin.elapsed().as_secs_f64().round() as i32;
        Ok(Response::new(summary))
    }

    type RouteChatStream = Replies<RouteNote>;

    async fn route_chat(
        &self,
        request: Request<Streaming<RouteNote>>,
    ) -> Result<Response<Self::RouteChatStream>, Status> {
        let mut notes = request.into_inner();
        Ok(Replies::new(async move |mut out| {
            let mut kept: HashMap<Coordinates, Vec<RouteNote>> = HashMap::new();
            let (mut count, mut bytes) = (0, 0);
            while let Some(note) = notes.message().await? {
                count += 1;
                bytes += note.message.len();
                let earlier = kept.entry(coordinates(note.location.as_ref())).or_default();
                for note in earlier.iter() {
                    out.send(note.clone()).await;
                }
                if count > MAX_NOTES || bytes > MAX_NOTE_BYTES {
                    return Err(Status::resource_exhausted(
                        "too many notes: at most 10000 in a chat, and 4 MiB of text",
                    ));
                }
                earlier.push(note);
            }
            Ok(())
        }))
    }
}

/// Of a message that has left the point out, those of an empty one.
fn coordinates(point: Option<&Point>) -> Coordinates {
    point.map(|point| Coordinates { latitude: point.latitude, longitude: point.longitude }).unwrap_or_default()
}

fn feature_of(place: &Place) -> Feature {
    let location = Point { latitude: place.at.latitude, longitude: place.at.longitude };
    Feature { name: place.name.into(), location: Some(location) }
}

/// Metres on the great circle between two points (haversine formula; mean radius of the earth, 6371 km).
fn distance(from: Coordinates, to: Coordinates) -> f64 {
    const RADIUS: f64 = 6_371_000.0;
    let radians = |degrees: i32| (f64::from(degrees) / 1e7).to_radians();
    let half_latitude = (radians(to.latitude) - radians(from.latitude)) / 2.0;
    let half_longitude = (radians(to.longitude) - radians(from.longitude)) / 2.0;
    let a = half_latitude.sin().powi(2)
        + radians(from.latitude).cos() * radians(to.latitude).cos() * half_longitude.sin().powi(2);
    RADIUS * 2.0 * a.sqrt().atan2((1.0 - a).max(0.0).sqrt())
}

services!(serve);
fn serve(services: &mut Services) {
    services.add_service(RouteGuideServer::new(Guide));
}
