package guest_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"wasm-grpc/guest"
	"wasm-grpc/guest/guesttest"
)

var keptBody io.Reader // of the request last served by /keep

func init() {
	guest.HTTP("/", func(request *guest.HTTPRequest, response *guest.HTTPResponse) error {
		accept, _ := request.Header("accept")
		return response.Reply(200, "text/plain", []byte(request.Method()+" "+request.Target()+" "+accept))
	})
	guest.HTTP("/copy", func(request *guest.HTTPRequest, response *guest.HTTPResponse) error {
		for name, value := range request.Headers() {
			if err := response.AddHeader(name, value); err != nil {
				return err
			}
		}
		_, err := io.Copy(response, request.Body())
		return err
	})
	guest.HTTP("/letters", func(request *guest.HTTPRequest, response *guest.HTTPResponse) error {
		letter := make([]byte, 1)
		for {
			if _, err := request.Body().Read(letter); err != nil {
				return nil // without a look at it
			}
			if _, err := response.Write(letter); err != nil {
				return err
			}
		}
	})
	guest.HTTP("/missing", func(_ *guest.HTTPRequest, response *guest.HTTPResponse) error {
		_ = response.AddHeader("x-lost", "yes")
		return guest.Error(guest.NotFound, "there is none")
	})
	guest.HTTP("/breaks", func(_ *guest.HTTPRequest, response *guest.HTTPResponse) error {
		_, err := response.Write([]byte("half"))
		return either(err, errors.New("the rest is lost"))
	})
	guest.HTTP("/refused", func(_ *guest.HTTPRequest, response *guest.HTTPResponse) error {
		seen.err = nil
		for _, err := range []error{
			response.SetStatus(199), response.SetStatus(600), response.AddHeader("content-length", "1"),
			response.AddHeader("Upper", "case"), response.SetStatus(202), response.SendHeaders(),
			response.SetStatus(200), response.AddHeader("x-late", "yes"),
		} {
			if err == nil {
				seen.err = errors.Join(seen.err, errors.New("taken"))
			}
		}
		return nil
	})
	guest.HTTP("/keep", func(request *guest.HTTPRequest, _ *guest.HTTPResponse) error {
		keptBody = request.Body()
		_, err := keptBody.Read(make([]byte, 1))
		return err
	})
}

func either(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

func ask(target string, pieces ...string) guesttest.Result {
	return runCall(guesttest.Call{Path: target, Method: "POST"}, pieces...)
}

func wantAnswer(t *testing.T, result guesttest.Result, status int, body string) {
	t.Helper()
	var got strings.Builder
	for _, piece := range result.Responses {
		got.Write(piece)
	}
	if result.Status != status || got.String() != body {
		t.Fatalf("expected %d %q, got %d %q (%v %s)", status, body, result.Status, got.String(), result.Code, result.Message)
	}
}

func TestAnHTTPRequestMeetsTheHandlerOfTheLongestPrefix(t *testing.T) {
	call := guesttest.Call{Path: "/copying?a=b", Method: "GET", Metadata: []guesttest.Pair{{Key: "accept", Value: "text/*"}}}
	wantAnswer(t, guesttest.Run(call), 200, "GET /copying?a=b text/*")
	wantAnswer(t, ask("/copy?a", "body"), 200, "body")
	wantAnswer(t, ask("/copy/below", "body"), 200, "body")
	if result := run("/copy", "body"); result.Code != guest.Unimplemented {
		t.Fatalf("a gRPC call of a prefix is %v", result.Code)
	}
}

func TestBodiesAndHeadersOfHTTPTravelBothWays(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1024)
	headers := []guesttest.Pair{{Key: "x-one", Value: "1"}, {Key: "x-two", Value: "2"}}
	result := runCall(guesttest.Call{Path: "/copy", Method: "PUT", Metadata: headers, Stalls: 1}, long, "x", long)
	wantAnswer(t, result, 200, long+"x"+long)
	if !slices.Equal(result.Headers, headers) {
		t.Fatalf("the headers are %v", result.Headers)
	}
	wantAnswer(t, ask("/copy"), 200, "")
	wantAnswer(t, ask("/letters", "small", "buffer"), 200, "smallbuffer")
}

func TestAnErrorOfAnHTTPHandlerIsAnsweredByItsStatus(t *testing.T) {
	result := ask("/missing")
	wantAnswer(t, result, 404, "there is none")
	if !slices.Equal(result.Headers, []guesttest.Pair{{Key: "content-type", Value: "text/plain"}}) {
		t.Fatalf("the headers are %v", result.Headers)
	}
	result = ask("/breaks")
	wantAnswer(t, result, 200, "half")
	if result.Code != guest.Unknown {
		t.Fatalf("an answer that breaks off ends with %v", result.Code)
	}
}

func TestABodyThatBreaksOffIsNotAnsweredAsIfItWereWhole(t *testing.T) {
	result := runCall(guesttest.Call{Path: "/letters", Method: "POST", Cancel: true}, "half")
	if result.Code != guest.Canceled {
		t.Fatalf("the exchange ends with %v", result.Code)
	}
}

func TestStatusesAndHeadersThatHTTPDoesNotAllowAreRefused(t *testing.T) {
	result := ask("/refused")
	wantAnswer(t, result, 202, "")
	if text := seen.err.Error(); text != "taken\ntaken" { // the status 202, and sending the headers
		t.Fatalf("were taken: %q", text)
	}
}

func TestABodyCannotBeReadAfterItsHandler(t *testing.T) {
	ask("/keep", "secret")
	ask("/copy", "another's")
	buffer := make([]byte, 16)
	if size, err := keptBody.Read(buffer); size != 0 || err == nil {
		t.Fatalf("it gave %q, %v", buffer[:size], err)
	}
}
