// What a chat is made of, each point once over the real backend and worker in Chromium: the message tree, what goes to the
// model, presets and prompts, answers side by side, and the way out and in again.
//
// The model is the tiny one of the scripted Hub, whose words are random but real. Later stories build on earlier ones.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ending, runProgram, startHub, temporaryFolder } from "../hub/programs.mjs";
import { openBrowser, serveInterface } from "./host.mjs";

const PATIENCE = 60_000;
const atEnd = ending(after);
const complaints = [];
let page;
let command;

before(async () => {
  const home = temporaryFolder(atEnd);
  const { hub } = await startHub(atEnd);
  const fetched = await runProgram(process.env.SIROCCO_CLI, ["--home", home, "get", "sample/tiny-GGUF:Q8_0"], { HF_ENDPOINT: hub });
  assert.equal(fetched.code, 0, fetched.stderr);
  const address = await serveInterface(atEnd, home, { HF_ENDPOINT: hub });
  const { origin, hash } = new URL(address);
  const headers = { authorization: `Bearer ${new URLSearchParams(hash.slice(1)).get("token")}`, "content-type": "application/json" };
  command = async (name, request) => {
    const answer = await fetch(`${origin}/api/call/${name}`, { method: "POST", headers, body: JSON.stringify(request) });
    assert.ok(answer.ok, `${name}: ${answer.status}`);
    return answer.json();
  };
  // Answers end soon, and a context this short is soon full.
  await change((settings) => ({
    titles: "off",
    default_context_length: 512,
    default_parameters: { ...settings.default_parameters, max_tokens: 16, temperature: 0 },
  }));
  const browser = await openBrowser(atEnd);
  page = await browser.newPage({ viewport: { width: 1400, height: 900 }, reducedMotion: "reduce" });
  page.setDefaultTimeout(PATIENCE);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(address);
  await composer().waitFor();
});

async function change(changes) {
  const settings = await command("settings_get", {});
  await command("settings_set", { settings: { ...settings, ...changes(settings) } });
}

const button = (name, within = page) => within.getByRole("button", { name, exact: typeof name === "string" }).first();
const composer = () => page.getByRole("textbox", { name: "Message", exact: true });
const log = () => page.getByRole("log", { name: "Conversation", exact: true });
const turns = () => log().locator("article");
const questions = () => log().locator("article.user");
const answers = () => log().locator("article.model");
const item = (name) => page.getByRole("menuitem", { name, exact: true }).click();
const tab = (name) => page.getByRole("tab", { name }).click();

/** Waits until this many answers are whole. */
async function whole(count) {
  await answers().nth(count - 1).getByText(/tok\/s|to first token/).first().waitFor();
  await button("Send").or(button("Stop")).first().waitFor();
  await button("Send").waitFor();
}

/** Waits until so many turns are shown and no more. */
async function shows(count) {
  await turns().nth(count).waitFor({ state: "detached" });
  await turns().nth(count - 1).waitFor();
}

async function ask(words) {
  await composer().fill(words);
  await composer().press("Enter");
}

async function newChat() {
  await page.keyboard.press("Control+1");
  await page.keyboard.press("Control+n");
  await log().waitFor({ state: "detached" });
}

/** Opens the menu of a message and chooses an entry. */
async function onTurn(turn, entry) {
  await turn.hover();
  await button("More for this message", turn).click();
  await item(entry);
}

test("a message is edited into a version, an answer regenerated, and one goes back to what was", async () => {
  await ask("First wording");
  await whole(1);
  await questions().first().hover();
  await button("Edit", questions().first()).click();
  await page.getByRole("textbox", { name: "Edit the message" }).fill("Second wording");
  await button("Save and answer").click();
  await questions().getByLabel("Version 2 of 2").waitFor();
  await whole(1);
  await button("Regenerate", answers().first()).click();
  await answers().getByLabel("Version 2 of 2").waitFor();
  await whole(1);
  await button("Previous version", questions().first()).click();
  await questions().getByText("First wording").waitFor();
  assert.equal(await answers().getByLabel(/^Version/).count(), 0, "the first branch has one answer");
});

test("a message is left out, deleted and brought back, and a branch becomes a conversation", async () => {
  await ask("A second question");
  await whole(2);
  await onTurn(questions().first(), "Leave out of the context");
  await page.getByText("Left out: the model does not see this.").waitFor();
  await tab("Context");
  await page.getByText("Left out by you").first().waitFor();
  await tab("Parameters");
  await questions().nth(1).hover();
  await button("Delete", questions().nth(1)).click();
  await page.getByText("Message deleted, with what answered it").waitFor();
  await shows(2);
  await button("Undo").click();
  await turns().nth(3).waitFor();
  const rows = await page.locator("[data-row]").count();
  await onTurn(answers().first(), "Branch into a new conversation");
  await page.locator("[data-row]").nth(rows).waitFor();
  await shows(2);
});

