// Every screen of the interface over its scripted backend, in Chromium: axe finds nothing, no script fails, nothing
// is wider than the window.
//
// One page for each size and backend walks from screen to screen, as a person does, and the sizes walk at the same
// time. If SIROCCO_SCREENSHOTS names a folder, pictures are written into it; SIROCCO_SCREEN takes only the screens of
// these names (with a semicolon between them), and SIROCCO_THEME shows all sizes in one theme.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fromUi, serve } from "./scripted.mjs";

const axe = readFileSync(fromUi.resolve("axe-core/axe.min.js"), "utf8");

const VARIANTS = [
  { width: 1600, theme: "light" },
  { width: 900, theme: "dark" },
  { width: 480, theme: "light" },
].map((variant) => ({ ...variant, theme: process.env.SIROCCO_THEME ?? variant.theme }));

const button = (name) => (page) => page.getByRole("button", { name }).first().click();
const keys = (chord) => (page) => page.keyboard.press(chord);
const text = (words) => (page) => page.getByText(words).first().waitFor();
const heading = (name, level = 1) => (page) => page.getByRole("heading", { level, name }).waitFor();
const settings = (changes) => (page) => page.evaluate((wanted) => window.sirocco.app.updateSettings(wanted), changes);
/** Under 700 px the list lies over the rest and is opened first. */
const list = async (page) => {
  if (page.viewportSize().width < 700) await page.keyboard.press("Control+b");
};
const answer = (page) => page.locator("article.model").first().waitFor();
const conversation = [list, (page) => page.locator("[data-row]").first().click(), answer];
const titled = (title) => [list, button(title), answer];
/** Where the inspector lies over the rest it is opened first. */
const inspector = (panel) => async (page) => {
  if (page.viewportSize().width < 1000) await page.keyboard.press("Control+Shift+B");
  await page.getByRole("tab", { name: panel }).click();
};
const inspectorBack = (page) => page.getByRole("tab", { name: "Parameters" }).click();
const preset = (name) => async (page) => {
  await page.getByLabel(/^Preset:/).click();
  await page.getByRole("option", { name }).click();
};
/** Chooses the model of the chat that is shown. */
const model = (name) => async (page) => {
  await page.keyboard.press("Control+l");
  await page.getByRole("grid").getByText(name).first().click();
};
/** A picture of a coast, drawn: the scripted backend keeps it as it is. */
const COAST = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1024 768"><rect width="1024" height="768" fill="#f4c58a"/><circle cx="700" cy="260" r="90" fill="#fff2cc"/><path d="M0 470q256-60 512 0t512 0v298H0z" fill="#3a7ca5"/><path d="M0 700 260 420l180 180 120-90 240 258H0z" fill="#81523f"/></svg>`;
const image = (page) => page.locator('input[type="file"]').first().setInputFiles({ name: "coast.png", mimeType: "image/png", buffer: Buffer.from(COAST) });
const imageSent = [
  ...conversation,
  model("Llama 3.2 3B Instruct"),
  image,
  (page) => page.getByRole("textbox", { name: "Message" }).fill("What do you see?"),
  button("Send"),
  (page) => page.locator("article.user img").last().waitFor(),
  button("Stop"),
];
const serving = (enabled) => (page) =>
  page.evaluate((wanted) => {
    const { app } = window.sirocco;
    return app.updateSettings({ server: { ...app.settings.server, enabled: wanted } });
  }, enabled);

const find = (page) => page.getByRole("combobox", { name: /^Find an action/ });
const comparing = [keys("Control+k"), (page) => find(page).fill("Compare models"), keys("Enter"), text("One question, several answers")];
const compared = [
  ...comparing,
  (page) => page.getByRole("textbox", { name: "Question to all" }).fill("Why is the sky blue?"),
  button("Ask all"),
  (page) => page.getByRole("group", { name: /^Which answer/ }).waitFor(),
];
const act = (name) => [keys("Control+k"), (page) => find(page).fill(name), keys("Enter")];
const message = (page) => page.getByRole("textbox", { name: "Message" });
/** Two questions to begin with, and five messages behind one of them. */
const branched = (page) =>
  page.evaluate(async () => {
    const call = (command, request) => window.scripted.call(command, request);
    await call("message_edit", { id: "c-7-1", content: "Ask about on-call, too.", generate: false });
    await call("message_select", { id: "c-7-2" });
    for (const content of ["Shorter.", "And harder.", "For a junior.", "In French.", "As a table."]) {
      await call("message_insert", { conversation_id: "c-7", after: null, role: "user", content });
    }
  });
