export { Call, Metadata } from "./call";
export { ProtoReader, ProtoWriter, Wire, tag } from "./protobuf";
export { BidiStream, ClientStream, ServerStream, Service, Unary, log, wasm_grpc_call, wasm_grpc_start } from "./service";
export { Code, Info, Level, Limit } from "./status";
export { isUtf8, textOf, utf8 } from "./utf8";
