// The interface in Chromium, served by `sirocco serve-ui`, with the real worker and the real model.
//
// SIROCCO_CLI, SIROCCO_WORKER_DIR and SIROCCO_TEST_MODEL are set by `cargo xtask test`.

import assert from "node:assert/strict";
import { copyFileSync, linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { ending, temporaryFolder } from "../hub/programs.mjs";
import { openBrowser, serveInterface } from "./host.mjs";

const PATIENCE = 240_000;
const atEnd = ending(after);
let page;
const complaints = [];

before(async () => {
  const home = temporaryFolder(atEnd);
  const model = process.env.SIROCCO_TEST_MODEL;
  mkdirSync(join(home, "models"));
  const own = join(home, "models", basename(model));
  try {
    linkSync(model, own);
  } catch {
    copyFileSync(model, own);
  }
  const address = await serveInterface(atEnd, home);
  const browser = await openBrowser(atEnd);
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(address);
});

const composer = () => page.getByRole("textbox", { name: "Message", exact: true });
const transcript = () => page.getByRole("log", { name: "Conversation", exact: true });
const answers = () => transcript().locator("article.model");

async function finished(count) {
  await transcript().getByText("tok/s").nth(count - 1).waitFor({ timeout: PATIENCE });
}

test("a question is answered by the real model", async () => {
  await composer().fill("What is the capital of France? Answer in one short sentence.");
  await composer().press("Enter");
  await finished(1);
  assert.match(await answers().last().innerText(), /Paris/);
  assert.equal(new URL(page.url()).hash, "", "the token does not stay in the address");
});

test("the conversation is still there after a reload", async () => {
  await page.reload();
  // The model may have given it a title meanwhile.
  await page.locator("[data-row]").first().click();
  await answers().last().waitFor();
  assert.match(await answers().last().innerText(), /Paris/);
});

test("an answer stops when it is told to", async () => {
  await composer().fill("Count from 1 to 500, one number per line.");
  await composer().press("Enter");
  await answers().nth(1).getByText("5", { exact: false }).first().waitFor({ timeout: PATIENCE });
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await transcript().getByText("stopped", { exact: true }).first().waitFor({ timeout: 10_000 });
  const text = await answers().nth(1).innerText();
  assert.doesNotMatch(text, /\b499\b/);
});

test("conversations of another app come in from a file and go out as one", async () => {
  const node = (role, words, parent) => ({
    parent,
    message: { author: { role }, content: { content_type: "text", parts: [words] } },
  });
  const file = join(temporaryFolder(atEnd), "conversations.json");
  const mapping = { a: node("user", "Why two tides?", null), b: node("assistant", "Two bulges.", "a") };
  writeFileSync(file, JSON.stringify([{ id: "tides", title: "Tides", create_time: 1_700_000_000, mapping }]));
  await page.keyboard.press("Control+,");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByLabel("File or folder").fill(file);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Import 1 conversation" }).click();
  await page.getByRole("button", { name: "Show it" }).click();
  await transcript().getByText("Two bulges.").waitFor();

  await page.getByRole("button", { name: "More for the open conversation" }).click();
  await page.getByRole("menuitem", { name: "Export as" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: "Markdown", exact: true }).click(),
  ]);
  assert.match(download.suggestedFilename(), /^2023-11-1\d Tides\.md$/);
  const text = readFileSync(await download.path(), "utf8");
  assert.match(text, /^# Tides\n[^]*## You\n\nWhy two tides\?\n[^]*Two bulges\.\n$/);
});

test("the page complained about nothing", () => {
  assert.deepEqual(complaints, []);
});