/** An answer that is JSON, and the schema it is held to. */
const structured = (page) =>
  page.evaluate(() => {
    const { conversation, messages } = window.scripted.stored.get("c-6");
    const { values } = conversation.settings;
    const schema = { type: "object", properties: { wind: { type: "string" } }, required: ["wind"] };
    const parameters = { ...values.parameters, structured_output: JSON.stringify(schema) };
    conversation.settings = { preset_id: null, values: { ...values, parameters } };
    messages[1].content = JSON.stringify({ wind: "sirocco", hours: Array.from({ length: 150 }, (_, hour) => hour), from: { quarter: "south-east", dust: true, rain: null } });
  });
/** Messages that wait in the conversation about borrowing. */
const queued = (...texts) => (page) =>
  page.evaluate(async (texts) => {
    for (const content of texts) await window.scripted.call("queue_add", { conversation_id: "c-4", content, attachments: [], place: null, is_draft: true });
  }, texts);
const french = settings({ language: "fr" });
const english = settings({ language: "en" });

const importing = (page) => page.getByRole("button", { name: "Import", exact: true }).click();
const USUAL = { accent: "sirocco", interface_percent: 100, transcript_percent: 100, density: "comfortable", typeface: "sans", direction: "language", reasoning_open: false };

// By name: the steps that lead from a new chat to the screen, and those that put back what outlives it.
const SCREENS = {
  "new chat": { steps: [text("answers on this machine")] },
  chat: { steps: conversation },
  "chat as source": { steps: [...conversation, button("Show as it was written"), (page) => page.getByRole("group", { name: "Source" }).waitFor()] },
  "chat in sepia": { steps: [settings({ theme: "sepia" }), ...conversation], undo: [settings({ theme: "system" })] },
  "chat in high contrast": { steps: [settings({ theme: "high_contrast" }), ...conversation], undo: [settings({ theme: "system" })] },
  "chat, compact and large": {
    steps: [settings({ appearance: { ...USUAL, accent: "sea", interface_percent: 125, transcript_percent: 120, density: "compact" } }), ...conversation],
    undo: [settings({ appearance: USUAL })],
  },
  "chat from right to left": {
    steps: [settings({ appearance: { ...USUAL, direction: "right_to_left" } }), (page) => page.locator('html[dir="rtl"]').waitFor(), ...conversation],
    undo: [settings({ appearance: USUAL })],
  },
  "chat with serifs": { steps: [settings({ appearance: { ...USUAL, typeface: "serif" } }), ...conversation], undo: [settings({ appearance: USUAL })] },
  "a comparison to begin": { steps: comparing },
  comparison: { steps: compared },
  ratings: { steps: [...compared, button("Tie"), text("You voted for a tie."), (page) => page.getByRole("tab", { name: "Ratings" }).click(), text("Ratings of your models")] },
  "chat in French": { steps: [french, (page) => page.locator('html[lang="fr"]').waitFor(), ...conversation], undo: [english] },
  "settings in French": { steps: [french, keys("Control+,"), heading("Réglages")], undo: [english] },
  "an answer with its reasoning": {
    steps: [
      ...titled(/^Reverse a string/),
      (page) => page.getByRole("button", { name: "Regenerate", exact: true }).click(),
      (page) => page.getByLabel("Version 2 of 2").waitFor(),
      button("Previous version"),
      button(/^Thought/),
      text("The trap is grapheme clusters"),
    ],
  },
  "an answer that failed": {
    steps: [
      (page) =>
        page.evaluate(() => {
          const { run } = window.scripted.stored.get("c-2").messages[1];
          const error = { code: "worker_crashed", message: "the model stopped unexpectedly", hint: "your text is saved", trace_id: "7f3a9c" };
          Object.assign(run, { state: "failed", statistics: null, error });
        }),
      ...titled(/^Regex for ISO/),
      text("Reload model"),
    ],
  },
  "an answer without end": {
    steps: [
      (page) => page.evaluate((text) => (window.scripted.stored.get("c-2").messages[1].content = text), "The wind turns to the south.\n\n".repeat(5_000)),
      list,
      (page) => page.locator("[data-row='c-2']").click(),
      text(/^Show the other/),
      (page) => page.getByText(/^Show the other/).scrollIntoViewIfNeeded(),
    ],
  },
  "map of versions": {
    steps: [...titled(/^Interview questions/), branched, ...act("Map of versions"), (page) => page.getByRole("treeitem", { name: /As a table/ }).waitFor()],
  },
  "messages that wait": {
    steps: [...titled(/^Why does my borrow/), queued("Compare it with a rope.", "And with a gap buffer, for a text of ten million lines that is edited at one place at a time"), text("2 messages still to send")],
  },
  "a good answer": {
    steps: [...conversation, (page) => page.getByRole("button", { name: "Good answer" }).last().click(), (page) => page.locator('button[aria-pressed="true"]').first().waitFor()],
  },
  "find bar": {
    steps: [...conversation, keys("Control+f"), (page) => page.getByRole("searchbox", { name: "Find in this conversation" }).fill("grapheme"), (page) => page.getByRole("search").getByText(/^\d+ of \d+$/).waitFor()],
    undo: [keys("Escape")],
  },
  "a structured answer": {
    steps: [structured, ...titled(/^Bilan carbone/), (page) => page.getByRole("group", { name: "Structured answer" }).waitFor(), text("Satisfies its schema")],
  },
  "a message being edited": {
    steps: [...conversation, (page) => message(page).press("ArrowUp"), (page) => page.getByRole("textbox", { name: "Edit the message" }).waitFor()],
    undo: [button("Cancel")],
  },
  "a link that is asked about": {
    steps: [
      (page) => page.evaluate(() => (window.scripted.stored.get("c-4").messages[1].content = "It is in [the book](https://doc.rust-lang.org/book/ch04-00-understanding-ownership.html).")),
      ...titled(/^Why does my borrow/),
      (page) => page.locator("article.model a").first().click(),
      text("Open this link?"),
    ],
    undo: [keys("Escape")],
  },
  "context of a conversation": { steps: [...conversation, inspector("Context"), text("What is sent")], undo: [inspectorBack] },
  "a preset that is changed": {
    steps: [
      ...conversation,
      inspector("Parameters"),
      preset("Careful code"),
      (page) => page.getByRole("textbox", { name: "Temperature" }).fill("1.2"),
      keys("Enter"),
      (page) => page.getByText(/differs? from the preset/).click(),
    ],
    undo: [preset("No preset")],
  },
  "an attached file": {
    steps: [
      ...conversation,
      (page) => page.locator('input[type="file"]').setInputFiles({ name: "notes of the meeting.md", mimeType: "text/markdown", buffer: Buffer.from("# Notes\n\n- one\n- two\n") }),
      button(/^Open notes/),
      text("The model is sent this text"),
    ],
    undo: [keys("Escape"), button(/^Remove notes/)],
  },
  "an image in a chat": {
    steps: [
      ...imageSent,
      image,
      (page) => page.getByRole("button", { name: /^Remove coast/ }).waitFor(),
    ],
    undo: [button(/^Remove coast/)],
  },
  "an image in a comparison": {
    steps: [...imageSent, ...comparing, text(/^Answering without the images/)],
  },
  "an image, large": {
    steps: [...conversation, image, button(/^Open coast/), (page) => page.getByRole("dialog").getByRole("img").waitFor()],
    undo: [keys("Escape"), button(/^Remove coast/)],
  },
  "an image that is not seen": {
    steps: [...conversation, model("Qwen2.5 Coder 0.5B Instruct"), image, text("Take them away")],
    undo: [button(/^Remove coast/)],
  },
  search: {
    steps: [list, (page) => page.getByRole("searchbox").first().fill("grapheme"), (page) => page.locator("mark").first().waitFor()],
    undo: [(page) => page.getByRole("searchbox").first().fill("")],
  },
  "search between two days": {
    steps: [
      list,
      (page) => page.getByRole("searchbox").first().fill("grapheme"),
      (page) => page.locator("mark").first().waitFor(),
      button(/^When:/),
      (page) => page.getByRole("menuitemcheckbox", { name: "Between…" }).click(),
      (page) => page.locator('input[type="date"]').first().waitFor(),
    ],
    undo: [(page) => page.getByRole("searchbox").first().fill("")],
  },
  "search that finds nothing": {
    steps: [list, (page) => page.getByRole("searchbox").first().fill("xylophone"), text("Nothing was found")],
    undo: [(page) => page.getByRole("searchbox").first().fill("")],
  },
  developer: { steps: [serving(true), keys("Control+4"), text("http://127.0.0.1")], undo: [serving(false)] },
  "a request to the server": {
    steps: [serving(true), keys("Control+4"), button(/chat\/completions/), (page) => page.getByRole("dialog").waitFor()],
    undo: [keys("Escape"), serving(false)],
  },
  "a request to send": {
    steps: [serving(true), keys("Control+4"), button("New request"), button("Send"), (page) => page.getByRole("region", { name: "Answer" }).waitFor()],
    undo: [keys("Escape"), serving(false)],
  },
  palette: { steps: [keys("Control+k"), (page) => page.getByRole("listbox").waitFor()] },
  "palette, searching": { steps: [keys("Control+k"), (page) => find(page).fill("co"), (page) => page.locator("mark").first().waitFor()] },
  "prompt list": {
    steps: [(page) => page.getByRole("textbox", { name: "Message" }).fill("/"), (page) => page.getByRole("listbox").waitFor()],
    undo: [(page) => page.getByRole("textbox", { name: "Message" }).fill("")],
  },
  "variables of a prompt": {
    steps: [(page) => message(page).fill("/summ"), (page) => page.getByRole("listbox").waitFor(), keys("Enter"), text("Fill in “Summarise”")],
    undo: [keys("Escape"), (page) => message(page).fill("")],
  },
  "prompt library": { steps: [button("Prompts"), (page) => page.getByRole("menuitem", { name: "Prompt library" }).click(), text("Built in")] },
  "prompt builder": { steps: [button("Prompts"), (page) => page.getByRole("menuitem", { name: "Prompt builder" }).click(), text("What is missing")] },
  picker: { steps: [keys("Control+l"), (page) => page.getByRole("grid").waitFor()] },
  "load options": { steps: [keys("Control+l"), button(/^Load options:/), text("Context length")] },
  discover: { steps: [keys("Control+2"), text("Chosen for this machine")] },
  filters: {
    steps: [keys("Control+2"), list, button(/^Filters/), (page) => page.getByLabel("Filters", { exact: true }).waitFor()],
    undo: [button(/^Filters/)],
  },
  repository: { steps: [keys("Control+2"), list, button(/^Qwen3-4B-Instruct-2507/), text("Published scores")] },
  downloads: { steps: [keys("Control+j"), text("Pause all")] },
  model: { steps: [keys("Control+3"), list, (page) => page.getByText("Qwen3 14B").first().click(), heading("Load options", 2)] },
  "speeds of a model": {
    steps: [
      keys("Control+3"),
      list,
      (page) => page.getByText("Qwen2.5 Coder").first().click(),
      text(/^Measured on/),
      button(/^Measure Qwen/),
      (page) => page.getByRole("progressbar", { name: /^Measuring/ }).scrollIntoViewIfNeeded(),
    ],
    // It may have ended by itself.
    undo: [(page) => page.evaluate(() => window.scripted.call("model_measure_stop", {})), text(/^Measured on/)],
  },
  folders: { steps: [keys("Control+3"), list, button("Folders"), text("Found on this machine")] },
  duplicates: { steps: [keys("Control+3"), list, button("Duplicates"), (page) => page.getByRole("button", { name: /^Link/ }).waitFor()] },
  "disk use": { steps: [keys("Control+3"), list, button("Disk use"), text("in all")] },
  trash: { steps: [keys("Control+3"), list, button("Trash"), heading("Trash")] },
  settings: { steps: [keys("Control+,"), heading("Settings")] },
  "import of conversations": { steps: [keys("Control+,"), importing, text("File or folder")] },
  "what an import brings": {
    steps: [keys("Control+,"), importing, (page) => page.getByLabel("File or folder").fill("~/export.zip"), keys("Enter"), text("Left out")],
  },
  "export menu": {
    steps: [
      ...conversation,
      button("More for the open conversation"),
      (page) => page.getByRole("menuitem", { name: "Export as" }).click(),
      (page) => page.getByRole("menuitem", { name: "Web page" }).waitFor(),
    ],
  },
  shortcuts: { steps: [keys("Control+/"), heading("Keyboard shortcuts")] },
  connections: { steps: [keys("Control+,"), list, button(/^Connections$/), heading(/onnections/)] },
  "crash reports": {
    steps: [keys("Control+,"), list, button(/^Crash reports$/), heading("Crash reports"), (page) => page.locator("main summary").first().click(), button("Copy")],
  },
};

