// Compares greedy answers of the real model with those of node-llama-cpp, token by token, for each worker there is.
//
//     SIROCCO_TEST_MODEL=… SIROCCO_WORKER_DIR=… node greedy.mjs
//
// The two engines add floating-point numbers in different orders, so where the two likeliest tokens are almost level
// they may part; that is allowed where our two largest logits lie closer than 0.2, and it is printed. Ends with 1 on
// any other difference.

import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { getLlama } from "node-llama-cpp";

const TOKENS = 48;
const CLOSE = 0.2;

const file = process.env.SIROCCO_TEST_MODEL;
if (!file || !process.env.SIROCCO_WORKER_DIR) {
  console.error("SIROCCO_TEST_MODEL and SIROCCO_WORKER_DIR are needed; `cargo xtask test` sets them");
  process.exit(1);
}

const turn = (role, text) => `<|im_start|>${role}\n${text}<|im_end|>\n`;
const chat = (...turns) => turns.join("") + "<|im_start|>assistant\n";
const system = turn("system", "You are a helpful assistant.");

const long = Array.from(
  { length: 75 },
  (_, day) => `Entry ${day + 1}: the gauge at station ${(day * 7) % 31} read ${(day * 13) % 97} mm of rain.`,
).join("\n");

const first = chat(system, turn("user", "Name three rivers of France."));
const prompts = [
  ["chat", first],
  ["arithmetic", chat(system, turn("user", "What is 17 times 23? Explain step by step."))],
  ["code", chat(system, turn("user", "Write a Python function that reverses a linked list."))],
  ["raw code", "fn fibonacci(n: u64) -> u64 {\n    match n {\n"],
  ["Unicode", chat(system, turn("user", "翻译成英文：今天天气很好，我们去公园散步吧。🌸"))],
  ["Cyrillic", chat(system, turn("user", "Напиши короткое стихотворение о море."))],
  ["JSON", chat(system, turn("user", 'Give a JSON object with "name" and "age" of a fictional person.'))],
  ["whitespace", "A table:\n\n\tname\tage\n\tAda\t36\n\tAlan\t41\n\n\n   Sum of ages:"],
  ["1,500 tokens", chat(system, turn("user", `${long}\n\nSummarise these entries in two sentences.`))],
];

const cargo = ["build", "--quiet", "--package", "sirocco-tests", "--example", "greedy", "--message-format", "json"];
const root = fileURLToPath(new URL("../..", import.meta.url));
const program = execFileSync("cargo", cargo, { cwd: root, maxBuffer: 1 << 28 })
  .toString()
  .split("\n")
  .filter(Boolean)
  .map((line) => JSON.parse(line))
  .findLast((message) => message.executable && message.target.name === "greedy").executable;

// Its threads wait for each other in a loop: one more than there are cores, and a token takes seconds.
const threads = availableParallelism();
const llama = await getLlama({ gpu: false, build: "never", logLevel: "disabled", maxThreads: threads });
const model = await llama.loadModel({ modelPath: file });
const context = await model.createContext({ contextSize: 4096, threads });

async function theirs(text) {
  const sequence = context.getSequence();
  const tokens = [];
  for await (const token of sequence.evaluate(model.tokenize(text, true), { temperature: 0 })) {
    if (model.isEogToken(token)) break;
    tokens.push(token);
    if (tokens.length === TOKENS) break;
  }
  sequence.dispose();
  return tokens;
}

// The follow-up turn holds the first answer, as text; one worker answers it right after the first prompt, so that
// the prefix is taken from its cache.
const answer = model.detokenize(await theirs(first));
const followUp = `${first}${answer}<|im_end|>\n${chat(turn("user", "Which of them is the longest?"))}`;
prompts.splice(1, 0, ["follow-up", followUp]);

const references = [];
for (const [, text] of prompts) references.push(await theirs(text));
// Its threads would wait for work in a loop, on the cores that the worker needs now.
await context.dispose();
await llama.dispose();

const jobs = JSON.stringify(prompts.map(([, text]) => ({ text, max_tokens: TOKENS })));
const workers = readdirSync(process.env.SIROCCO_WORKER_DIR);
const runtimes = ["mistralrs", "llamacpp"].filter((name) => workers.some((file) => file.startsWith(`sirocco-worker-${name}-`)));

// How the answers of one runtime's worker compare: the number of those that differ.
function compare(runtime) {
  const env = { ...process.env, SIROCCO_TEST_RUNTIME: runtime };
  const ours = JSON.parse(execFileSync(program, [], { env, input: jobs, maxBuffer: 1 << 28 }).toString());
  let failures = 0;
  const rows = [];
  for (const [index, [name]] of prompts.entries()) {
    const reference = references[index];
    const { tokens, gaps, prompt_tokens, cached_tokens } = ours[index];
    const length = Math.max(tokens.length, reference.length);
    const at = Array.from({ length }, (_, position) => position).find((position) => tokens[position] !== reference[position]);
    const gap = at === undefined ? undefined : gaps[at];
    const allowed = at === undefined || (gap !== undefined && gap < CLOSE);
    if (!allowed) failures += 1;
    rows.push({
      prompt: name,
      "prompt tokens": prompt_tokens,
      cached: cached_tokens,
      "equal tokens": at ?? length,
      "gap at the split": gap === undefined ? "" : gap.toFixed(4),
      verdict: at === undefined ? "equal" : allowed ? "split where level" : "DIFFERENT",
    });
  }
  console.log(runtime);
  console.table(rows);
  if (ours[1].cached_tokens === 0) {
    console.error("the follow-up turn took nothing from the cache");
    failures += 1;
  }
  console.log(`${rows.length - failures} passed, ${failures} failed`);
  return failures;
}

const failures = runtimes.map(compare);
process.exit(failures.length > 0 && failures.every((count) => count === 0) ? 0 : 1);
