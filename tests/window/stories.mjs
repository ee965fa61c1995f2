// The real window with the real worker and the real model, as a person uses it; later stories build on earlier ones.
//
// SIROCCO_DESKTOP, SIROCCO_TAURI_DRIVER, SIROCCO_TEST_TRAY, SIROCCO_WORKER_DIR and SIROCCO_TEST_MODEL are set by `cargo xtask test`.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Desktop } from "./desktop.mjs";
import { Tray } from "./tray.mjs";

const desktop = new Desktop();
const tray = new Tray();
const QUESTION = "Write a Python function that tells whether a word is a palindrome, and show one example.";
const LONG_TASK = "Tell a long story about a wind that crosses the sea.";

before(async () => {
  await tray.open();
  await desktop.open();
});
after(async () => {
  await desktop.remove();
  await tray.close();
});

/** Writes into the composer with the keyboard and sends. */
async function ask(question) {
  await desktop.page.click('textarea[aria-label="Message"]');
  await desktop.page.type(question);
  await desktop.page.press("Enter");
}

const newChat = () => desktop.page.press("Control+N");

/** Writes something else into a field. */
async function change(field, value) {
  await desktop.page.click(field);
  await desktop.page.press("Control+A");
  await desktop.page.type(value);
  await desktop.page.press("Tab");
}

/** The text of the last answer, without what stands under it. */
const answer = () => desktop.page.run(() => [...document.querySelectorAll("article.model .markdown")].at(-1).innerText);

/** Waits until so many words of the last answer are there, and answers its text. */
const written = (words) =>
  desktop.page.until(
    `${words} words`,
    (words) => {
      const text = [...document.querySelectorAll("article.model .markdown")].at(-1)?.innerText ?? "";
      return text.split(/\s+/).length > words && text;
    },
    words,
  );

/** Waits until nothing is written any more and this stands under the last answer. */
const ended = (words) =>
  desktop.page.until(
    words,
    (words) =>
      document.querySelector('[role="log"]')?.ariaBusy === "false" &&
      [...document.querySelectorAll("article.model")].at(-1)?.innerText.includes(words),
    words,
  );

/** Fails unless the last answer begins with this text, which may have been shown with its last mark half written. */
async function assertKept(shown) {
  const letters = (text) => text.replace(/\P{Letter}+/gu, "");
  const kept = await answer();
  assert.ok(letters(kept).startsWith(letters(shown)), `kept "${kept}" of "${shown}"`);
}

/** Opens the newest conversation from the list, which shows its end. */
async function openNewest() {
  await desktop.page.click("[data-row]");
  await desktop.page.until("an answer", () => document.querySelector("article.model .markdown") !== null);
  await desktop.page.until("the end of the answer", () => {
    const log = document.querySelector('[role="log"]');
    return log.scrollHeight - log.clientHeight - log.scrollTop < 10 && document.querySelector(".jump") === null;
  });
}

/** Waits until code that was opened has its colours, after which nothing moves any more. */
const coloured = () => desktop.page.until("coloured code", () => document.querySelector("article.model pre span span") !== null);

async function chooseTheme(label) {
  await desktop.page.press("Control+,");
  await desktop.page.click('button[aria-label^="Theme:"]');
  await desktop.page.click(`[role="option"][data-label="${label}"]`);
  await desktop.page.until(`the theme ${label}`, (label) => document.querySelector(`[aria-label="Theme: ${label}"]`), label);
  await desktop.page.press("Control+1");
  await coloured();
}

const theme = () => desktop.page.run(() => document.documentElement.dataset.theme);

test("the window opens with the model that lies in the data folder", async () => {
  await desktop.page.resize(1280, 800);
  await desktop.page.until("a model to talk to", () =>
    document.querySelector("main")?.innerText.includes("answers on this machine. Nothing leaves it."),
  );
});

test("the parameters of new conversations are chosen in the settings", async () => {
  await desktop.page.press("Control+,");
  // The likeliest token each time: what the model says does not change from run to run.
  await change('input[type="number"][aria-label="Temperature"]', "0");
  await newChat();
  await desktop.page.until("the temperature of a new conversation", () =>
    [...document.querySelectorAll("label")].some((label) => label.innerText === "Temperature" && label.control.value === "0.00"),
  );
});

