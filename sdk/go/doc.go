// Package guest is for gRPC services that wasm-grpc serves from a WebAssembly module.
//
// A module registers its methods while it is initialized, and has an empty main:
//
//	func init() {
//		guest.NewService("hello.Hello").Unary("Say", say)
//	}
//
//	func say(ctx *guest.Context, request []byte) ([]byte, error) {
//		if len(request) == 0 {
//			return nil, guest.Error(guest.InvalidArgument, "say something")
//		}
//		return append([]byte("you said "), request...), nil
//	}
//
//	func main() {}
//
// and is built by
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o hello.wasm .
//
// [Unary], [ClientStream], [ServerStream] and [BidiStream] register handlers that take messages rather than bytes.
//
// An instance of the module serves one call at a time, unless [PlaceByHeader] or the like has calls meet; its memory, and so its package variables, last from one call to
// the next. While a handler waits for its client, other instances serve other calls, and goroutines of its own instance
// go on. When no handler runs, no goroutine does.
//
// A panic that nobody recovers ends the call with INTERNAL, and its instance with it; so does os.Exit.
package guest
