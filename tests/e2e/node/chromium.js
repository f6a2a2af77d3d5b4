/** How Chromium is started: without a screen, and so that it asks nobody for anything by itself. */
export const CHROMIUM = {
  executablePath: process.env.WASM_GRPC_TEST_CHROMIUM,
  headless: true,
  timeout: 60_000,
  args: [
    ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server"],
    ...["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
  ],
};
