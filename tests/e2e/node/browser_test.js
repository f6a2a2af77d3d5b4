// The page of examples/web in Chromium, at one origin, calls a server at another.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { chromium } from "playwright-core";
import { CHROMIUM } from "./chromium.js";
import { servePage, serveWithTls } from "./server.js";

const LIMIT = 30_000; // of each step
const TEST = { timeout: 120_000 };
const PROTOCOLS = ["Connect, JSON", "Connect, binary", "gRPC-Web, by Connect", "gRPC-Web, by grpc-web"];

let folder, site, foreigner, server, browser;
let pages = [];

before(async () => {
  [site, foreigner] = [await servePage(), await servePage()];
  folder = await mkdtemp(path.join(tmpdir(), "wasm-grpc-browser-"));
  server = await serveWithTls(folder, "route_guide", "chat", `--cors-origin=${site.url}`);
  browser = await chromium.launchPersistentContext(path.join(folder, "profile"), {
    ...CHROMIUM,
    ignoreHTTPSErrors: true,
  });
}, { timeout: LIMIT * 4 });

after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  for (const process of [server, site, foreigner]) await process?.stop();
}, { timeout: LIMIT * 4 });

afterEach(async () => {
  for (const page of pages) await page.close();
  pages = [];
});

/** The page, of the origin that may call or of another, set to a protocol and to one of the server's origins. */
async function open(protocol, origin = site.url, target = server.url) {
  const page = await browser.newPage();
  pages.push(page);
  page.setDefaultTimeout(LIMIT);
  page.complaints = [];
  page.on("console", (message) => page.complaints.push(message.text()));
  page.on("pageerror", (error) => assert.fail(error));
  await page.goto(`${origin}/?server=${encodeURIComponent(target)}`);
  await page.selectOption("#protocol", protocol);
  return page;
}

