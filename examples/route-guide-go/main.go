// routeguide.RouteGuide (examples/route_guide/route_guide.proto) as a guest in Go: all four kinds of method, with the
// messages of protobuf-go.
package main

import (
	_ "embed"
	"math"
	"time"

	"route-guide-go/routeguide"

	"wasm-grpc/guest"
	"wasm-grpc/guest/protobuf"
)

//go:generate protoc -I../route_guide --go_out=routeguide --go_opt=Mroute_guide.proto=route-guide-go/routeguide,paths=source_relative route_guide.proto
//go:generate protoc -I../route_guide --include_imports --descriptor_set_out=routeguide/route_guide.desc route_guide.proto

//go:embed routeguide/route_guide.desc
var descriptors []byte

func init() {
	guest.Descriptors(descriptors)
	guide := guest.NewService("routeguide.RouteGuide").Codec(protobuf.Codec{})
	guest.Unary(guide, "GetFeature", getFeature)
	guest.ServerStream(guide, "ListFeatures", listFeatures)
	guest.ClientStream(guide, "RecordRoute", recordRoute)
	guest.BidiStream(guide, "RouteChat", routeChat)
}

func main() {}

// What one chat may make us keep. A guest's memory is limited, and the client decides how long it talks.
const (
	maxNotes     = 10_000
	maxNoteBytes = 4 << 20
)

func coordinatesOf(point *routeguide.Point) coordinates {
	return coordinates{point.GetLatitude(), point.GetLongitude()}
}

func pointOf(at coordinates) *routeguide.Point {
	return &routeguide.Point{Latitude: at.latitude, Longitude: at.longitude}
}

func featureOf(place *place) *routeguide.Feature {
	return &routeguide.Feature{Name: place.name, Location: pointOf(place.at)}
}

func getFeature(_ *guest.Context, point *routeguide.Point) (*routeguide.Feature, error) {
	if known := placeAt(coordinatesOf(point)); known != nil {
		return featureOf(known), nil
	}
	return &routeguide.Feature{Location: point}, nil
}

func listFeatures(_ *guest.Context, area *routeguide.Rectangle, out *guest.MessageWriter[routeguide.Feature]) error {
	lo, hi := coordinatesOf(area.GetLo()), coordinatesOf(area.GetHi())
	south, north := min(lo.latitude, hi.latitude), max(lo.latitude, hi.latitude)
	west, east := min(lo.longitude, hi.longitude), max(lo.longitude, hi.longitude)
	for i := range places {
		at := places[i].at
		if at.latitude < south || at.latitude > north || at.longitude < west || at.longitude > east {
			continue
		}
		if err := out.Send(featureOf(&places[i])); err != nil {
			return err
		}
	}
	return nil
}

func recordRoute(_ *guest.Context, in *guest.MessageReader[routeguide.Point]) (*routeguide.RouteSummary, error) {
	begin := time.Now()
	summary := &routeguide.RouteSummary{}
	metres := 0.0
	var last coordinates
	for point := range in.All() {
		at := coordinatesOf(point)
		if summary.PointCount > 0 {
			metres += distance(last, at)
		}
		if placeAt(at) != nil {
			summary.FeatureCount++
		}
		summary.PointCount++
		last = at
	}
	summary.Distance = int32(min(math.Round(metres), math.MaxInt32))
	summary.ElapsedTime = int32(math.Round(time.Since(begin).Seconds()))
	return summary, in.Err()
}

func routeChat(_ *guest.Context, in *guest.MessageReader[routeguide.RouteNote],
	out *guest.MessageWriter[routeguide.RouteNote]) error {
	notes := map[coordinates][]*routeguide.RouteNote{}
	count, bytes := 0, 0
	for note := range in.All() {
		at := coordinatesOf(note.GetLocation())
		for _, earlier := range notes[at] {
			if err := out.Send(earlier); err != nil {
				return err
			}
		}
		count++
		bytes += len(note.GetMessage())
		if count > maxNotes || bytes > maxNoteBytes {
			return guest.Error(guest.ResourceExhausted, "too many notes: at most 10000 in a chat, and 4 MiB of text")
		}
		notes[at] = append(notes[at], &routeguide.RouteNote{Location: pointOf(at), Message: note.GetMessage()})
	}
	return in.Err()
}

// distance is in metres on the great circle between two points (haversine formula; mean radius of the earth, 6371 km).
func distance(from, to coordinates) float64 {
	const radius, radians = 6371000, math.Pi / 180 / 1e7
	latitude := (float64(to.latitude) - float64(from.latitude)) * radians
	longitude := (float64(to.longitude) - float64(from.longitude)) * radians
	a := math.Pow(math.Sin(latitude/2), 2) +
		math.Cos(float64(from.latitude)*radians)*math.Cos(float64(to.latitude)*radians)*math.Pow(math.Sin(longitude/2), 2)
	return radius * 2 * math.Atan2(math.Sqrt(a), math.Sqrt(max(0, 1-a)))
}
