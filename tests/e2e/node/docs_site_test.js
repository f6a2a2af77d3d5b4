// The site of `make docs` in Chromium: that it fits narrow and wide screens, asks nobody else for anything, and can be searched.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { CHROMIUM } from "./chromium.js";

const LIMIT = 30_000;
const TEST = { timeout: 240_000 };
const SITE = process.env.WASM_GRPC_TEST_DOCS;
const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png" };
// Those with the widest tables and lines among them.
const PAGES = ["index", "docs/settings", "docs/benchmarks", "docs/scale", "docs/abi", "docs/deploy", "docs/which-one", "CHANGELOG"];

let server, url, browser;

before(async () => {
  server = http.createServer(async (request, response) => {
    const file = path.join(SITE, path.normalize(decodeURIComponent(new URL(request.url, "http://site").pathname)));
    try {
      const content = await readFile(file);
      response.writeHead(200, { "content-type": TYPES[path.extname(file)] ?? "application/octet-stream" }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch(CHROMIUM);
}, { timeout: LIMIT * 4 });

after(async () => {
  await browser?.close();
  await new Promise((resolve) => server.close(resolve));
}, { timeout: LIMIT * 4 });

/** A page at that width, with what it has asked for, and what it could not have. */
async function open(width) {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  page.setDefaultTimeout(LIMIT);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("request", (request) => request.url().startsWith(url) || request.url().startsWith("data:") || page.complaints.push(request.url()));
  page.on("response", (response) => response.status() < 400 || page.complaints.push(`${response.status()} ${response.url()}`));
  return page;
}

for (const width of [390, 1280]) {
  test(`pages fit a screen that is ${width} wide, and lead to the others`, TEST, async () => {
    const page = await open(width);
    for (const name of PAGES) {
      await page.goto(`${url}/${name}.html`);
      const found = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        title: document.querySelector("article h1")?.getBoundingClientRect().width ?? 0,
        text: parseFloat(getComputedStyle(document.querySelector("article p")).fontSize),
        links: document.querySelectorAll("nav.md-nav--primary a[href]").length,
      }));
      assert.ok(found.wide <= width, `${name} is ${found.wide} wide`);
      assert.ok(found.title > 0 && found.text >= 14, `${name} has a title, and a text that can be read`);
      assert.ok(found.links > 40, `${name} has the menu`);
      const menu = page.locator(width < 600 ? ".md-header label[for=__drawer]" : "nav.md-nav--primary .md-nav__item > a[href]").first();
      assert.ok(await menu.isVisible(), `${name} shows its menu, or how to open it`);
    }
    assert.deepEqual(page.complaints, []);
    await page.close();
  });
}

test("what is searched for is found", TEST, async () => {
  const page = await open(1280);
  await page.goto(`${url}/index.html`);
  await page.locator("input[name=query]").fill("drain-timeout");
  const first = page.locator(".md-search-result__item a").first();
  await first.waitFor();
  assert.match(await first.getAttribute("href"), /\.html/);
  assert.deepEqual(page.complaints, []);
  await page.close();
});
