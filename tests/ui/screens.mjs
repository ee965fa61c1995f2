// Every screen of the interface over its scripted backend, in Chromium: axe finds nothing, no script fails, nothing
// is wider than the window.
//
// If SIROCCO_SCREENSHOTS names a folder, pictures are written into it; SIROCCO_SCREEN takes only the screen of that
// name.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const ui = join(import.meta.dirname, "../../ui");
const fromUi = createRequire(join(ui, "package.json"));
const { createServer } = await import(pathToFileURL(join(ui, "node_modules/vite/dist/node/index.js")).href);
const axe = readFileSync(fromUi.resolve("axe-core/axe.min.js"), "utf8");

const VARIANTS = [
  { width: 1600, theme: "light" },
  { width: 900, theme: "dark" },
  { width: 480, theme: "light" },
];

const button = (name) => (page) => page.getByRole("button", { name }).first().click();
const keys = (chord) => (page) => page.keyboard.press(chord);
const text = (words) => (page) => page.getByText(words).first().waitFor();
/** Under 700 px the list lies over the rest and is opened first. */
const list = async (page) => {
  if (page.viewportSize().width < 700) await page.keyboard.press("Control+b");
};

// By name: which scripted backend, and the steps that lead to the screen.
const SCREENS = {
  welcome: ["empty", text("Talk to language models on your own machine")],
  "new chat": ["", text("answers on this machine")],
  chat: ["", list, (page) => page.locator("[data-row]").first().click(), (page) => page.locator("article.model").first().waitFor()],
  "prompt list": ["", (page) => page.getByRole("textbox", { name: "Message" }).fill("/"), (page) => page.getByRole("listbox").waitFor()],
  "prompt library": ["", button("Prompts"), text("Prompt library"), (page) => page.getByRole("menuitem", { name: "Prompt library" }).click(), text("Built in")],
  "prompt builder": ["", button("Prompts"), (page) => page.getByRole("menuitem", { name: "Prompt builder" }).click(), text("What is missing")],
  picker: ["", keys("Control+l"), (page) => page.getByRole("grid").waitFor()],
  "load options": ["", keys("Control+l"), button(/^Load options:/), text("Context length")],
  discover: ["", keys("Control+2"), text("Chosen for this machine")],
  filters: ["", keys("Control+2"), list, button(/^Filters/), (page) => page.getByLabel("Filters", { exact: true }).waitFor()],
  repository: ["", keys("Control+2"), list, button(/^Qwen3-4B-Instruct-2507/), text("Published scores")],
  downloads: ["", button(/^Downloads/), text("Pause all")],
  model: ["", keys("Control+3"), list, (page) => page.getByText("Qwen3 14B").first().click(), (page) => page.getByRole("heading", { level: 2, name: "Load options" }).waitFor()],
  folders: ["", keys("Control+3"), list, button("Folders"), text("Found on this machine")],
  duplicates: ["", keys("Control+3"), list, button("Duplicates"), (page) => page.getByRole("button", { name: /^Link/ }).waitFor()],
  "disk use": ["", keys("Control+3"), list, button("Disk use"), text("in all")],
  trash: ["", keys("Control+3"), list, button("Trash"), (page) => page.getByRole("heading", { level: 1, name: "Trash" }).waitFor()],
  settings: ["", keys("Control+,"), (page) => page.getByRole("heading", { level: 1 }).waitFor()],
  connections: ["", keys("Control+,"), list, button(/Connections/), (page) => page.getByRole("heading", { level: 1, name: /onnections/ }).waitFor()],
  "an empty library": ["empty", keys("Control+3"), text("Path of a GGUF file or a folder")],
  "ten thousand models": ["many", keys("Control+3"), list, text("10,000 models")],
  "a backend that fails": ["broken", text("Try again")],
  "a backend that waits": ["loading", text("Starting")],
};

let server;
let browser;

before(async () => {
  // A cache of its own: another run of the interface's tests may use the usual one.
  const cacheDir = join(ui, "node_modules/.vite-screens");
  server = await createServer({ root: ui, cacheDir, logLevel: "error", server: { port: 0, hmr: false, watch: null } });
  await server.listen();
  browser = await chromium.launch({
    executablePath: process.env.SIROCCO_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  // The first load bundles the interface's packages.
  const page = await browser.newPage();
  await page.goto(`${server.resolvedUrls.local[0]}?scripted`, { timeout: 120_000 });
  await page.close();
});

after(async () => {
  await browser?.close();
  await server?.close();
});

for (const { width, theme } of VARIANTS) {
  for (const [name, [scripted, ...steps]] of Object.entries(SCREENS)) {
    if (process.env.SIROCCO_SCREEN && process.env.SIROCCO_SCREEN !== name) continue;
    test(`${name}, ${width} px, ${theme}`, async () => {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: theme, reducedMotion: "reduce" });
      page.setDefaultTimeout(20_000);
      const complaints = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) complaints.push(message.text());
      });
      try {
        await page.goto(`${server.resolvedUrls.local[0]}?scripted=${scripted}`, { timeout: 60_000 });
        // Shortcuts are the frame's; these two backends never get as far.
        await page.locator(["broken", "loading"].includes(scripted) ? "main" : "main#main").waitFor();
        for (const step of steps) await step(page);
        // Pictures and lists that come a moment later, and what fades in.
        await page.waitForTimeout(400);
        await photograph(page, `${name}-${width}-${theme}`);
        assert.deepEqual(await violations(page), []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, "nothing is wider than the window");
        assert.deepEqual(complaints, []);
      } finally {
        await page.close();
      }
    });
  }
}

async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}

async function photograph(page, name) {
  const folder = process.env.SIROCCO_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name.replaceAll(" ", "-")}.png`) });
}
