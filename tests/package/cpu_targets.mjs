// What the packed worker that this CPU gets loses beside one that is compiled for this very CPU, where a checkout has
// built such a one: both answer the same prompts in turns. A small loss is why packages have no further workers.

import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { inFolder, line } from "./trying.mjs";
import { Worker } from "./worker.mjs";

const BAR = 0.95;
const ROUNDS = 7;
const TOKENS = 48;
const WORDS = ["river", "stone", "wind", "light", "paper", "garden", "winter", "engine", "music", "bridge"];
const packed = join(process.env.SIROCCO_STAGE, "workers");
const built = process.env.SIROCCO_BUILT_WORKERS;
const model = process.env.SIROCCO_TEST_MODEL;

/** About 500 tokens that begin like no other. */
function prompt(number) {
  const words = Array.from({ length: 480 }, (_, at) => WORDS[(at * 7 + Math.floor(at / 5) + number * 3) % WORDS.length]);
  return `Notes, number ${number}. ${words.join(" ")}\n\n1, 2, 3, 4, 5, 6, 7,`;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

async function compare(runtime, targets, programs) {
  await inFolder("targets", async (folder) => {
    const workers = [];
    for (const [at, program] of programs.entries()) {
      const scratch = join(folder, String(at));
      mkdirSync(scratch);
      const worker = new Worker(program, availableParallelism());
      await worker.load(model, 2048, scratch);
      workers.push({ worker, seen: [] });
    }
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const { worker, seen } of workers) {
        const speed = await worker.speed(prompt(round), TOKENS);
        // The first warms up.
        if (round > 0) seen.push(speed);
      }
    }
    for (const what of ["reading", "writing"]) {
      const [ours, native] = workers.map(({ seen }) => median(seen.map((speed) => speed[what])));
      const name = `${runtime} ${targets[0]}: ${what}`;
      line(name, ours, "tok/s");
      line(`${name}, of that of ${targets[1]}`, ours / native, "", BAR, ours / native >= BAR);
    }
    for (const { worker } of workers) await worker.end();
  });
}

for (const runtime of ["mistralrs", "llamacpp"]) {
  const start = `sirocco-worker-${runtime}-cpu-`;
  const targets = readdirSync(packed).filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
  const best = ["x86-64-v3", "baseline"].find((target) => targets.includes(target));
  const native = join(built, `${start}native`);
  if (best && existsSync(native)) await compare(runtime, [best, "native"], [join(packed, start + best), native]);
}
