// The status page in Chromium: that it shows what happens, fits narrow and wide screens, and can be read, in both colour
// schemes, with a few methods and with 200.
import assert from "node:assert/strict";
import { mkdtemp, mkdir, rm } from "node:fs/promises";
import http2 from "node:http2";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { CHROMIUM } from "./chromium.js";
import { serve } from "./server.js";

const LIMIT = 30_000;
const TEST = { timeout: 180_000 };
const ADMIN = "--admin-listen=127.0.0.1:0";

let folder, browser, few, many;
const callers = [];

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "wasm-grpc-status-"));
  few = await serve("greeter", ADMIN, "--admin-try-it");
  many = await serve("many_methods", ADMIN);
  for (const server of [few, many]) server.admin = await adminOf(server);
  callers.push(callAgainAndAgain(few.url, ["/helloworld.Greeter/SayHello"]));
  const paths = [];
  for (let service = 0; service < 10; ++service) {
    for (let method = 0; method < 10; ++method) paths.push(`/many.methods.v1.NumberedService${service}/CountSomething${method}`);
  }
  callers.push(callAgainAndAgain(many.url, [...paths, "/many.methods.v1.NumberedService3/CountSomething19"]));
  browser = await chromium.launch(CHROMIUM);
}, { timeout: LIMIT * 4 });

after(async () => {
  await browser?.close();
  for (const caller of callers) await caller.stop();
  if (folder) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  for (const server of [few, many]) await server?.stop();
}, { timeout: LIMIT * 4 });

async function adminOf(server) {
  const end = Date.now() + LIMIT;
  while (!server.stdout().match(/^admin at (\S+)$/m)) {
    assert.ok(Date.now() < end, "it has an admin address");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return server.stdout().match(/^admin at (\S+)$/m)[1];
}

/** Calls these in turn, some hundred times a second, by gRPC with empty messages. */
function callAgainAndAgain(url, paths) {
  const session = http2.connect(url);
  session.on("error", () => {});
  let next = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < 4; ++i) {
      const stream = session.request({ ":method": "POST", ":path": paths[next++ % paths.length], "content-type": "application/grpc", te: "trailers" });
      stream.on("error", () => {});
      stream.resume();
      stream.end(Buffer.alloc(5));
    }
  }, 20);
  return { stop: () => new Promise((resolve) => { clearInterval(timer); session.close(resolve); }) };
}

async function open(server, { width = 1280, colorScheme = "light", javaScriptEnabled = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, javaScriptEnabled });
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT * 2);
  page.complaints = [];
  page.on("console", (message) => page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.asked = [];
  page.on("request", (request) => page.asked.push(request.url()));
  await page.goto(server.admin);
  return page;
}

/** Looks five times a second: Playwright looks at each frame, and a machine without a GPU may be too busy to draw any. */
const until = (page, holds, argument) => page.waitForFunction(holds, argument, { polling: 200 });

/** Two polls are there, so that what is shown is of now. */
async function lives(page) {
  await page.locator('#methods [data-plot="calls"] polyline').first().waitFor({ state: "attached" });
  await until(page, () => document.querySelector('[data-plot="calls"] polyline')?.getAttribute("points").split(" ").length > 2);
}

/** Of WCAG 2.2: the ratio of the colours of a text and of what is behind it. */
function leastContrast() {
  const parse = (color) => color.match(/[\d.]+/g).map(Number);
  const over = (top, below) => top.slice(0, 3).map((c, i) => c * (top[3] ?? 1) + below[i] * (1 - (top[3] ?? 1)));
  const light = (color) => {
    const [r, g, b] = color.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    if (!element) return [255, 255, 255];
    const own = parse(getComputedStyle(element).backgroundColor);
    return over(own, (own[3] ?? 1) === 1 ? [0, 0, 0] : behind(element.parentElement));
  };
  let least = { ratio: 21 };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || ["SCRIPT", "STYLE", "TITLE", "NOSCRIPT"].includes(element.tagName)) continue;
    const back = behind(element), front = over(parse(getComputedStyle(element).color), back);
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < least.ratio) least = { ratio, text: texts.currentNode.data.trim(), front, back };
  }
  return least;
}

