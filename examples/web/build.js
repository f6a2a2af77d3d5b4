// Makes dist/: code from the .proto files of the examples, by protoc with @bufbuild/protoc-gen-es, and the page bundled
// by esbuild.
//
// Usage: node build.js [FOLDER_OF_THE_PROJECT]
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { buildSync } from "esbuild";

const here = import.meta.dirname;
const project = path.resolve(process.argv[2] ?? path.join(here, "../.."));

mkdirSync(path.join(here, "gen"), { recursive: true });
execFileSync("protoc", [
  `--plugin=protoc-gen-es=${path.join(here, "node_modules/.bin/protoc-gen-es")}`,
  `--es_out=${path.join(here, "gen")}`,
  "--es_opt=target=js",
  ...["examples/route_guide", "examples/chat", "sdk/protos"].map((folder) => `-I${path.join(project, folder)}`),
  `-I${here}`,
  ...["route_guide.proto", "chat.proto", "rpc_status.proto", "google/api/annotations.proto", "google/api/http.proto"],
], { stdio: "inherit" });

buildSync({
  absWorkingDir: here,
  entryPoints: ["page.js"],
  bundle: true,
  format: "esm",
  outfile: "dist/page.js",
  logLevel: "warning",
});
copyFileSync(path.join(here, "index.html"), path.join(here, "dist/index.html"));
