// Copies these tests and examples/web into the build folder, with what they need from the npm registry, in the versions
// their lock files pin; without the network it works where that was made before.
//
// Usage: node prepare.js FOLDER_OF_THE_PROJECT BUILD_FOLDER
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

const [project, build] = process.argv.slice(2);

const text = (file) => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

/** The files of a folder of the project, in one of the build folder, with its node_modules. */
function copy(from, to) {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (statSync(path.join(from, name)).isFile()) copyFileSync(path.join(from, name), path.join(to, name));
  }
  const made = path.join(to, "node_modules/.made-of");
  const lock = text(path.join(to, "package-lock.json"));
  if (text(made) !== lock) {
    rmSync(path.join(to, "node_modules"), { recursive: true, force: true });
    execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: to, stdio: "inherit", timeout: 240_000 });
    writeFileSync(made, lock);
  }
}

copy(path.join(project, "tests/e2e/node"), build);
mkdirSync(path.join(build, "gen"), { recursive: true });
execFileSync("protoc", [
  `--plugin=protoc-gen-es=${path.join(build, "node_modules/.bin/protoc-gen-es")}`,
  `--es_out=${path.join(build, "gen")}`,
  "--es_opt=target=js,import_extension=js",
  `-I${path.join(project, "tests/guests")}`,
  ...["described.proto", "described_base.proto", "conformance.proto"],
], { stdio: "inherit", timeout: 60_000 });

const web = path.join(build, "web");
copy(path.join(project, "examples/web"), web);
execFileSync(process.execPath, ["build.js", project], { cwd: web, stdio: "inherit", timeout: 60_000 });