test("a file goes with a message, its text is shown, and the model is sent it", async () => {
  await newChat();
  const notes = { name: "notes.md", mimeType: "text/markdown", buffer: Buffer.from("# Notes\n\nThe khamsin blows fifty days.\n") };
  await page.locator('input[type="file"]').setInputFiles(notes);
  await button(/^Open notes\.md/).click();
  await page.getByRole("dialog").getByText("The khamsin blows fifty days.").waitFor();
  await page.keyboard.press("Escape");
  await ask("How long does it blow?");
  await whole(1);
  await button(/^Open notes\.md/, questions().first()).waitFor();
  await tab("Context");
  await page.getByText("What is sent").waitFor();
  await page.getByText("The khamsin blows fifty days.").first().waitFor();
  await tab("Parameters");
});

test("a full context stops with a way out, and the oldest turns give way", async () => {
  await newChat();
  const words = (count) => "wind and sand ".repeat(count);
  await ask(words(60));
  await whole(1);
  await ask(words(80));
  await answers().nth(1).getByText(/the context holds 512/).waitFor();
  await answers().nth(1).getByRole("button", { name: "Leave out the oldest turns" }).click();
  await answers().nth(1).getByText(/the context holds 512/).waitFor({ state: "detached" });
  await whole(2);
  await tab("Context");
  await page.getByText("Left out: no room").first().waitFor();
  await tab("Parameters");
});

test("changed values become a preset, which other chats use and go back to", async () => {
  await newChat();
  const temperature = page.getByRole("textbox", { name: "Temperature", exact: true });
  const set = async (value) => {
    await temperature.fill(value);
    await temperature.press("Enter");
  };
  await set("1.2");
  await button("More for presets").click();
  await item("Save as new preset…");
  await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("Lively");
  await button("Save", page.getByRole("dialog")).click();
  await page.getByText("Saved as the preset “Lively”").waitFor();
  await newChat();
  await page.getByLabel(/^Preset:/).click();
  await page.getByRole("option", { name: "Lively" }).click();
  await page.waitForFunction((field) => field?.value === "1.20", await temperature.elementHandle());
  await set("0.3");
  await page.getByText("1 value differs from the preset").click();
  await button("Revert").click();
  await page.waitForFunction((field) => field?.value === "1.20", await temperature.elementHandle());
});

test("a prompt with a gap is kept in the library and filled in from the composer", async () => {
  await newChat();
  await button("Prompts and more").click();
  await item("Prompt library");
  await button("New prompt").click();
  await page.getByRole("textbox", { name: "Title" }).fill("Ask of a wind");
  await page.getByRole("textbox", { name: "Text" }).fill("Where does the {{wind}} blow?");
  await button("Save", page.getByRole("dialog")).click();
  await page.getByText("Saved the prompt “Ask of a wind”").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await composer().focus();
  await page.keyboard.type("/ask");
  await page.getByRole("option", { name: /Ask of a wind/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "wind" }).fill("bora");
  await button("Insert", page.getByRole("dialog")).click();
  await page.waitForFunction((field) => field?.value === "Where does the bora blow?", await composer().elementHandle());
  await composer().fill("");
});

test("one question is answered by two presets side by side, and the vote becomes a rating", async () => {
  await newChat();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /^Find an action/ }).fill("Compare models");
  await page.keyboard.press("Enter");
  await page.getByLabel(/^Preset of model B/).click();
  await page.getByRole("option", { name: "Lively" }).click();
  await page.getByRole("switch", { name: "Blind" }).click();
  await page.getByRole("textbox", { name: "Question to all" }).fill("Which wind is warm?");
  await button("Ask all").click();
  await page.getByRole("group", { name: "Which answer is better?" }).waitFor();
  await page.getByRole("heading", { name: "Answer A" }).waitFor();
  await button("Left").click();
  await page.getByText(/^You voted for /).waitFor();
  await tab("Ratings");
  await page.getByText("Ratings of your models").waitFor();
  await page.getByRole("table").getByText(/Lively/).waitFor();
});

test("all conversations go out as one file, and come in again as nothing new", async () => {
  await page.keyboard.press("Control+,");
  const rows = await command("conversation_list", { query: "", limit: 100 });
  const [download] = await Promise.all([page.waitForEvent("download"), button("Export all").click()]);
  const file = join(temporaryFolder(atEnd), download.suggestedFilename());
  await download.saveAs(file);
  assert.ok(readFileSync(file).length > 1_000);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByLabel("File or folder").fill(file);
  await page.keyboard.press("Enter");
  await page.getByText("Everything in it is here already.").waitFor();
  await page.keyboard.press("Escape");
  assert.equal((await command("conversation_list", { query: "", limit: 100 })).length, rows.length);
});

test("the page complained about nothing", () => {
  assert.deepEqual(complaints, []);
});
