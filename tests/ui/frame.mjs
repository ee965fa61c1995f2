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
  const appearance = { accent: "sirocco", interface_percent: 120, transcript_percent: 150, density: "comfortable", typeface: "sans", direction: "language", reasoning_open: false };
  await walk.page.evaluate((wanted) => window.sirocco.app.updateSettings({ appearance: wanted }), appearance);
  // Who asks for no motion gets transitions of no length, which still take until the next frame.
  await settled();
  const [body, message] = await sizes();
  assert.ok(Math.abs(body - 15.6) < 0.01 && Math.abs(message - 27.9) < 0.01, `${body} and ${message}`);
});

test("the page complained about nothing", () => {
  assert.deepEqual(walk.complaints, []);
});

/** A conversation of short turns, and the places that pages of it are asked for. */
async function longConversation(page, turns) {
  await page.evaluate((turns) => {
    const stored = window.scripted.stored.get("c-2");
    const [question, answer] = stored.messages;
    stored.messages = Array.from({ length: 2 * turns }, (_, at) => ({
      ...structuredClone(at % 2 === 0 ? question : answer),
      id: `long-${at}`,
      parent_id: at === 0 ? null : `long-${at - 1}`,
      content: `Word ${at}.`,
    }));
    stored.conversation.head = `long-${2 * turns - 1}`;
    window.asked = [];
    const call = window.scripted.call.bind(window.scripted);
    window.scripted.call = (command, request) => {
      if (command === "message_page") window.asked.push(Object.keys(request.place ?? { end: 0 })[0]);
      return call(command, request);
    };
  }, turns);
  await page.locator("[data-row='c-2']").click();
  await page.getByRole("log", { name: "Conversation", exact: true }).locator("article.model").first().waitFor();
}

test("older turns come until a window is full, also where there was nothing to scroll", async () => {
  const { page } = await served.open({ width: 1100, height: 3_000 });
  await longConversation(page, 200);
  await page.waitForFunction(() => {
    const log = document.querySelector('[role="log"]');
    return log.scrollHeight > log.clientHeight && log.querySelectorAll("article.model").length > 10;
  });
  assert.ok((await page.evaluate(() => window.asked)).includes("before"));
  await page.close();
});

test("whoever sends in a chat of short turns has no older ones fetched", async () => {
  const { page } = await served.open({ width: 1100, height: 900 });
  await longConversation(page, 200);
  await page.waitForTimeout(1_500);
  await page.evaluate(() => (window.asked = []));
  await page.getByRole("textbox", { name: "Message" }).fill("And on?");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("And on?").waitFor();
  await page.waitForTimeout(1_500);
  assert.deepEqual((await page.evaluate(() => window.asked)).filter((place) => place === "before"), []);
  await page.close();
});
