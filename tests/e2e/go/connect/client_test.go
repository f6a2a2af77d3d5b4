// Package connect calls the program by connect-go, in each protocol it speaks.
//
// Messages are dynamic, of the types that the server itself tells by reflection.
package connect

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"wasm-grpc-tests/e2e/served"
)

const limit = served.Limit

// A tongue is what a client speaks.
type tongue struct {
	name    string
	version int // of HTTP
	options []connect.ClientOption
	json    bool
}

var tongues = []tongue{
	{name: "Connect/HTTP1.1", version: 1},
	{name: "Connect/HTTP2", version: 2},
	{name: "Connect/JSON/HTTP1.1", version: 1, json: true, options: []connect.ClientOption{connect.WithProtoJSON()}},
	{name: "Connect/JSON/HTTP2", version: 2, json: true, options: []connect.ClientOption{connect.WithProtoJSON()}},
	{name: "gRPC-Web/HTTP1.1", version: 1, options: []connect.ClientOption{connect.WithGRPCWeb()}},
	{name: "gRPC-Web/HTTP2", version: 2, options: []connect.ClientOption{connect.WithGRPCWeb()}},
	{name: "gRPC-Web/JSON/HTTP1.1", version: 1, json: true, options: []connect.ClientOption{connect.WithGRPCWeb(), connect.WithProtoJSON()}},
	{name: "gRPC-Web/JSON/HTTP2", version: 2, json: true, options: []connect.ClientOption{connect.WithGRPCWeb(), connect.WithProtoJSON()}},
	{name: "gRPC", version: 2, options: []connect.ClientOption{connect.WithGRPC()}},
	{name: "gRPC/JSON", version: 2, json: true, options: []connect.ClientOption{connect.WithGRPC(), connect.WithProtoJSON()}},
}

// inEach runs a test in each tongue that fits.
func inEach(t *testing.T, fits func(tongue) bool, test func(t *testing.T, tongue tongue)) {
	for _, tongue := range tongues {
		if fits(tongue) {
			t.Run(tongue.name, func(t *testing.T) { test(t, tongue) })
		}
	}
}

func every(tongue) bool               { return true }
func binary(tongue tongue) bool       { return !tongue.json }
func overHTTP2(tongue tongue) bool    { return tongue.version == 2 }
func binaryOverHTTP2(one tongue) bool { return binary(one) && overHTTP2(one) }

// A wire does a client's requests, and keeps the last one and its answer to look at.
type wire struct {
	transport http.RoundTripper
	mutex     sync.Mutex
	request   *http.Request
	response  *http.Response
}

func newWire(t *testing.T, version int) *wire {
	t.Helper()
	if version == 1 {
		transport := &http.Transport{}
		t.Cleanup(transport.CloseIdleConnections)
		return &wire{transport: transport}
	}
	transport := &http2.Transport{
		AllowHTTP: true,
		DialTLSContext: func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &wire{transport: transport}
}

func (wire *wire) Do(request *http.Request) (*http.Response, error) {
	response, err := wire.transport.RoundTrip(request)
	wire.mutex.Lock()
	defer wire.mutex.Unlock()
	wire.request, wire.response = request, response
	return response, err
}

func (wire *wire) last() (*http.Request, *http.Response) {
	wire.mutex.Lock()
	defer wire.mutex.Unlock()
	return wire.request, wire.response
}

// mirror is the service described.Mirror of a server, as that tells it.
func mirror(t *testing.T, address string) protoreflect.ServiceDescriptor {
	t.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	stream, err := reflectionpb.NewServerReflectionClient(connection).ServerReflectionInfo(within(t, limit))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: "described.Mirror"},
	}); err != nil {
		t.Fatal(err)
	}
	reply, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	set := &descriptorpb.FileDescriptorSet{}
	for _, bytes := range reply.GetFileDescriptorResponse().GetFileDescriptorProto() {
		file := &descriptorpb.FileDescriptorProto{}
		if err := proto.Unmarshal(bytes, file); err != nil {
			t.Fatal(err)
		}
		set.File = append(set.File, file)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		t.Fatal(err)
	}
	service, err := files.FindDescriptorByName("described.Mirror")
	if err != nil {
		t.Fatal(err)
	}
	return service.(protoreflect.ServiceDescriptor)
}

// A method is one of Mirror's, called in one tongue.
type method struct {
	*connect.Client[dynamicpb.Message, dynamicpb.Message]
	descriptor protoreflect.MethodDescriptor
	wire       *wire
}

func methodOf(t *testing.T, address string, service protoreflect.ServiceDescriptor, name protoreflect.Name, tongue tongue,
	options ...connect.ClientOption) method {
	t.Helper()
	descriptor := service.Methods().ByName(name)
	options = append(options, connect.WithSchema(descriptor), connect.WithResponseInitializer(
		func(spec connect.Spec, message any) error {
			*message.(*dynamicpb.Message) = *dynamicpb.NewMessage(spec.Schema.(protoreflect.MethodDescriptor).Output())
			return nil
		}))
	wire := newWire(t, tongue.version)
	url := "http://" + address + "/described.Mirror/" + string(name)
	client := connect.NewClient[dynamicpb.Message, dynamicpb.Message](wire, url, append(options, tongue.options...)...)
	return method{client, descriptor, wire}
}

// say makes a request of the method from JSON.
func (method method) say(t *testing.T, json string) *dynamicpb.Message {
	t.Helper()
	message := dynamicpb.NewMessage(method.descriptor.Input())
	if err := protojson.Unmarshal([]byte(json), message); err != nil {
		t.Fatal(err)
	}
	return message
}

// plain is a client of any method whose messages are known to the test, in binary.
func plain[Request, Reply any](t *testing.T, address, path string, tongue tongue, options ...connect.ClientOption) *connect.Client[Request, Reply] {
	t.Helper()
	return connect.NewClient[Request, Reply](newWire(t, tongue.version), "http://"+address+path, append(options, tongue.options...)...)
}

func within(t *testing.T, time time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time)
	t.Cleanup(cancel)
	return ctx
}

func wantCode(t *testing.T, err error, code connect.Code) {
	t.Helper()
	if err == nil || connect.CodeOf(err) != code {
		t.Fatalf("expected %v, got %v", code, err)
	}
}

func wantEqual(t *testing.T, got, want proto.Message) {
	t.Helper()
	if !proto.Equal(got, want) {
		t.Fatalf("expected %v, got %v", want, got)
	}
}
