// How long the page stands still over output that a broken or hostile model writes. One JSON line each, as `cargo xtask bench
// chat` reads them: the longest task of the page, from the click that opens such an answer or its first piece until all is
// still, and a hundred small pieces at its end.

import { serve } from "./scripted.mjs";

const BAR_MS = 100;
const MEGABYTES = 10_000_000;
const ITEMS = 100_000;

const DOCUMENTS = {
  "10 MB in one line": "word ".repeat(MEGABYTES / 5),
  "10 MB without a blank": "x".repeat(MEGABYTES),
  "10 MB in one line of code": `\`\`\`\n${"word ".repeat(MEGABYTES / 5)}\n\`\`\``,
  "100,000 list items": Array.from({ length: ITEMS }, (_, at) => `- item ${at}`).join("\n"),
  "100,000 nested list items": Array.from({ length: ITEMS }, (_, at) => `${"  ".repeat(at % 20)}- item ${at}`).join("\n"),
  "100,000 rows of a table": `| a | b |\n|---|---|\n${Array.from({ length: ITEMS }, (_, at) => `| ${at} | b |`).join("\n")}`,
  "100,000 quotes in each other": ">".repeat(ITEMS),
  "100,000 tags": "<b>".repeat(ITEMS),
  "100,000 turns of direction": "\u202ea\u202c\u2067b\u2069".repeat(ITEMS / 4),
};
const chosen = process.env.SIROCCO_DOCUMENT?.split(";");

const served = await serve("hostile", { built: true });
try {
  for (const [name, text] of Object.entries(DOCUMENTS).filter(([name]) => chosen?.includes(name) ?? true)) {
    for (const [how, act] of Object.entries({ opened, streamed })) {
      const { page } = await served.open({ width: 1280 });
      await page.evaluate(watchTasks);
      const value = await act(page, text);
      console.log(JSON.stringify({ name: `hostile output, ${name}, ${how}: longest task`, value, unit: "ms", bar: BAR_MS, ok: value <= BAR_MS }));
      await page.close();
    }
  }
} finally {
  await served.close();
}

/** The answer is there, and its conversation is opened. */
async function opened(page, text) {
  await page.evaluate((content) => (window.scripted.stored.get("c-2").messages[1].content = content), text);
  await page.evaluate(() => window.tasks.begin());
  await page.locator("[data-row='c-2']").click();
  await page.locator("article.model").first().waitFor({ timeout: 60_000 });
  return page.evaluate(() => window.tasks.end());
}

/** The answer is written while its conversation is open: in large pieces, then in small ones. */
async function streamed(page, text) {
  await page.evaluate(() => {
    const message = window.scripted.stored.get("c-2").messages[1];
    Object.assign(message, { content: "" });
    Object.assign(message.run, { state: "generating", ended_at_ms: null, statistics: null });
    window.scripted.stream = (_, request, onMessage) => {
      let sequence = 0;
      onMessage({ type: "snapshot", run: message.run, message, next: 0 });
      window.write = (content) => onMessage({ type: "delta", sequence: sequence++, content, reasoning: "" });
      return { done: new Promise(() => {}), close() {} };
    };
  });
  await page.locator("[data-row='c-2']").click();
  await page.waitForFunction(() => window.write);
  return page.evaluate(async (content) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    window.tasks.begin();
    const piece = Math.ceil(content.length / 100);
    for (let at = 0; at < content.length; at += piece) {
      window.write(content.slice(at, at + piece));
      await frame();
    }
    for (let count = 0; count < 100; count++) {
      window.write("and on ");
      await frame();
    }
    return window.tasks.end();
  }, text);
}

/** In the page: tasks that took longer than 50 ms, which is all that is told of tasks, and the time until it is still. */
function watchTasks() {
  let longest = 0;
  let last = 0;
  const note = (entries) => {
    for (const { duration, startTime } of entries) {
      if (startTime < last) continue;
      longest = Math.max(longest, duration);
    }
  };
  const watched = new PerformanceObserver((list) => note(list.getEntries()));
  watched.observe({ type: "longtask" });
  window.tasks = {
    begin() {
      note(watched.takeRecords());
      longest = 0;
      last = performance.now();
    },
    /** Once no task was long for two seconds. */
    async end() {
      for (let before = -1; before !== longest; ) {
        before = longest;
        await new Promise((resolve) => setTimeout(resolve, 2_000));
        note(watched.takeRecords());
      }
      return longest;
    },
  };
}