for (const [name, server, methods] of [["a few methods", () => few, 1], ["200 methods", () => many, 200]]) {
  for (const width of [1280, 390]) {
    for (const colorScheme of ["light", "dark"]) {
      test(`${name} at ${width} pixels, ${colorScheme}`, TEST, async () => {
        const page = await open(server(), { width, colorScheme });
        await lives(page);
        const shown = await page.locator("#methods tbody tr").count();
        assert.ok(shown >= methods, `${shown} methods are shown`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `nothing sticks out: it is ${wide} wide`);
        const cut = await page.evaluate(() => [...document.querySelectorAll(".tile b, td, dd, h2, header span")]
          .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline").map((e) => e.textContent));
        assert.deepEqual(cut, [], "no text is cut");
        const least = await page.evaluate(leastContrast);
        assert.ok(least.ratio >= 4.5, `each text can be read: ${JSON.stringify(least)}`);
        const shots = process.env.WASM_GRPC_TEST_SCREENSHOTS ?? folder;
        await mkdir(shots, { recursive: true });
        const shot = await page.screenshot({ path: path.join(shots, `${methods}-${width}-${colorScheme}.png`) });
        assert.ok(shot.length > 10_000, "it is not blank");
        assert.deepEqual(page.complaints, []);
        assert.ok(page.asked.every((url) => url.startsWith(server().admin) || url.startsWith("data:")), "it needs nothing from elsewhere");
        await page.context().close();
      });
    }
  }
}

test("numbers are those of now, and calls are plotted", TEST, async () => {
  const page = await open(few);
  await lives(page);
  const row = page.locator('tr[data-path="/helloworld.Greeter/SayHello"]');
  await until(page, () => parseFloat(document.querySelector('tr[data-path="/helloworld.Greeter/SayHello"] [data-v="calls"]').textContent) > 20);
  assert.match(await row.locator('[data-v="p99"]').textContent(), /^[\d.]+ (µs|ms|s)$/);
  const calls = await page.locator('.tile [data-v="calls"]').textContent();
  assert.ok(parseFloat(calls) > 20, calls);
  await page.context().close();
});

test("traps are there with their backtrace, also those that come while it is looked at", TEST, async () => {
  const page = await open(many);
  const backtrace = page.locator("#lines details").first();
  await backtrace.locator("summary").click();
  assert.match(await backtrace.locator("pre").textContent(), /in serve at offset \d+/);
  const errors = page.locator('tr[data-path="/many.methods.v1.NumberedService3/CountSomething19"] [data-v="errors"]');
  await until(page, (e) => /^[\d.]+$/.test(e.textContent) && parseFloat(e.textContent) > 0, await errors.elementHandle());
  await page.context().close();
});

test("methods are found by their name, and sorted", TEST, async () => {
  const page = await open(many);
  await lives(page);
  await page.fill("#filter", "Service7/CountSomething1");
  assert.equal(await page.locator("#methods tbody tr:visible").count(), 11);
  await page.fill("#filter", "");
  await page.click('th[data-sort="errors"]');
  // The only one that fails, once it does.
  await until(page, () => document.querySelector("#methods tbody tr").dataset.path.endsWith("3/CountSomething19"));
  await until(page, () => document.querySelector('th[data-sort="errors"]').getAttribute("aria-sort") === "descending");
  await page.context().close();
});

test("methods are tried", TEST, async () => {
  for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]]) {
    const page = await open(few, { width, colorScheme });
    await lives(page);
    await until(page, () => document.querySelector("#try [name=request]").value !== "");
    await page.selectOption("#try select", "/helloworld.Greeter/SayHello");
    await until(page, () => "name" in JSON.parse(document.querySelector("#try [name=request]").value));
    await page.fill("#try [name=request]", '{"name": "<b>you</b>"}');
    await page.fill("#try [name=metadata]", "x-who: me\n\n");
    await page.click("#try button");
    await page.locator("#try output b", { hasText: "OK" }).waitFor();
    assert.match(await page.locator("#try output pre").first().textContent(), /<b>you<\/b>/, "what a guest says is text");
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `nothing sticks out: it is ${wide} wide`);
    const least = await page.evaluate(leastContrast);
    assert.ok(least.ratio >= 4.5, `each text can be read: ${JSON.stringify(least)}`);
    await page.locator("#try").screenshot({ path: path.join(process.env.WASM_GRPC_TEST_SCREENSHOTS ?? folder, `try-${width}-${colorScheme}.png`) });
    await page.fill("#try [name=request]", '{"nmae": ""}');
    await page.click("#try button");
    await page.locator("#try output.bad", { hasText: "the request: " }).waitFor();
    assert.deepEqual(page.complaints.filter((text) => !text.includes("400")), []);
    await page.context().close();
  }
});

test("it says so when the server does not answer any more", TEST, async () => {
  const server = await serve("greeter", ADMIN);
  server.admin = await adminOf(server);
  const page = await open(server);
  await page.locator(".pill", { hasText: "ready" }).waitFor();
  await server.stop();
  await page.locator(".pill", { hasText: "no answer" }).waitFor();
  await page.context().close();
});

test("it is read without scripts", TEST, async () => {
  const page = await open(many, { javaScriptEnabled: false });
  assert.ok((await page.locator("#methods tbody tr").count()) >= 200);
  assert.ok(await page.locator("#lines").getByText("backtrace").first().isVisible());
  assert.equal(await page.locator("#filter").isVisible(), false, "what needs scripts is not there");
  await page.goto(few.admin);
  assert.equal(await page.locator("#try").isVisible(), false, "nor is the form");
  await page.context().close();
});
