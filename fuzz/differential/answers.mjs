// Asks OpenClaw's own computeNextRunAtMs (croner 10.0.1 behind it) the questions on stdin, and compares
// its answers with cronctl's: `node answers.mjs PACKAGE VERSION`, PACKAGE the installed openclaw. Prints
// each difference, ends with 1 when there is one.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [openclaw, version] = process.argv.slice(2);
const SHOWN = 20;

/** The function, from whichever chunk of the bundle exports it, the smallest first. */
async function computeNextRunAtMs() {
  const dist = join(openclaw, "dist");
  const chunks = readdirSync(dist)
    .filter((name) => /\.m?js$/.test(name))
    .map((name) => ({ name, text: readFileSync(join(dist, name), "utf8") }))
    .filter(({ text }) => text.includes("function computeNextRunAtMs("))
    .sort((a, b) => a.text.length - b.text.length);
  for (const { name, text } of chunks) {
    const alias = text.match(/export \{[^}]*\bcomputeNextRunAtMs(?: as (\w+))?/);
    if (!alias) continue;
    const chunk = await import(pathToFileURL(join(dist, name)));
    return chunk[alias[1] ?? "computeNextRunAtMs"];
  }
  throw new Error(`${openclaw}: no chunk exports computeNextRunAtMs`);
}

const next = await computeNextRunAtMs();
let [asked, differ, overflowed] = [0, 0, 0];
for await (const line of createInterface({ input: process.stdin })) {
  const { expr, tz, nowMs, [version]: ours } = JSON.parse(line);
  let theirs;
  try {
    theirs = next({ kind: "cron", expr, tz }, nowMs) ?? null;
  } catch (error) {
    theirs = /call stack/.test(error.message) ? "out of stack" : "refused";
  }
  asked += 1;
  // Croner looks for the next match by calling itself: it can run out of stack where there is none.
  if (theirs === "out of stack" && ours === null) {
    overflowed += 1;
    continue;
  }
  if (theirs === ours) continue;
  differ += 1;
  const said = (answer) => (typeof answer === "number" ? new Date(answer).toISOString() : String(answer));
  if (differ <= SHOWN) {
    console.log(`${expr} | ${tz} | after ${new Date(nowMs).toISOString()}: openclaw ${said(theirs)}, cronctl ${said(ours)}`);
  }
}
console.log(`openclaw ${version} on Node ${process.version} (zones ${process.versions.tz}): ${asked} questions, ${differ} differences, ${overflowed} out of stack where cronctl says never`);
process.exit(differ === 0 ? 0 : 1);
