// What a chat is made of, each point once over the real backend and worker in Chromium: the message tree, many conversations,
// what goes to the model, presets and prompts, answers side by side, how answers are drawn, the way out and in again, and how it
// feels.
//
// The model is the tiny one of the scripted Hub, whose words are random but real. Later stories build on earlier ones.

import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
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
  page.on("console", (message) => {
    const { url } = message.location();
    // A message on another branch is asked for here first, and then gone to.
    if (message.type() === "error" && !url.endsWith("/api/call/message_page")) complaints.push(`${message.text()} ${url}`);
  });
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
const item = (name) => page.getByRole("menuitem", { name, exact: typeof name === "string" }).click();
const tab = (name) => page.getByRole("tab", { name }).click();

const search = () => page.getByRole("searchbox", { name: "Search titles and messages" });

async function choose(select, option) {
  await page.getByLabel(select).click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

/** Does what the palette has under this name. */
async function act(name) {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /^Find an action/ }).fill(name);
  await page.keyboard.press("Enter");
}

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
  await act("Compare models");
  await choose(/^Preset of model B/, "Lively");
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

test("an answer whose words were changed is written on, and the map leads back to the first", async () => {
  await newChat();
  await ask("Tell me of a wind");
  await whole(1);
  await button("Edit", answers().first()).click();
  await page.getByRole("textbox", { name: "Edit the message" }).fill("The bora comes down");
  await button("Save as new version").click();
  await answers().getByLabel("Version 2 of 2").waitFor();
  await button("Continue", answers().first()).click();
  await whole(1);
  assert.match(await answers().first().innerText(), /^The bora comes down.+/su);
  await act("Map of versions");
  await page.getByRole("treeitem").nth(2).waitFor();
  await page.getByRole("treeitem").nth(1).click();
  await answers().getByLabel("Version 1 of 2").waitFor();
});

test("conversations go into a folder, the archive and the trash, and come back", async () => {
  await newChat();
  await ask("Question of the folder");
  await whole(1);
  const row = page.locator("[data-row]").filter({ hasText: "Question of the folder" });
  const onRow = async (entry) => {
    await row.first().hover();
    await button("More for this conversation", row.first().locator("..")).click();
    await item(entry);
  };
  await onRow("Archive");
  await page.getByText("Archived “Question of the folder”").waitFor();
  await row.waitFor({ state: "detached" });
  await button("View and organise").click();
  await item("Archive");
  await onRow("Take out of the archive");
  await button("Back to all conversations").click();
  await newChat();
  // With its key behind it.
  await onRow(/^Delete/);
  await row.waitFor({ state: "detached" });
  await button("View and organise").click();
  await item("Trash");
  await button("Restore Question of the folder").click();
  await page.getByText("Restored “Question of the folder”").waitFor();
  await button("Back to all conversations").click();
  await row.first().click();
  await button("View and organise").click();
  await item("New folder…");
  await page.getByRole("dialog").getByRole("textbox").fill("Winds");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await act("Move the conversation to a folder");
  await button("Winds", page.getByRole("dialog")).click();
  await page.getByText(/^Moved “Question of the folder” to Winds/).waitFor();
});

test("what was said and noted is found, with the words lit, and a draft waits where it was written", async () => {
  const row = page.locator("[data-row]").filter({ hasText: "Tell me of a wind" }).first();
  await row.click();
  await tab("Notes");
  await page.getByRole("textbox", { name: "Notes beside this conversation" }).fill("the harmattan is dusty");
  await tab("Parameters");
  await composer().fill("half a question");
  await newChat();
  await search().fill("harmattan");
  await page.getByLabel("Search results").getByText(/in the notes/i).first().waitFor();
  await search().fill("khamsin");
  await page.locator("[data-result]").filter({ hasText: /khamsin/i }).first().click();
  await button(/^Open notes\.md/, log()).waitFor();
  await search().fill("");
  await row.click();
  await page.waitForFunction((field) => field?.value === "half a question", await composer().elementHandle());
  await composer().fill("");
  await page.keyboard.press("Control+f");
  await page.getByRole("searchbox", { name: "Find in this conversation" }).fill("wind");
  await page.getByRole("search").getByText(/^1 of \d+$/).waitFor();
  await page.keyboard.press("Escape");
});

test("tables, formulas, code and diagrams are drawn, the source can be seen, and links ask before leaving", async () => {
  await newChat();
  await ask("Show all of it");
  await whole(1);
  const parts = ["| wind | from |\n|---|---|\n| bora | north-east |", "$$E = mc^2$$", "```python\ndef wind():\n    return 3\n```", "```mermaid\ngraph TD; sea-->land\n```", "[a book](https://example.org/winds)"];
  await composer().fill(parts.join("\n\n"));
  await button("Prompts and more").click();
  await item("Add as an answer");
  const drawn = answers().last();
  for (const what of ["table", ".katex", "pre span span", ".diagram img"]) await drawn.locator(what).first().waitFor();
  await drawn.getByRole("link", { name: "a book" }).click();
  await page.getByText("Open this link?").waitFor();
  await page.keyboard.press("Escape");
  await button("Show as it was written", drawn).click();
  await drawn.getByText("| bora | north-east |").waitFor();
});

test("language, direction and colours change at once, and a copy of the database is made", async () => {
  await page.keyboard.press("Control+,");
  await choose(/^Direction of the interface:/, "Right to left");
  await page.locator('html[dir="rtl"]').waitFor();
  await choose(/^Direction of the interface:/, "As the language");
  await choose(/^Theme:/, "Sepia");
  await page.locator('html[data-theme="sepia"]').waitFor();
  await choose(/^Theme:/, "As the system");
  await button("Make a copy now").click();
  await button(/^Go back/).waitFor();
  await choose(/^Language:/, "Français");
  await page.getByRole("heading", { level: 1, name: "Réglages" }).waitFor();
  await choose(/^Langue/, "English");
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
});

test("a runtime is added by the path of a worker, serves at once, and is removed again", async () => {
  const folder = process.env.SIROCCO_WORKER_DIR;
  const built = readdirSync(folder).find((name) => /^sirocco-worker-.*-native$/.test(name));
  const file = join(temporaryFolder(atEnd), built.replace(/-native$/, "-baseline"));
  copyFileSync(join(folder, built), file);
  await page.keyboard.press("Control+,");
  const path = page.getByRole("textbox", { name: "Path of a runtime", exact: true });
  await path.fill(file);
  await path.press("Enter");
  const added = page.getByRole("list", { name: "Runtimes", exact: true }).getByRole("button", { name: /^Remove .*\(baseline\)$/ });
  await added.click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await added.waitFor({ state: "detached" });
});

test("the page complained about nothing", () => {
  assert.deepEqual(complaints, []);
});
