// Times llama.cpp for the bench of the engine: one JSON request a line on standard input, one answer a line.
//
//     node speed.mjs MODEL THREADS
//
// First prints {"load_ms"}. A request {"text", "tokens"} is answered with {"prompt_tokens", "prefill_ms", "decode_ms",
// "decoded"}: the time to the first token, and from there to the last. Between requests its threads are let go, for
// they would wait in a loop on the cores that the other engine is measured on.

import { createInterface } from "node:readline";
import { getLlama } from "node-llama-cpp";

const [file, threads] = process.argv.slice(2);
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const llama = await getLlama({ gpu: false, build: "never", logLevel: "disabled", maxThreads: Number(threads) });
const begun = performance.now();
const model = await llama.loadModel({ modelPath: file });
say({ load_ms: performance.now() - begun });

for await (const line of createInterface({ input: process.stdin })) {
  const { text, tokens } = JSON.parse(line);
  const prompt = model.tokenize(text, true);
  const context = await model.createContext({ contextSize: prompt.length + tokens + 16, threads: Number(threads) });
  const sequence = context.getSequence();
  const asked = performance.now();
  let first;
  let last;
  let decoded = 0;
  for await (const _ of sequence.evaluate(prompt, { temperature: 0 })) {
    last = performance.now();
    first ??= last;
    decoded += 1;
    if (decoded === tokens) break;
  }
  await context.dispose();
  say({ prompt_tokens: prompt.length, prefill_ms: first - asked, decode_ms: last - first, decoded });
}
process.exit(0);
