// How long the search page takes to show results once their answer is there. One JSON line, as `cargo xtask bench hub` reads
// them: the median over searches, from the last byte of the answer to the end of the frame that shows the first result.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ending, startHub, temporaryFolder } from "../hub/programs.mjs";
import { openBrowser, serveInterface } from "./host.mjs";

// Each search finds eleven of them, and no two searches the same.
const REPOSITORIES = 100;
const SEARCHES = 9;
const BAR_MS = 50;

let end;
const atEnd = ending((act) => (end = act));
try {
  console.log(JSON.stringify(await measure()));
} finally {
  await end();
}

async function measure() {
  const folder = temporaryFolder(atEnd);
  for (let number = 0; number < REPOSITORIES; number++) {
    const repository = join(folder, "hub", "owner", `Model-${number}-GGUF`);
    mkdirSync(repository, { recursive: true });
    writeFileSync(join(repository, "hub.json"), JSON.stringify({ tags: ["gguf"] }));
    writeFileSync(join(repository, `model-${number}-Q4_K_M.gguf`), "GGUF");
  }
  const { hub } = await startHub(atEnd, ["--folder", join(folder, "hub")]);
  const address = await serveInterface(atEnd, join(folder, "home"), { HF_ENDPOINT: hub });
  const browser = await openBrowser(atEnd);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript(noteAnswers);
  await page.goto(address);
  await page.getByRole("button", { name: "Discover" }).click();
  const search = page.getByRole("searchbox", { name: "Search Hugging Face" });
  // These files say nothing of what they hold.
  await page.getByRole("button", { name: /Runs here/ }).click();
  const times = [];
  for (let number = 1; number <= SEARCHES; number++) {
    await page.evaluate(() => (window.shown = null));
    await search.fill(`model-${number}`);
    const took = await page.waitForFunction(() => window.shown, null, { timeout: 30_000, polling: 20 });
    times.push(await took.jsonValue());
  }
  times.sort((one, other) => one - other);
  const value = times[Math.floor(times.length / 2)];
  return { name: "hub: results shown after their answer", value, unit: "ms", bar: BAR_MS, ok: value < BAR_MS };
}

/** In the page: `shown` becomes the milliseconds between the answer to a search and the frame with its first result. */
function noteAnswers() {
  const { fetch } = window;
  window.fetch = async (...request) => {
    const response = await fetch(...request);
    if (!String(request[0]).includes("hub_search")) return response;
    const text = await response.text();
    const answered = performance.now();
    const first = JSON.parse(text).results?.[0]?.repository;
    const seen = new MutationObserver(() => {
      if (!document.querySelector(`[title="${first}"]`)) return;
      seen.disconnect();
      // The frame is over when the task after its painting runs.
      requestAnimationFrame(() => setTimeout(() => (window.shown = performance.now() - answered)));
    });
    seen.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    return new Response(text, response);
  };
}
