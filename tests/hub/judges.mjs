// The Python judges: exactly the packages of `requirements.txt`, checked by their hashes, in a virtual environment.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { targetFolder } from "./programs.mjs";

const PYTHON = process.env.PYTHON ?? "python3";
const OURS = fileURLToPath(new URL("requirements.txt", import.meta.url));

// Makes the environment if there is none for these requirements, and answers its folder of programs.
export function installJudges(requirements = OURS) {
  const version = execFileSync(PYTHON, ["-c", "import sys; print(sys.version)"]);
  const key = createHash("sha256").update(readFileSync(requirements)).update(version).digest("hex").slice(0, 16);
  const folder = join(targetFolder(), "judges", key);
  const programs = join(folder, process.platform === "win32" ? "Scripts" : "bin");
  // Written last, so that half of an environment is never taken for whole.
  const stamp = join(folder, "installed");
  if (!existsSync(stamp)) {
    rmSync(folder, { recursive: true, force: true });
    const shown = { stdio: ["ignore", "inherit", "inherit"] };
    execFileSync(PYTHON, ["-m", "venv", folder], shown);
    const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
    const exact = ["--no-deps", "--require-hashes", "--requirement", requirements];
    execFileSync(join(programs, "python"), ["-m", "pip", "install", ...quiet, ...exact], shown);
    writeFileSync(stamp, "");
  }
  return programs;
}
