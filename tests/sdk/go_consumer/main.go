// The first guest of docs/guest-go.md, built by tests/sdk.

package main

import "wasm-grpc/guest"

func init() {
	guest.NewService("hello.Hello").Unary("Say", say)
}

func say(ctx *guest.Context, request []byte) ([]byte, error) {
	if len(request) == 0 {
		return nil, guest.Error(guest.InvalidArgument, "say something")
	}
	return append([]byte("you said "), request...), nil
}

func main() {}
