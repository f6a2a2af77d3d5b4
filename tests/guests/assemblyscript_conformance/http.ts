// What ../http.cc serves, in AssemblyScript: plain HTTP beside a gRPC method.
import { Call, Code, HttpRequest, HttpResponse, Service, http, utf8 } from "wasm-grpc-guest";
export { wasm_grpc_call, wasm_grpc_start } from "wasm-grpc-guest";

new Service("test.Http")
  .unary("Echo", (call: Call, request: Uint8Array): Uint8Array | null => request);

http("/", (request: HttpRequest, response: HttpResponse): void => {
  response.reply(200, "text/plain", utf8("the page " + request.target));
});

// Comes back piece by piece, with what was said of it.
http("/echo", (request: HttpRequest, response: HttpResponse): void => {
  response.addHeader("request-method", request.method);
  const type = request.header("content-type");
  response.addHeader("content-type", type ? type : "text/plain");
  for (let piece = request.read(); piece; piece = request.read()) {
    if (!response.write(piece)) break;
  }
});

http("/limited", (request: HttpRequest, response: HttpResponse): void => {
  const body = request.readAll(10);
  if (body) response.reply(200, "text/plain", body);
  else response.reply(413, "text/plain", utf8("at most 10 bytes"));
});

http("/fail", (request: HttpRequest, response: HttpResponse): void => {
  response.fail(Code.PermissionDenied, "not for you");
});

let turns: u64 = 0;
http("/spin", (request: HttpRequest, response: HttpResponse): void => {
  while (true) ++turns;
});

// "/bytes?N": so many.
http("/bytes", (request: HttpRequest, response: HttpResponse): void => {
  response.write(new Uint8Array(I32.parseInt(request.query)).fill(0x78));
});

http("/trap", (request: HttpRequest, response: HttpResponse): void => { unreachable(); });

http("/trap-late", (request: HttpRequest, response: HttpResponse): void => {
  response.write(utf8("part"));
  unreachable();
});
