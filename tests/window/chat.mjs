// The things that people do most in a chat, once each in the real window: what its web view makes of keys, clicks, fields and
// frames. Over the real worker and the real model, whose answers end soon; later stories build on earlier ones.
//
// Everything else that a chat can do is told in `tests/ui`.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { Desktop, eventually, windowNames } from "./desktop.mjs";

const desktop = new Desktop();
const MESSAGE = 'textarea[aria-label="Message"]';
const SEARCH = '[aria-label="Search titles and messages"]';
let page;

before(async () => {
  await desktop.open();
  page = desktop.page;
  await page.resize(1280, 800);
  await page.until("the composer", (selector) => document.querySelector(selector), MESSAGE);
  await page.run(async () => {
    const call = (command, payload) => window.__TAURI_INTERNALS__.invoke("rpc", { command, payload });
    const settings = await call("settings_get", {});
    Object.assign(settings, { titles: "off", notify_answers: false, shortcuts: { "chat.print": "Mod+P" } });
    Object.assign(settings.default_parameters, { max_tokens: 48, temperature: 0 });
    await call("settings_set", { settings });
  });
});
afterEach((story) => desktop.photograph(story.name));
after(() => desktop.remove());

async function ask(question) {
  await page.click(MESSAGE);
  await page.type(question);
  await page.press("Enter");
}

/** Waits until so many turns are shown and nothing is written. */
const turns = (count) =>
  page.until(
    `${count} turns`,
    (count) => {
      const log = document.querySelector('[role="log"]');
      return log?.ariaBusy === "false" && log.querySelectorAll("article").length === count;
    },
    count,
  );

const shows = (text) => page.until(text, (text) => document.body.innerText.includes(text), text);

/** Waits until the last question has these words. */
const lastQuestion = (words) =>
  page.until(words, (words) => [...document.querySelectorAll("article.user")].at(-1)?.innerText.includes(words), words);

const hasFocus = (selector) => page.until(`the focus in ${selector}`, (selector) => document.activeElement?.matches(selector), selector);

/** Does what stands under the last message of a kind. */
const onLast = (kind, name) =>
  page.until(
    name,
    (kind, name) => {
      const found = [...document.querySelectorAll(`article.${kind}`)].at(-1)?.querySelector(`button[aria-label="${name}"]`);
      if (!found || found.disabled) return false;
      found.click();
      return true;
    },
    kind,
    name,
  );

/** Presses the button with these words. */
const pressButton = (words) =>
  page.until(
    words,
    (words) => {
      const found = [...document.querySelectorAll("button")].find((one) => one.innerText === words);
      found?.click();
      return found !== undefined;
    },
    words,
  );

/** Does what the palette has under this name. */
async function act(name) {
  await page.press("Control+K");
  await hasFocus('[role="combobox"]');
  await page.type(name);
  await page.until(name, (name) => document.querySelector('li[role="option"][aria-selected="true"]')?.textContent.trim().startsWith(name), name);
  await page.press("Enter");
}

test("a question gets an answer, and another one", async () => {
  await ask("Name a warm wind");
  await turns(2);
  await onLast("model", "Regenerate");
  await shows("2/2");
  await turns(2);
});

test("a question is worded anew", async () => {
  await onLast("user", "Edit");
  await hasFocus('[aria-label="Edit the message"]');
  await page.press("Control+A");
  await page.type("Name a cold wind");
  await pressButton("Save and answer");
  await lastQuestion("Name a cold wind");
  await turns(2);
});

test("an answer is deleted and brought back", async () => {
  await onLast("model", "Delete");
  await turns(1);
  await pressButton("Undo");
  await turns(2);
});

test("the map shows all versions and leads to one", async () => {
  await act("Show the map of versions");
  await page.until("the map", () => document.querySelectorAll('[role="treeitem"]').length >= 4);
  await page.run(() => [...document.querySelectorAll('[role="treeitem"]')].find((one) => one.innerText.includes("warm")).click());
  await lastQuestion("Name a warm wind");
});

test("a message written during an answer is sent after it", async () => {
  await ask("Tell me of the sea");
  await page.until("an answer that is written", () => document.querySelector('[role="log"]').ariaBusy === "true");
  await ask("And of the land");
  await page.until("the message that waits", () => document.querySelector("section.queue")?.innerText.includes("And of the land"));
  await turns(6);
  await lastQuestion("And of the land");
});

