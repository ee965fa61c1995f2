// What a program and those that it started take of the machine, from Linux's `/proc`.

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const TICKS_PER_S = 100;

/** Fields of `/proc/PID/stat` behind the name, which may hold anything: the state is the first of them. */
function stat(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Asks about a process that may end meanwhile. */
function ask(of, otherwise) {
  try {
    return of();
  } catch {
    return otherwise;
  }
}

/** The process and its descendants. */
function family(pid) {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), ask(() => Number(stat(name)[1]), 0)]);
  const members = [pid];
  for (const member of members) members.push(...parents.filter(([, parent]) => parent === member).map(([child]) => child));
  return members;
}

/** Megabytes of memory of each of them, by name; what they share with others counts in part. */
export function memoryOf(pid) {
  return family(pid).flatMap((member) => {
    const name = ask(() => readFileSync(`/proc/${member}/comm`, "utf8").trim(), null);
    const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(ask(() => readFileSync(`/proc/${member}/smaps_rollup`, "utf8"), ""))?.[1];
    return name === null || kilobytes === undefined ? [] : [{ name, mb: Number(kilobytes) / 1000 }];
  });
}

/** Megabytes of memory of all of them. */
export function memoryMb(pid) {
  return memoryOf(pid).reduce((sum, { mb }) => sum + mb, 0);
}

/** The share of one core that all of them used, in per cent, over some seconds. */
export async function cpuPercent(pid, seconds) {
  const used = () => family(pid).reduce((sum, member) => sum + ask(() => Number(stat(member)[11]) + Number(stat(member)[12]), 0), 0);
  const before = used();
  await pause(seconds * 1000);
  return ((used() - before) / TICKS_PER_S / seconds) * 100;
}