// The same over other backends, each on a page of its own.
const OTHERS = {
  welcome: { scripted: "empty", steps: [text("Talk to language models on your own machine")] },
  folders: {
    scripted: "organised",
    steps: [list, button(/^Work/), (page) => page.getByRole("button", { name: /Compare two lease/ }).first().waitFor()],
  },
  "a selection": {
    scripted: "organised",
    steps: [
      list,
      (page) => page.getByRole("button", { name: /Regex for ISO/ }).first().click({ modifiers: ["Control"] }),
      (page) => page.getByRole("toolbar", { name: "Selected conversations" }).waitFor(),
    ],
  },
  notes: {
    scripted: "organised",
    steps: [list, button(/^Work/), button(/^Compare two lease/), answer, inspector("Notes"), (page) => page.getByLabel("Notes beside this conversation").fill("Ask about the deposit.")],
  },
  "the menu of a conversation": {
    scripted: "organised",
    steps: [list, (page) => page.getByRole("button", { name: /^Regex for ISO/ }).click({ button: "right" }), (page) => page.getByRole("menuitem", { name: "Rename" }).waitFor()],
  },
  "a folder to move to": {
    scripted: "organised",
    steps: [list, button(/^Regex for ISO/), answer, ...act("Move the conversation to a folder"), (page) => page.getByRole("dialog").getByRole("button", { name: "Work", exact: true }).waitFor()],
  },
  "the server, off": { scripted: "empty", steps: [keys("Control+4"), heading(/./)] },
  "the trash of conversations": {
    scripted: "organised",
    steps: [list, button("View and organise"), (page) => page.getByRole("menuitem", { name: "Trash" }).click(), button("Delete Summary of the Q3 report for good"), text("Delete for good?")],
  },
  "a quick question": {
    place: "#quick",
    steps: [
      (page) => page.getByRole("textbox", { name: "Message" }).fill("Reverse a string in Rust"),
      keys("Enter"),
      (page) => page.getByRole("button", { name: "Keep" }).waitFor(),
      (page) => page.locator('[role="log"][aria-busy="false"] article.model .markdown').waitFor(),
    ],
  },
  "a quick question to ask": { place: "#quick", steps: [text("Ask something.")] },
  "a start after a crash": { scripted: "eventful", steps: [text(/did not close properly/), button("Runtime"), text("it answers on the CPU")] },
  "a newer version": {
    scripted: "eventful",
    steps: [keys("Control+,"), button("Check now"), (page) => page.getByText("What is new").click(), text("Answers begin sooner"), (page) => page.getByText("What is new").scrollIntoViewIfNeeded()],
  },
  "a newer version to install": {
    scripted: "eventful",
    steps: [keys("Control+,"), button("Check now"), button(/^Download$/), button("Install and restart"), (page) => page.getByRole("dialog").waitFor()],
  },
  "copies of the database": {
    scripted: "eventful",
    steps: [keys("Control+,"), button("Make a copy now"), (page) => page.getByRole("button", { name: "Make a copy now" }).scrollIntoViewIfNeeded()],
  },
  "keys that another program has": {
    scripted: "eventful",
    steps: [keys("Control+,"), text("another program has"), (page) => page.getByText("another program has").scrollIntoViewIfNeeded()],
  },
  "the options of llama.cpp": {
    scripted: "both",
    steps: [
      keys("Control+3"),
      list,
      (page) => page.getByText("Llama 3.2 3B Instruct").first().click(),
      (page) => page.getByLabel(/^Runtime:/).click(),
      (page) => page.getByRole("option", { name: "llama.cpp" }).click(),
      (page) => page.getByText("Advanced").click(),
      (page) => page.getByLabel(/^Draft model:/).click(),
      (page) => page.getByRole("option", { name: /^Llama 3.2 1B Instruct/ }).click(),
      (page) => page.getByLabel(/^Adapter:/).click(),
      (page) => page.getByRole("option", { name: "Talks like a pirate" }).click(),
      (page) => page.getByLabel(/^Context cache:/).click(),
      (page) => page.getByRole("option", { name: "8 bits" }).click(),
      (page) => page.getByLabel("Strength of the adapter").first().scrollIntoViewIfNeeded(),
    ],
  },
  "an empty library": { scripted: "empty", steps: [keys("Control+3"), text("Path of a GGUF file or a folder")] },
  "ten thousand models": { scripted: "many", steps: [keys("Control+3"), list, text("10,000 models")] },
  "a backend that fails": { scripted: "broken", steps: [text("Try again")] },
  "a backend that waits": { scripted: "loading", steps: [text("Starting")] },
};