/** Waits until the element's text fits. */
async function shows(page, selector, expected) {
  const fits = expected instanceof RegExp ? expected : new RegExp(`^${expected.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);
  await page.locator(selector).filter({ hasText: fits }).first().waitFor();
}

/** Enters a room of its own, so that tests do not meet. */
async function enter(page, room, name) {
  await page.fill("#room", room);
  await page.fill("#name", name);
  await page.click("#enter");
}

async function say(page, text) {
  await page.fill("#text", text);
  await page.click("#speak button");
}

/** Who is in a room, asked from outside the browser. */
async function who(room) {
  const response = await fetch(`${server.url}/chat.Chat/Who`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ room }),
    signal: AbortSignal.timeout(LIMIT),
  });
  assert.equal(response.status, 200);
  return (await response.json()).names ?? [];
}

async function eventually(condition) {
  const end = Date.now() + LIMIT;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `it did not come to this: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

for (const protocol of PROTOCOLS) {
  test(`a unary call by ${protocol}`, TEST, async () => {
    const page = await open(protocol);
    await page.click("#get-feature");
    await shows(page, "#feature", "Heron Bridge");
  });

  test(`a stream to its end by ${protocol}`, TEST, async () => {
    const page = await open(protocol);
    await page.click("#list-features");
    await shows(page, "#list-end", "these are all");
    const features = await page.locator("#features li").allTextContents();
    assert.equal(features.length, 50);
    assert.ok(features.includes("Heron Bridge"));
  });

  test(`a stream comes as things happen, and cancelling it reaches the guest, by ${protocol}`, TEST, async () => {
    const room = `events ${protocol}`;
    const [ann, bob] = [await open(protocol), await open(protocol)];
    await enter(ann, room, "Ann");
    await shows(ann, "#events li:last-child", "You are in, with nobody");
    await enter(bob, room, "Bob");
    await shows(bob, "#events li:last-child", "You are in, with Ann");
    await shows(ann, "#events li:last-child", "Bob has entered");
    for (const text of ["Hello, Ann", "Grüße, 世界"]) {
      await say(bob, text);
      await shows(ann, "#events li:last-child", `Bob: ${text}`);
      await shows(bob, "#events li:last-child", `You: ${text}`);
    }
    assert.deepEqual(await who(room), ["Ann", "Bob"]);
    assert.equal(await ann.textContent("#chat-end"), "", "the stream goes on");
    await bob.click("#leave");
    await shows(bob, "#chat-end", "You have left");
    await shows(ann, "#events li:last-child", "Bob has left");
    assert.deepEqual(await who(room), ["Ann"]);
    await ann.close(); // as one that leaves
    await eventually(async () => (await who(room)).length === 0);
  });

  test(`an error comes with its details by ${protocol}`, TEST, async () => {
    const room = `details ${protocol}`;
    const [ann, other] = [await open(protocol), await open(protocol)];
    await enter(ann, room, "Ann");
    await shows(ann, "#events li:last-child", "You are in, with nobody");
    await enter(other, room, "Ann");
    await shows(other, "#chat-end", `AlreadyExists: there is a Ann in ${room}; choose another name than Ann`);
    await say(other, "x".repeat(4097));
    await shows(other, "#chat-end", "InvalidArgument: that is more than 4096 bytes");
  });

  test(`a deadline ends a stream by ${protocol}`, TEST, async () => {
    const page = await open(protocol);
    await page.fill("#seconds", "0.5");
    await enter(page, `deadline ${protocol}`, "Ann");
    await shows(page, "#events li:last-child", "You are in, with nobody");
    await shows(page, "#chat-end", /^DeadlineExceeded: /);
    await eventually(async () => (await who(`deadline ${protocol}`)).length === 0);
  });

  test(`a page of an origin that is not named is refused by ${protocol}`, TEST, async () => {
    const page = await open(protocol, foreigner.url);
    await page.click("#get-feature");
    await shows(page, "#feature", /^\w+: /);
    assert.match(page.complaints.join("\n"), /blocked by CORS policy: Response to preflight request/);
    await enter(page, "foreign", "Eve");
    await shows(page, "#chat-end", /^\w+: /);
    assert.deepEqual(await who("foreign"), []);
  });
}

test("without any library: by fetch, in JSON, and only for pages that may", TEST, async () => {
  const call = async ([url, message]) => {
    const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(message) };
    const response = await fetch(url, message ? post : {});
    return { status: response.status, answer: await response.json() };
  };
  const location = { latitude: 471000000, longitude: 100000000 };
  const expected = { status: 200, answer: { name: "Heron Bridge", location } };
  const connect = [`${server.url}/routeguide.RouteGuide/GetFeature`, location];
  const rest = [`${server.url}/v1/features/471000000/100000000`];
  const page = await open(PROTOCOLS[0]);
  for (const request of [connect, rest]) assert.deepEqual(await page.evaluate(call, request), expected);
  const foreign = await open(PROTOCOLS[0], foreigner.url);
  for (const request of [connect, rest]) await assert.rejects(foreign.evaluate(call, request), /Failed to fetch/);
});

// Browsers speak HTTP/2 over TLS only.
for (const protocol of ["Connect, JSON", "gRPC-Web, by Connect"]) {
  test(`all of it over TLS, which is HTTP/2, by ${protocol}`, TEST, async () => {
    const room = `TLS ${protocol}`;
    const [ann, bob] = [await open(protocol, site.url, server.tlsUrl), await open(protocol, site.url, server.tlsUrl)];
    const versions = await versionsOfAnswers(ann);
    await ann.click("#get-feature");
    await shows(ann, "#feature", "Heron Bridge");
    await ann.click("#list-features");
    await shows(ann, "#list-end", "these are all");
    await enter(ann, room, "Ann");
    await shows(ann, "#events li:last-child", "You are in, with nobody");
    await enter(bob, room, "Ann");
    await shows(bob, "#chat-end", `AlreadyExists: there is a Ann in ${room}; choose another name than Ann`);
    await enter(bob, room, "Bob");
    await shows(bob, "#events li:last-child", "You are in, with Ann");
    await say(bob, "Hello, Ann");
    await shows(ann, "#events li:last-child", "Bob: Hello, Ann");
    await bob.click("#leave");
    await shows(ann, "#events li:last-child", "Bob has left");
    assert.deepEqual(await who(room), ["Ann"]);
    assert.deepEqual([...versions], ["h2"]);
  });
}

/** By which versions of HTTP the server answers the page from now on, added as it does. */
async function versionsOfAnswers(page) {
  const versions = new Set();
  const session = await page.context().newCDPSession(page);
  session.on("Network.responseReceived", ({ response }) => versions.add(response.protocol));
  await session.send("Network.enable");
  return versions;
}