test("words are found in this conversation", async () => {
  await page.press("Control+F");
  await hasFocus('[role="search"] input');
  await page.type("warm");
  await page.until("a place", () => /\d of 2/u.test(document.querySelector('[role="search"]')?.innerText ?? ""));
  await page.press("Escape");
  await page.until("no bar", () => !document.querySelector('[role="search"]'));
});

test("a conversation is found among all", async () => {
  await page.press("Control+N");
  await page.click(SEARCH);
  await page.type("land");
  await page.until("a place", () => {
    const found = document.querySelector('[aria-label="Search results"] mark');
    found?.click();
    return found;
  });
  await lastQuestion("And of the land");
  await page.click(SEARCH);
  await page.press("Escape");
  await page.until("the list again", () => document.querySelector("[data-row]"));
});

test("a prompt of the library goes into the composer", async () => {
  await page.press("Control+N");
  await page.click(MESSAGE);
  await page.type("/summ");
  await page.until("the list", () => document.querySelector('[role="option"]'));
  await page.press("Enter");
  await hasFocus('[role="dialog"] textarea');
  await page.type("a sailor");
  await pressButton("Insert");
  await page.until("the prompt", (selector) => document.querySelector(selector)?.value.includes("for a sailor"), MESSAGE);
});

test("a long text that is pasted goes along as a file", async () => {
  await page.click(MESSAGE);
  await page.run((selector) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", "The khamsin blows fifty days. ".repeat(200));
    document.querySelector(selector).dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, MESSAGE);
  await page.until("the file", () => [...document.querySelectorAll("button")].some((one) => one.ariaLabel?.startsWith("Open ")));
  assert.ok(!(await page.run((selector) => document.querySelector(selector).value.includes("khamsin"), MESSAGE)));
});

test("what is printed of a conversation is its text, and the focus stays where it was", async () => {
  await page.click("[data-row]");
  await page.until("an answer", () => document.querySelector("article.model .markdown"));
  await page.click(MESSAGE);
  await page.run(() => {
    new MutationObserver((changes) => {
      for (const frame of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
        if (frame.tagName !== "IFRAME") continue;
        const print = () => (document.body.dataset.printed = frame.contentDocument.body.innerText);
        frame.addEventListener("load", () => Object.assign(frame.contentWindow, { print }), { capture: true });
      }
    }).observe(document.body, { childList: true });
  });
  await act("Print the conversation or save it as PDF");
  const printed = await page.until("what is printed", () => document.body.dataset.printed);
  for (const words of ["Name a warm wind", "Tell me of the sea", "And of the land"]) assert.ok(printed.includes(words), printed);
  await hasFocus(MESSAGE);
});

// Under a driver, WebKit's `print` does nothing.
test("the dialog of the system prints to a file, and the keyboard works on", async () => {
  await desktop.close();
  // Whoever runs the tests may have a printer.
  const settings = join(desktop.folder, "config/gtk-3.0");
  mkdirSync(settings, { recursive: true });
  writeFileSync(join(settings, "settings.ini"), "[Settings]\ngtk-print-backends=file\n");
  const file = join(desktop.folder, "output.pdf");
  const shown = (words) => windowNames().some((name) => name.includes(words));

  await desktop.openAlone();
  await eventually("the conversation", () => {
    desktop.pressAnywhere("Control_L", "Shift_L", "bracketleft");
    return shown("wind");
  });
  desktop.pressAnywhere("Control_L", "p");
  await eventually("the dialog", () => shown("Print"));
  desktop.pressAnywhere("Escape");
  await eventually("no dialog", () => !shown("Print"));
  desktop.pressAnywhere("Control_L", "p");
  await eventually("the dialog again", () => shown("Print"));
  desktop.pressAnywhere("Tab");
  desktop.pressAnywhere("Down");
  desktop.pressAnywhere("Return");
  await eventually("a file", () => existsSync(file) && readFileSync(file, "latin1").trimEnd().endsWith("%%EOF"));
  assert.match(readFileSync(file, "latin1"), /\/Title \(Name a (?:warm|cold) wind\)/);
});
