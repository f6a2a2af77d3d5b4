package client_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/client"
	"wasm-grpc/guest/guesttest"
)

var hooks = client.NewHTTPTarget("hooks")

func TestAnHTTPAnswerHasItsStatusHeadersAndBody(t *testing.T) {
	var made guesttest.Made
	call := guesttest.Call{Targets: targets{"hooks/v1/events": func(asked guesttest.Made) guesttest.Result {
		made = asked
		return guesttest.Result{Status: 404, Headers: []guesttest.Pair{{Key: "x-from", Value: "shop"}},
			Responses: [][]byte{[]byte("no "), []byte("event")}}
	}}}
	result := run(t, call, func(ctx *guest.Context) (string, error) {
		question := client.HTTPQuestion{Method: "PUT", Path: "/v1/events?sort=name", Body: []byte("tea")}
		answer, err := hooks.Ask(ctx, question, client.With("content-type", "text/plain"), client.Timeout(time.Minute))
		if err != nil {
			return "", err
		}
		from, _ := answer.Headers.Get("x-from")
		return fmt.Sprint(answer.Status, from, len(answer.Headers), string(answer.Body)), nil
	})
	want(t, result, guest.OK, "", "404shop1no event")
	if made.Path != "/v1/events?sort=name" || len(made.Requests) != 1 || string(made.Requests[0]) != "tea" ||
		made.Timeout != time.Minute || !slices.Equal(made.Metadata,
		[]guesttest.Pair{{Key: "content-type", Value: "text/plain"}, {Key: ":method", Value: "PUT"}}) {
		t.Fatalf("%+v was made", made)
	}
}

func TestAnHTTPQuestionWithoutABodySendsNone(t *testing.T) {
	call := guesttest.Call{Targets: targets{"hooks/": func(asked guesttest.Made) guesttest.Result {
		return guesttest.Result{Status: 200, Responses: [][]byte{fmt.Append(nil, len(asked.Requests), asked.Metadata)}}
	}}}
	result := run(t, call, func(ctx *guest.Context) (string, error) {
		answer, err := hooks.Ask(ctx, client.HTTPQuestion{Path: "/", Authority: "a.example.com"})
		if err != nil {
			return "", err
		}
		return string(answer.Body), nil
	})
	want(t, result, guest.OK, "", "0 [{:authority a.example.com}]")
}

func TestAnHTTPAnswerThatIsTooLargeIsGivenUp(t *testing.T) {
	call := guesttest.Call{Targets: targets{"hooks/": func(guesttest.Made) guesttest.Result {
		return guesttest.Result{Status: 200, Responses: [][]byte{[]byte("12345"), []byte(strings.Repeat("x", 6))}}
	}}}
	for most, code := range map[int]guest.Code{10: guest.ResourceExhausted, 11: guest.OK} {
		result := run(t, call, func(ctx *guest.Context) (string, error) {
			_, err := hooks.Ask(ctx, client.HTTPQuestion{Path: "/", MostBody: most})
			return "", err
		})
		if result.Code != code {
			t.Fatal(most, result)
		}
	}
}

func TestWhyThereIsNoHTTPAnswerIsAStatus(t *testing.T) {
	result := run(t, guesttest.Call{}, func(ctx *guest.Context) (string, error) {
		_, err := hooks.Ask(ctx, client.HTTPQuestion{Path: "/"})
		return "", err
	})
	want(t, result, guest.PermissionDenied, "hooks/", "")
}
