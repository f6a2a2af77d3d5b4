// Processes of a test: started, asked for their address, and stopped by their own id.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import path from "node:path";

const START_LIMIT = 60_000; // generous, for a slow machine
const STOP_LIMIT = 60_000;

// What no server may ever write.
const ALARMS = /AddressSanitizer|LeakSanitizer|runtime error:|panicked at|terminate called|Assertion .* failed/;

/**
 * Starts a program and waits until it prints a line that fits.
 *
 * `match` is that line's, `log()` what it wrote to stderr, and `stop()` ends it by SIGTERM and throws where it does not
 * end with code 0, or by that signal.
 */
async function start(command, args, line) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (bytes) => (log += bytes));
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  const killer = setTimeout(() => child.kill("SIGKILL"), START_LIMIT);
  const found = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on("line", (text) => {
      const match = line.exec(text);
      if (match) resolve(match);
    });
  });
  const match = await Promise.race([found, ended.then(() => null)]);
  clearTimeout(killer);
  if (!match) throw new Error(`${command} did not start:\n${log}`);
  return {
    match,
    log: () => log,
    stop: async () => {
      const late = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT);
      child.kill("SIGTERM");
      const { code, signal } = await ended;
      clearTimeout(late);
      if ((code !== 0 && signal !== "SIGTERM") || ALARMS.test(log)) throw new Error(`ended with ${code ?? signal}:\n${log}`);
    },
  };
}

/** A server of these guests, by their names, and flags; `url` is its origin. */
export async function serve(...args) {
  const command = args.map((arg) =>
    arg.startsWith("--") ? arg : path.join(process.env.WASM_GRPC_TEST_GUESTS, `${arg}.wasm`),
  );
  const cache = process.env.WASM_GRPC_TEST_CODE_CACHE;
  const started = await start(
    process.env.WASM_GRPC_TEST_PROGRAM,
    ["serve", "--listen=127.0.0.1:0", `--code-cache=${cache}`, ...command],
    /^listening on (.*)$/,
  );
  return { ...started, url: `http://${started.match[1]}` };
}

/** The page of examples/web; `url` is its origin. */
export async function servePage() {
  const started = await start(process.execPath, [path.join(import.meta.dirname, "web/serve.js"), "0"], /(http:\/\/[^/]*)\/$/);
  return { ...started, url: started.match[1] };
}