let served;

before(async () => {
  served = await serve("screens");
});
after(() => served?.close());

const chosen = process.env.SIROCCO_SCREEN?.split(";");
const wanted = (name) => chosen?.includes(name) ?? true;

describe("every screen", { concurrency: true }, () => {
  for (const { width, theme } of VARIANTS) {
    describe(`${width} px, ${theme}`, { concurrency: 1 }, () => {
      let walk;
      before(async () => {
        walk = await served.open({ width, theme });
      });
      after(() => walk?.page.close());

      for (const [name, { steps, undo = [] }] of Object.entries(SCREENS).filter(([name]) => wanted(name))) {
        test(name, async () => {
          await startAgain(walk.page);
          try {
            await check(walk, steps, `${name}-${width}-${theme}`);
          } finally {
            for (const step of undo) await step(walk.page);
          }
        });
      }

      for (const [name, { scripted, place, steps }] of Object.entries(OTHERS).filter(([name]) => wanted(name))) {
        test(name, async () => {
          const own = await served.open({ width, theme, scripted, place });
          try {
            await check(own, steps, `${name}-${width}-${theme}`);
          } finally {
            await own.page.close();
          }
        });
      }
    });
  }
});

/** Back to an empty chat, with nothing open over it. */
async function startAgain(page) {
  await page.keyboard.press("Escape");
  await page.evaluate(() => {
    const { navigation } = window.sirocco;
    navigation.repository = null;
    navigation.modelId = null;
    navigation.libraryPlace = "folders";
    navigation.newChat();
  });
  await page.locator('[role="dialog"]').waitFor({ state: "detached" });
}

async function check({ page, complaints }, steps, name) {
  for (const step of steps) await step(page);
  // Pictures and lists that come a moment later, and what fades in.
  await page.waitForTimeout(250);
  await photograph(page, name);
  assert.deepEqual(await violations(page), []);
  const { width } = page.viewportSize();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, "nothing is wider than the window");
  assert.deepEqual(complaints.splice(0), []);
}

async function violations(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  // (axe cuts attributes short.) A menu that is open floats over all landmarks; what it may hold is told by its role.
  const floats = ({ html }) => html.includes("data-bits-floating-");
  const real = found.violations.filter(({ id, nodes }) => id !== "region" || !nodes.every(floats));
  return real.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}

async function photograph(page, name) {
  const folder = process.env.SIROCCO_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name.replaceAll(/[ ,]+/g, "-")}.png`) });
}
