// The interface over its scripted backend, served by Vite and shown in Chromium.

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const ui = join(import.meta.dirname, "../../ui");
export const fromUi = createRequire(join(ui, "package.json"));

/** Starts server and browser. Answers `open`, which shows a page, and `close`. `built` serves the interface as users get it. */
export async function serve(name, { built = false } = {}) {
  const { build, createServer, preview } = await import(pathToFileURL(join(ui, "node_modules/vite/dist/node/index.js")).href);
  // A cache of its own: another run of the interface's tests may use the usual one.
  const cacheDir = join(ui, `node_modules/.vite-${name}`);
  const server = built ? await served() : await createServer({ root: ui, cacheDir, logLevel: "error", server: { port: 0, hmr: false, watch: null } });
  if (!built) await server.listen();
  const browser = await chromium.launch({
    executablePath: process.env.SIROCCO_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  const address = (scripted, place = "") => `${server.resolvedUrls.local[0]}?scripted=${scripted}${place}`;
  // The first load bundles the interface's packages. One that Vite comes upon late makes it bundle anew, and what the
  // page has by then is of no use any more: without hot reload it must be asked for again.
  const first = await browser.newPage();
  for (let tries = 1; ; tries++) {
    await first.goto(address(""), { timeout: 120_000 });
    const shown = first.locator("main#main").waitFor({ timeout: 30_000 });
    const trouble = await shown.then(() => null, (error) => error);
    if (!trouble) break;
    if (tries === 4) throw trouble;
  }
  await first.close();

  /** Built as always, but that the scripted backends are in it. */
  async function served() {
    const common = { root: ui, logLevel: "error", build: { outDir: `node_modules/.built-${name}` } };
    await build({ ...common, define: { "import.meta.env.DEV": "true" } });
    return preview({ ...common, preview: { port: 0 } });
  }

  return {
    /** A page of its own, and what it complained about. `scripted` names a backend (see `scriptedPage`), `place` what it is for (`#quick`). */
    async open({ width, height = 900, theme = "light", scripted = "", place }) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce" });
      page.setDefaultTimeout(20_000);
      const complaints = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) complaints.push(message.text());
      });
      await page.goto(address(scripted, place), { timeout: 60_000 });
      // Shortcuts are the frame's; these two backends never get as far.
      await page.locator(["broken", "loading"].includes(scripted) ? "main" : "main#main").waitFor();
      return { page, complaints };
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