test("a question is answered, and its Markdown is drawn while it is written", async () => {
  await ask(QUESTION);
  await desktop.page.until("code that grows", () => document.querySelector('[aria-busy="true"] article.model pre') !== null);
  await ended("tok/s");
  assert.match(await answer(), /def /);
  assert.doesNotMatch(await answer(), /```/);
  await desktop.page.until("no mark of a new answer", () => document.querySelector("[data-row] .mark") === null);
});

test("the conversation is there after a restart, in the colours of a dark system", async () => {
  const before = await answer();
  await desktop.close();
  await desktop.open({ GTK_THEME: "Adwaita:dark" });
  await desktop.page.resize(1280, 800);
  await openNewest();
  await coloured();
  await openNewest();
  assert.equal(await answer(), before);
  assert.equal(await theme(), "dark");
});

test("the theme is chosen in the settings, against the system", async () => {
  await chooseTheme("Light");
  assert.equal(await theme(), "light");
  await openNewest();
  await desktop.photograph("chat-light");
  await chooseTheme("Dark");
  assert.equal(await theme(), "dark");
  await openNewest();
  await desktop.photograph("chat-dark");
});

test("a second launch ends at once, and the first window stays", async () => {
  const { pid } = desktop;
  assert.equal(await desktop.launchAgain(), 0);
  assert.equal(desktop.pid, pid);
  assert.match(await desktop.page.run(() => document.title), /Sirocco/);
});

test("the keyboard alone begins a conversation and stops its answer", async () => {
  await desktop.page.press("Control+N");
  await desktop.page.type(LONG_TASK);
  await desktop.page.press("Enter");
  await written(10);
  await desktop.page.press("Escape");
  await ended("stopped");
});

test("Stop ends an answer", async () => {
  await newChat();
  await ask(LONG_TASK);
  await written(10);
  await desktop.page.click('button[aria-label="Stop"]');
  await ended("stopped");
});

test("the window opens where it was and as large", async () => {
  await desktop.page.resize(1000, 700);
  await desktop.page.until("the size", () => innerWidth === 1000 && innerHeight === 700);
  await desktop.close();
  assert.deepEqual(desktop.place(), { position: [0, 0], size: [1000, 700], maximised: false });
  await desktop.open();
  await desktop.page.until("the size of before", () => innerWidth === 1000 && innerHeight === 700);
  await desktop.page.resize(1280, 800);
});

test("a conversation has a window of its own, which shows it too, and closing that ends nothing", async () => {
  await openNewest();
  const [main] = await desktop.page.windows();
  const before = await answer();
  await desktop.page.press("Control+Shift+N");
  await desktop.otherWindow([main]);
  await desktop.page.until("its answer", () => document.querySelector("article.model .markdown") !== null);
  assert.equal(await answer(), before);
  await ask("Say hello.");
  await desktop.page.until("an answer", () => document.querySelectorAll("article.model").length > 1);
  await desktop.page.closeWindow();
  await desktop.page.switchTo(main);
  await ended("tok/s");
  assert.notEqual(await answer(), before, "the first window has heard of it");
});

test("the desktop is told of a long answer, and a click shows it", async () => {
  await newChat();
  // Of 700 tokens: long is what takes ten seconds, on fast machines too.
  await ask("Count from 1 to 400, one number per line.");
  await written(3);
  await newChat();
  desktop.leave();
  await tray.notice(/Count/);
  await tray.clickNotice();
  await desktop.page.until("the answer", () => document.querySelector("article.model .markdown")?.innerText.includes("20"));
});

test("keys that are pressed anywhere open a small window, whose answer is kept or not", async () => {
  const [main] = await desktop.page.windows();
  const shown = await desktop.page.windows();
  await desktop.page.press("Control+,");
  await desktop.page.click('button[aria-label="Change the keys of “Quick question”"]');
  await desktop.page.press("Control+Shift+K");
  await desktop.page.until("the keys", () => document.querySelector('button[aria-label="Remove the keys of “Quick question”"]'));
  desktop.pressAnywhere("Control_L", "Shift_L", "k");
  await desktop.otherWindow(shown);
  await ask("Say hello.");
  await desktop.page.until("the answer", () => document.querySelector('[aria-busy="false"] article.model .markdown'));
  const said = await answer();
  await desktop.photograph("quick");
  await desktop.page.click(".quick header button");
  await desktop.page.until("another question", () => document.querySelector("article.model") === null);
  await desktop.page.switchTo(main);
  await desktop.page.until("the kept answer", (said) => [...document.querySelectorAll("article.model .markdown")].at(-1)?.innerText === said, said);
});

test("closing the window in the middle of an answer keeps its text", async () => {
  await newChat();
  await ask(LONG_TASK);
  const shown = await written(20);
  await desktop.close();
  await desktop.open();
  await openNewest();
  await ended("This answer was interrupted");
  await assertKept(shown);
});

test("after kill -9 in the middle of an answer, what was shown for two seconds is there", async () => {
  await newChat();
  await ask(LONG_TASK);
  const shown = await written(20);
  // The promise is one of time: text is saved at least this often.
  await pause(2000);
  assert.notEqual(await answer(), shown, "it is still being written");
  await desktop.kill();
  await desktop.open();
  await desktop.page.until("word of it", () => document.body.innerText.includes("Sirocco did not close properly last time"));
  await openNewest();
  await ended("This answer was interrupted");
  await assertKept(shown);
});

test("the page reaches nothing but our commands", async () => {
  const reached = await desktop.page.run(async () => {
    const open = window.__TAURI_INTERNALS__.invoke("plugin:opener|open_url", { url: "https://example.org" });
    return open.then(() => "opened", (refusal) => String(refusal));
  });
  assert.match(reached, /not allowed/);
});

test("the tray ejects the model and quits", async () => {
  await newChat();
  await ask("Say hello.");
  await ended("tok/s");
  const eject = await tray.until(/^Eject /);
  assert.equal(desktop.workers().length, 1);
  await tray.choose(eject);
  await desktop.page.until("a model that is not loaded", () => document.querySelector('button[aria-label^="Eject"]') === null);
  await desktop.endAfter(() => tray.choose("Quit Sirocco"));
});
