// Processes of a test: started, asked for their address, and stopped by their own id.
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import path from "node:path";

const START_LIMIT = 60_000; // generous, for a slow machine
const STOP_LIMIT = 60_000;

// What no server may ever write.
const ALARMS = /AddressSanitizer|LeakSanitizer|runtime error:|panicked at|terminate called|Assertion .* failed/;

/**
 * Starts a program and waits until it has printed a line for each of these patterns.
 *
 * `found` is what their groups matched, `log()` what it wrote to stderr, `stdout()` what it printed, and `stop()` ends it by SIGTERM and throws where it does not
 * end with code 0, or by that signal.
 */
async function start(command, args, ...patterns) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let log = "", out = "";
  child.stderr.on("data", (bytes) => (log += bytes));
  child.stdout.on("data", (bytes) => (out += bytes));
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  const killer = setTimeout(() => child.kill("SIGKILL"), START_LIMIT);
  const found = patterns.map(() => null);
  const printed = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on("line", (text) => {
      patterns.forEach((pattern, index) => (found[index] ??= pattern.exec(text)?.[1] ?? null));
      if (!found.includes(null)) resolve();
    });
  });
  await Promise.race([printed, ended]);
  clearTimeout(killer);
  if (found.includes(null)) throw new Error(`${command} did not start:\n${log}`);
  return {
    found,
    log: () => log,
    stdout: () => out,
    stop: async () => {
      const late = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT);
      child.kill("SIGTERM");
      const { code, signal } = await ended;
      clearTimeout(late);
      if ((code !== 0 && signal !== "SIGTERM") || ALARMS.test(log)) throw new Error(`ended with ${code ?? signal}:\n${log}`);
    },
  };
}

function serveOn(listen, args, ...patterns) {
  const command = args.map((arg) =>
    arg.startsWith("--") ? arg : path.join(process.env.WASM_GRPC_TEST_GUESTS, `${arg}.wasm`),
  );
  const cache = `--code-cache=${process.env.WASM_GRPC_TEST_CODE_CACHE}`;
  return start(process.env.WASM_GRPC_TEST_PROGRAM, ["serve", ...listen, cache, ...command], ...patterns);
}

/** A server of these guests, by their names, and flags; `url` is its origin. */
export async function serve(...args) {
  const started = await serveOn(["--listen=127.0.0.1:0"], args, /^listening on (.*)$/);
  return { ...started, url: `http://${started.found[0]}` };
}

/** The same over TLS too, by a certificate that nobody has signed, made in a folder; `tlsUrl` is that origin. */
export async function serveWithTls(folder, ...args) {
  const [certificate, key] = ["server.pem", "server.key"].map((name) => path.join(folder, name));
  execFileSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=test"],
    ...["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
  ], { stdio: "ignore", timeout: START_LIMIT });
  const listen = ["--listen=http://127.0.0.1:0", "--listen=127.0.0.1:0", `--tls-cert=${certificate}`, `--tls-key=${key}`];
  const started = await serveOn(listen, args, /^listening on (?!https)(.*)$/, /^listening on https:\/\/(.*)$/);
  return { ...started, url: `http://${started.found[0]}`, tlsUrl: `https://${started.found[1]}` };
}

/** The page of examples/web; `url` is its origin. */
export async function servePage() {
  const page = path.join(import.meta.dirname, "web/serve.js");
  const started = await start(process.execPath, [page, "0"], /(http:\/\/[^/]*)\/$/);
  return { ...started, url: started.found[0] };
}
