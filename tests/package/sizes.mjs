// How large the packages are, and how much each part of them takes, as it is installed and packed.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { line } from "./trying.mjs";

const BAR_MB = 150;
const stage = process.env.SIROCCO_STAGE;
const megabytes = (bytes) => Math.round(bytes / 1e4) / 100;

for (const name of readdirSync(process.env.SIROCCO_PACKAGES)) {
  const size = megabytes(statSync(join(process.env.SIROCCO_PACKAGES, name)).size);
  line(`package ${name}`, size, "MB", BAR_MB, size <= BAR_MB);
}
const workers = readdirSync(join(stage, "workers")).map((name) => join("workers", name));
const licences = readdirSync(join(stage, "licences")).map((name) => join("licences", name));
for (const part of ["sirocco-desktop", "bin/sirocco", ...workers, ...licences]) {
  const bytes = readFileSync(join(stage, part));
  line(`${basename(part)}, installed`, megabytes(bytes.length), "MB");
  line(`${basename(part)}, packed`, megabytes(gzipSync(bytes).length), "MB");
}
