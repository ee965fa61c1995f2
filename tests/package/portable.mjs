// The portable folder where people put it: on a path with spaces and other scripts, on read-only media, without a home.

import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, inFolder, line, must, onDisplay, packageOf, run, withWindow } from "./trying.mjs";

const MODEL = process.env.SIROCCO_TEST_MODEL;
/** What programs need of the environment and nothing that says where data is. */
const BARE = { PATH: process.env.PATH };
/** One token is an answer; what is said meanwhile is on standard error, which counts for nothing here. */
const ASK = ["chat", "--model", MODEL, "--max-tokens", "8", "Say hello."];
/** Whether a model wrote something, on standard output, where only answers are. */
function answers(name, { code, text, out }) {
  check(name, code === 0 && /\w/.test(out), text);
}
/** Makes a database look as if a later version had migrated it. */
const NEWER = `
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    database.execute("insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'later', 1, x'00', 0)")
`;

await inFolder("portable", async (folder) => {
  const place = join(folder, "Schöne Grüße 漢字");
  mkdirSync(place);
  must("tar", ["--extract", "--gzip", "--file", packageOf(".tar.gz", "Sirocco-"), "--directory", place]);
  const home = join(place, readdirSync(place)[0]);
  const command = join(home, "sirocco");
  const data = join(home, "data");
  const with_home = { ...BARE, HOME: join(folder, "home") };
  mkdirSync(with_home.HOME);

  const nobody = join(folder, "nobody");
  mkdirSync(nobody);
  writeFileSync(`${nobody}.pem`, "");
  /** As on a system without the package of those who vouch for others on the network. */
  const without_certificates = { ...with_home, SSL_CERT_DIR: nobody, SSL_CERT_FILE: `${nobody}.pem` };

  must(command, ["add", MODEL], { env: without_certificates });
  check("portable: data lies beside the programs", existsSync(join(data, "sirocco.db")));
  check("portable: nothing lies in the home folder", readdirSync(with_home.HOME).length === 0);
  answers("portable: a path with spaces and other scripts answers", run(command, ASK, { env: with_home }));
  await onDisplay(async (display) => {
    const env = { ...with_home, DISPLAY: display.name };
    const window = join(home, "sirocco-desktop");
    const { drawn_ms, code } = await withWindow(display, window, [], { env }, () => {
      const second = run(window, [MODEL, "sirocco://model/o/n"], { env });
      check("a second start hands over what it was given and ends", second.code === 0, second.text);
      const bare = run(command, ["models"], { env: without_certificates });
      check("without certificates the command reaches the window", bare.code === 0 && bare.text.includes("qwen"), bare.text);
    });
    line("portable: page drawn", Math.round(drawn_ms), "ms");
    check("portable: the window closes in order", code === 0, code);
  });

  const homeless = run(command, ["models"], { env: BARE });
  check("portable: a user without a home has the folder's models", homeless.code === 0 && homeless.text.includes("qwen"), homeless.text);
  answers("portable: a user without a home is answered", run(command, ASK, { env: BARE }));

  // Each runtime alone, and the other one added again from its archive.
  const workers = join(home, "workers");
  for (const [absent, called] of [["llamacpp", "llama.cpp"], ["mistralrs", "mistral.rs"]]) {
    const aside = join(folder, absent);
    mkdirSync(aside);
    const gone = readdirSync(workers).filter((file) => file.startsWith(`sirocco-worker-${absent}-`));
    for (const file of gone) renameSync(join(workers, file), join(aside, file));
    const asked = (...words) => run(command, [...ASK, ...words], { env: with_home });
    answers(`portable: without ${called} it answers`, asked());
    const told = run(command, ["doctor"], { env: with_home });
    check(`portable: without ${called} it says so`, told.text.includes(`without ${called}`), told.text);
    const refused = asked("--runtime", absent);
    check(`portable: without ${called} whoever wants it is told`, refused.code !== 0 && refused.text.includes("is not installed here"), refused.text);
    const added = run(command, ["runtime", "add", packageOf(".tar.gz", `sirocco-runtime-${absent}-cpu-`)], { env: with_home });
    check(`portable: ${called} is added from its archive`, added.code === 0 && existsSync(join(data, "workers")), added.text);
    answers(`portable: ${called} answers once it is added`, asked("--runtime", absent));
    const removed = run(command, ["runtime", "remove", absent], { env: with_home });
    check(`portable: ${called} is removed again`, removed.code === 0 && readdirSync(join(data, "workers")).length === 0, removed.text);
    for (const file of gone) renameSync(join(aside, file), join(workers, file));
  }

  // The same folder once more, so that it cannot be written to.
  const readonly = (env) =>
    run("unshare", ["--mount", "sh", "-c", 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && cd "$1" && shift && exec ./sirocco "$@"', "sh", home, ...ASK], { env });
  const elsewhere = readonly(with_home);
  const usual = join(with_home.HOME, ".local/share/sirocco/sirocco.db");
  check("portable: read-only media has its data in the usual place", existsSync(usual), elsewhere.text);
  answers("portable: read-only media answers", elsewhere);
  const nowhere = readonly(BARE);
  check("portable: without any place it says what to do", nowhere.code === 1 && nowhere.text.includes("--home"), nowhere.text);

  must("python3", ["-c", NEWER, join(data, "sirocco.db")]);
  const older = run(command, ["models"], { env: with_home });
  check("an older version leaves a newer database alone and says what to do", older.code === 1 && older.text.includes("hint: "), older.text);
});
