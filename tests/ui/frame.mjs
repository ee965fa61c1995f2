// What only a real layout can show: places of reading, directions, sizes, and the palette from the keyboard.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { serve } from "./scripted.mjs";

let served;
let walk;

before(async () => {
  served = await serve("frame");
  walk = await served.open({ width: 1100, height: 520 });
});
after(() => served?.close());

const log = () => walk.page.getByRole("log", { name: "Conversation", exact: true });
const settled = () => walk.page.waitForTimeout(300);

async function openConversation(at) {
  await walk.page.locator("[data-row]").nth(at).click();
  await log().locator("article.model").first().waitFor();
  await settled();
}

/** Where the transcript stands. */
const place = () => log().evaluate((node) => ({ top: Math.round(node.scrollTop), below: Math.round(node.scrollHeight - node.clientHeight - node.scrollTop) }));

test("who reads above finds the place again, after another view and after another conversation", async () => {
  await openConversation(0);
  await log().hover();
  await walk.page.mouse.wheel(0, -170);
  await settled();
  const before = await place();
  assert.ok(before.below > 100, `scrolled up, ${before.below} px from the end`);
  await walk.page.keyboard.press("Control+,");
  await walk.page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await walk.page.keyboard.press("Control+1");
  await settled();
  assert.deepEqual(await place(), before);
  await openConversation(1);
  await openConversation(0);
  assert.deepEqual(await place(), before);
});

test("who followed the end follows it again", async () => {
  await openConversation(2);
  assert.ok((await place()).below <= 1);
  await walk.page.keyboard.press("Control+,");
  await walk.page.keyboard.press("Control+1");
  await settled();
  assert.ok((await place()).below <= 1);
});

test("the palette opens, finds and closes by keyboard, and gives the focus to what it opened", async () => {
  await walk.page.keyboard.press("Control+k");
  await walk.page.getByRole("combobox", { name: /^Find an action/ }).waitFor();
  await walk.page.keyboard.type("write a mess");
  await walk.page.keyboard.press("Enter");
  await walk.page.getByRole("combobox", { name: /^Find an action/ }).waitFor({ state: "detached" });
  await settled();
  assert.equal(await walk.page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Message");
});

test("the frame turns round with its direction", async () => {
  const left = (selector) => walk.page.locator(selector).first().evaluate((node) => node.getBoundingClientRect().left);
  assert.ok((await left("nav.rail")) < (await left("main")));
  await walk.page.evaluate(() => (document.documentElement.dir = "rtl"));
  assert.ok((await left("nav.rail")) > (await left("main")));
  assert.ok((await left(".list")) > (await left("main")));
  assert.equal(await walk.page.evaluate(() => document.documentElement.scrollWidth), 1100);
  await walk.page.evaluate(() => (document.documentElement.dir = "ltr"));
});

test("sizes apply at once, to the interface and to messages apart", async () => {
  const sizes = () =>
    walk.page.evaluate(() => [document.body, document.querySelector(".markdown p")].map((node) => Number.parseFloat(getComputedStyle(node).fontSize)));
  assert.deepEqual(await sizes(), [13, 15.5]);
  const appearance = { accent: "sirocco", interface_percent: 120, transcript_percent: 150, density: "comfortable" };
  await walk.page.evaluate((wanted) => window.sirocco.app.updateSettings({ appearance: wanted }), appearance);
  // Who asks for no motion gets transitions of no length, which still take until the next frame.
  await settled();
  const [body, message] = await sizes();
  assert.ok(Math.abs(body - 15.6) < 0.01 && Math.abs(message - 27.9) < 0.01, `${body} and ${message}`);
});

test("the page complained about nothing", () => {
  assert.deepEqual(walk.complaints, []);
});
