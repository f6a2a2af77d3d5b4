// What `import ... from "wasm-grpc-guest"` finds.
export * from "./assembly/index";
