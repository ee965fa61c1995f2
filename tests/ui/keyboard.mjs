// From an empty library to a first answer and back, with the keyboard alone: no pointer is ever used.
//
// The real backend and worker, a scripted Hub, and its tiny model, whose words are random but real.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ending, startHub, temporaryFolder } from "../hub/programs.mjs";
import { openBrowser, serveInterface } from "./host.mjs";

const PATIENCE = 60_000;
/** No screen has so many stops. */
const MOST_STOPS = 120;
const atEnd = ending(after);
let page;

before(async () => {
  const home = temporaryFolder(atEnd);
  const { hub } = await startHub(atEnd);
  const address = await serveInterface(atEnd, home, { HF_ENDPOINT: hub });
  const browser = await openBrowser(atEnd);
  page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
  page.setDefaultTimeout(PATIENCE);
  await page.goto(address);
});

async function press(...chords) {
  for (const chord of chords) await page.keyboard.press(chord);
}
const button = (name) => page.getByRole("button", { name });

/** Goes on with `key` until the element has the focus, and sees that the focus is shown there. */
async function walkTo(target, key = "Tab") {
  await target.first().waitFor();
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    if (await target.first().evaluate((element) => element === document.activeElement)) {
      assert.ok(await page.evaluate(focusShows), `the focus shows on ${target}`);
      return;
    }
    await press(key);
  }
  assert.fail(`${target} is not reached by ${key}`);
}

/** On the element itself, or on what stands for it around it. */
function focusShows() {
  for (let element = document.activeElement, depth = 0; element && depth < 3; element = element.parentElement, depth++) {
    const style = getComputedStyle(element);
    if ((style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none") return true;
  }
  return false;
}

test("a model is searched, opened and downloaded", async () => {
  await button("Discover").waitFor();
  await press("Control+2");
  await walkTo(page.getByRole("searchbox", { name: "Search Hugging Face" }));
  await page.keyboard.type("tiny");
  await walkTo(page.getByRole("button").filter({ has: page.getByTitle("sample/tiny-GGUF") }), "ArrowDown");
  await press("Enter");
  await walkTo(button(/^Download .*Q8_0/));
  await press("Enter");
  // The button keeps the focus from step to step.
  await walkTo(button(/^Load .*Q8_0/));
});

test("it is loaded and answers", async () => {
  await press("Enter");
  await walkTo(button(/^Chat with .*Q8_0/));
  await press("Enter");
  const composer = page.getByRole("textbox", { name: "Message", exact: true });
  await walkTo(composer);
  await page.keyboard.type("hello");
  await press("Enter");
  const answer = page.getByRole("log", { name: "Conversation", exact: true }).locator("article.model").last();
  await answer.getByText("tok/s").or(answer.getByText("tokens per second")).first().waitFor();
  assert.ok(await composer.evaluate((element) => element === document.activeElement), "one can write on at once");
});

test("a conversation is renamed, pinned and deleted, and comes back", async () => {
  await walkTo(page.locator("[data-row]"), "Shift+Tab");
  await walkTo(button("More for this conversation"));
  await press("Enter");
  await walkTo(page.getByRole("menuitem", { name: "Pin" }), "ArrowDown");
  await press("Enter");
  await page.getByText("Pinned", { exact: true }).waitFor();
  await walkTo(button("More for this conversation"));
  await press("Enter");
  await walkTo(page.getByRole("menuitem", { name: "Delete" }), "ArrowDown");
  await press("Enter");
  await page.getByText(/^Deleted/).waitFor();
  await walkTo(button("Undo"));
  await press("Enter");
  await page.locator("[data-row]").first().waitFor();
});

test("the model is marked, deleted and restored in the library", async () => {
  await press("Control+3");
  const rows = page.getByRole("list", { name: "Models" }).getByRole("button");
  // The first one is the heading of a folder.
  await walkTo(rows);
  await walkTo(rows.nth(1), "ArrowDown");
  await press("Enter");
  await walkTo(button("Mark as favourite"));
  await press("Enter");
  await button("No favourite any more").waitFor();
  await walkTo(button(/^Eject/));
  await press("Enter");
  await walkTo(button(/^Delete /));
  await press("Enter");
  await page.getByText(/is in the trash/).waitFor();
  await walkTo(button("Undo"));
  await press("Enter");
  await rows.nth(1).waitFor();
});

test("the offline switch is found, turned and obeyed", async () => {
  await press("Control+,");
  const offline = page.getByRole("switch", { name: "Offline" });
  await walkTo(offline);
  await press("Space");
  await page.waitForFunction((element) => element?.getAttribute("aria-checked") === "true", await offline.elementHandle());
  await press("Control+2");
  await walkTo(page.getByRole("searchbox", { name: "Search Hugging Face" }));
  await page.keyboard.type("sharded");
  await page.getByText(/switched off/i).first().waitFor();
});

test("drawers and dialogs give the focus back to what opened them", async () => {
  const downloads = button(/^Downloads/);
  await walkTo(downloads, "Shift+Tab");
  await press("Enter");
  const drawer = page.getByRole("dialog", { name: "Downloads" });
  await drawer.waitFor();
  await press("Escape");
  await drawer.waitFor({ state: "detached" });
  assert.ok(await downloads.evaluate((element) => element === document.activeElement), "the focus is back on the button");
  await press("Control+l");
  await page.getByRole("grid").waitFor();
  await press("Escape");
  await page.getByRole("grid").waitFor({ state: "detached" });
});
