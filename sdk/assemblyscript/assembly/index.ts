export { Call, Metadata } from "./call";
export {
  BadRequest, DebugInfo, Detail, ErrorInfo, Help, LocalizedMessage, PreconditionFailure, QuotaFailure, RequestInfo, ResourceInfo,
  RetryInfo,
} from "./error_details";
export { Begin, CallEvents, Given, Kind, Placement, Taken, httpEvents, place, wasm_grpc_event } from "./events";
export { HttpHandler, HttpRequest, HttpResponse, http } from "./http";
export { ProtoReader, ProtoWriter, Wire, tag } from "./protobuf";
export { BidiStream, ClientStream, ServerStream, Service, Unary, log, wasm_grpc_call, wasm_grpc_start } from "./service";
export { Counter, Found, Outcome, Pair, Store } from "./shared";
export { Changes, ChangesDone, Listed, ManyFound, Page, Swapped } from "./shared_many";
export { Code, Info, Level, Limit } from "./status";
export { isUtf8, textOf, utf8 } from "./utf8";
