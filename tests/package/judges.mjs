// What the distributions' own programs say of the package: lintian, desktop-file-validate, appstreamcli.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { check, inFolder, line, must, packageOf, run } from "./trying.mjs";

const deb = packageOf(".deb");

const lintian = run("lintian", ["--allow-root", "--tag-display-limit", "0", "--fail-on", "none", deb]);
const found = (letter) => lintian.text.split("\n").filter((text) => text.startsWith(`${letter}: `));
check("lintian: it was looked at", lintian.code === 0, lintian.text);
line("lintian: errors", found("E").length, "", 0, found("E").length === 0);
line("lintian: warnings", found("W").length);
for (const text of [...found("E"), ...found("W")]) console.error(text);

await inFolder("judges", (folder) => {
  must("dpkg-deb", ["--extract", deb, folder]);
  const all = (place, ending) => {
    const names = readdirSync(join(folder, place)).filter((name) => name.endsWith(ending));
    return names.map((name) => join(folder, place, name));
  };
  const entry = run("desktop-file-validate", all("usr/share/applications", ".desktop"));
  check("desktop-file-validate: the menu entry", entry.code === 0 && entry.text === "", entry.text);
  // The addresses in it are not looked up.
  const told = run("appstreamcli", ["validate", "--no-net", "--no-color", ...all("usr/share/metainfo", ".xml")]);
  check("appstreamcli: what software centres show", told.code === 0, told.text);
});
