// A CPU without AVX, emulated: the programs start, and the worker for any CPU loads a tiny model and answers.

import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, inFolder, line, run } from "./trying.mjs";

const CPU = "Nehalem";
const QEMU = ["-cpu", CPU];
const stage = process.env.SIROCCO_STAGE;
const model = process.env.SIROCCO_TINY_MODEL;

await inFolder("old cpu", (folder) => {
  const command = join(stage, "bin/sirocco");
  const environment = (more) => ({ PATH: process.env.PATH, SIROCCO_HOME: join(folder, "home"), ...more });
  const looked = run("qemu-x86_64", [...QEMU, command, "doctor"], { env: environment({}) });
  check("old CPU: the command runs", looked.text.includes("everything is kept in"), looked.text);

  // The programs see this machine's CPU, the worker the old one.
  const workers = join(folder, "workers");
  mkdirSync(workers);
  for (const name of readdirSync(join(stage, "workers"))) {
    const wrapper = join(workers, name);
    writeFileSync(wrapper, `#!/bin/sh\nexec qemu-x86_64 ${QEMU.join(" ")} "${join(stage, "workers", name)}"\n`);
    chmodSync(wrapper, 0o755);
  }
  const env = environment({ SIROCCO_WORKER_DIR: workers });
  run(command, ["add", model], { env });
  const ask = (runtime) => run(command, ["chat", "--model", model, "--runtime", runtime, "--max-tokens", "2", "Say hello."], { env });
  for (const runtime of ["mistralrs", "llamacpp"]) {
    const begun = performance.now();
    const answer = ask(runtime);
    if (existsSync(join(workers, `sirocco-worker-${runtime}-cpu-baseline`))) {
      check(`old CPU: ${runtime}'s worker for any CPU answers`, answer.code === 0, answer.text);
      line(`old CPU: ${runtime}, load and two tokens, emulated`, Math.round((performance.now() - begun) / 1000), "s");
    } else {
      // Packages that were made to try them out on one machine.
      check(`old CPU: it is told that no worker of ${runtime} starts`, answer.code !== 0 && answer.text.includes("error: "), answer.text);
    }
  }
  check("old CPU: the data is there afterwards", existsSync(join(folder, "home/sirocco.db")));
});
