// Serves dist/ to this machine.
//
// Usage: node serve.js [PORT], which is 8000 without it; 0 is any that is free.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";

const files = { "/": ["index.html", "text/html; charset=utf-8"], "/page.js": ["page.js", "text/javascript; charset=utf-8"] };

const server = createServer(async (request, response) => {
  const [name, type] = files[new URL(request.url, "http://here").pathname] ?? [];
  if (name === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-type": type, "cache-control": "no-store" });
  response.end(await readFile(path.join(import.meta.dirname, "dist", name)));
});
server.listen(Number(process.argv[2] ?? 8000), "127.0.0.1", () => {
  console.log(`the page is at http://127.0.0.1:${server.address().port}/`);
});
