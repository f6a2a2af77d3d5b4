package main

import (
	"io"
	"strconv"
	"strings"

	"wasm-grpc/guest"
)

func serveHTTP() {
	guest.HTTP("/go", page)
	guest.HTTP("/go/echo", echoBody)
	guest.HTTP("/go/digits", digits)
	guest.HTTP("/go/fail", func(*guest.HTTPRequest, *guest.HTTPResponse) error {
		return guest.Error(guest.PermissionDenied, "not for you")
	})
	guest.HTTP("/go/fail-late", failLate)
}

func page(request *guest.HTTPRequest, response *guest.HTTPResponse) error {
	if strings.HasSuffix(request.Target(), "/none") {
		return response.Reply(404, "text/plain", []byte("no such page"))
	}
	return response.Reply(200, "text/plain", []byte("the page "+request.Target()))
}

// echoBody answers with the body, and the headers in "x-", while it comes.
func echoBody(request *guest.HTTPRequest, response *guest.HTTPResponse) error {
	if err := response.AddHeader("request-method", request.Method()); err != nil {
		return err
	}
	for name, value := range request.Headers() {
		if strings.HasPrefix(name, "x-") {
			if err := response.AddHeader(name, value); err != nil {
				return err
			}
		}
	}
	_, err := io.Copy(response, request.Body())
	return err
}

// digits answers /go/digits/N by N bytes, written as one.
func digits(request *guest.HTTPRequest, response *guest.HTTPResponse) error {
	size, err := strconv.Atoi(strings.TrimPrefix(request.Target(), "/go/digits/"))
	if err != nil || size < 0 || size > 32<<20 {
		return guest.Error(guest.InvalidArgument, "ask for /go/digits/N")
	}
	return response.Reply(200, "text/plain", []byte(strings.Repeat("0123456789", size/10+1)[:size]))
}

func failLate(_ *guest.HTTPRequest, response *guest.HTTPResponse) error {
	if _, err := response.Write([]byte("half")); err != nil {
		return err
	}
	return guest.Error(guest.Internal, "the rest is lost")
}
