// gateway.Gateway (examples/gateway/gateway.proto) as a guest in Go: asks three services at once, by a goroutine each, and
// merges what they answer in time.
package main

import (
	"context"
	_ "embed"
	"fmt"
	"sync"
	"time"

	"gateway-go/gateway"
	"gateway-go/helloworld"
	"gateway-go/routeguide"
	"gateway-go/weather"

	"wasm-grpc/guest"
	"wasm-grpc/guest/client"
)

//go:generate ./generate

//go:embed gateway/gateway.desc
var descriptors []byte

var (
	greeter  = client.NewService("greeter", "helloworld.Greeter")
	sayHello = client.Unary[helloworld.HelloRequest, helloworld.HelloReply](greeter, "SayHello")

	guide        = client.NewService("guide", "routeguide.RouteGuide")
	getFeature   = client.Unary[routeguide.Point, routeguide.Feature](guide, "GetFeature")
	listFeatures = client.ServerStream[routeguide.Rectangle, routeguide.Feature](guide, "ListFeatures")

	sky = client.NewService("weather", "weather.Weather")
	now = client.Unary[weather.Place, weather.Report](sky, "Now")
)

func init() {
	for _, target := range []string{"greeter", "guide", "weather"} {
		client.Require(target)
	}
	guest.Descriptors(descriptors)
	service := guest.NewService("gateway.Gateway")
	guest.Unary(service, "Visit", visit)
	guest.ServerStream(service, "Explore", explore)
}

func main() {}

// What is not known after so long is left out.
const patience = 2 * time.Second

// timeFor is the time for the services: the client is to have what there is before its deadline.
func timeFor(ctx *guest.Context) time.Duration {
	if deadline, has := ctx.Deadline(); has {
		return min(patience, time.Until(deadline)*9/10)
	}
	return patience
}

func visit(ctx *guest.Context, request *gateway.VisitRequest) (*gateway.VisitReply, error) {
	var reply gateway.VisitReply
	var asked sync.WaitGroup
	var mutex sync.Mutex // of what is missing
	ask := func(service string, call func() error) {
		asked.Add(1)
		go func() {
			defer asked.Done()
			if err := call(); err != nil {
				mutex.Lock()
				defer mutex.Unlock()
				reply.Missing = append(reply.Missing, fmt.Sprintf("%s: code %d, %v", service, guest.StatusOf(err).Code, err))
			}
		}()
	}
	within := client.Timeout(timeFor(ctx))
	ask("greeter", func() error {
		hello, err := sayHello(ctx, &helloworld.HelloRequest{Name: request.Name}, within)
		reply.Greeting = hello.GetMessage()
		return err
	})
	ask("guide", func() error {
		point := &routeguide.Point{Latitude: request.Latitude, Longitude: request.Longitude}
		feature, err := getFeature(ctx, point, within)
		reply.Place = feature.GetName()
		return err
	})
	ask("weather", func() (err error) {
		reply.Weather, err = weatherAt(ctx, request.Latitude, request.Longitude, within)
		return err
	})
	asked.Wait()
	return &reply, nil
}

func explore(ctx *guest.Context, request *gateway.ExploreRequest, out *guest.MessageWriter[gateway.Spot]) error {
	features := listFeatures(ctx, &routeguide.Rectangle{
		Lo: &routeguide.Point{Latitude: request.LatitudeFrom, Longitude: request.LongitudeFrom},
		Hi: &routeguide.Point{Latitude: request.LatitudeTo, Longitude: request.LongitudeTo},
	})
	for feature := range features.All() {
		at := feature.GetLocation()
		report, _ := weatherAt(ctx, at.GetLatitude(), at.GetLongitude()) // a place is a place in any weather
		if err := out.Send(&gateway.Spot{Place: feature.GetName(), Weather: report}); err != nil {
			return err
		}
	}
	return features.Err()
}

func weatherAt(ctx context.Context, latitude, longitude int32, options ...client.Option) (string, error) {
	report, err := now(ctx, &weather.Place{Latitude: latitude, Longitude: longitude}, options...)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, %d C", report.GetSky(), report.GetDegrees()), nil
}
