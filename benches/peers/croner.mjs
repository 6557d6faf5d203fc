// Time per nextRun of croner 10.0.1 at random instants of 2026, beside criterion's last results.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Cron } from "croner";

const results = process.argv[2];
const expressions = [
  "* * * * *",
  "0 * * * *",
  "*/15 9-17 * * 1-5",
  "0 9 * * *",
  "0 9 13 * 5",
  "0 0 29 2 *",
];
const start = Date.UTC(2026, 0, 1);
const year = 31_536_000_000;
let state = 1;
const draw = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
const instants = Array.from({ length: 1_024 }, () => new Date(start + draw() * year));

/** Best time of a few passes, in nanoseconds per question. */
function measure(cron) {
  let best = Infinity;
  for (let pass = 0; pass < 5; pass++) {
    const from = process.hrtime.bigint();
    for (const at of instants) cron.nextRun(at);
    best = Math.min(best, Number(process.hrtime.bigint() - from) / instants.length);
  }
  return best;
}

/** The mean that criterion saved, in nanoseconds; it writes * and / in names as _. */
function ours(zone, expression) {
  const safe = (text) => text.replace(/[/*]/g, "_");
  const group = safe(`next/openclaw-2026.9.6/${zone}`);
  const file = join(results, group, safe(expression), "new", "estimates.json");
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, "utf8")).mean.point_estimate;
}

console.log(`croner 10.0.1, Node ${process.version}; ns per next`);
for (const zone of ["UTC", "America/New_York"]) {
  for (const expression of expressions) {
    const theirs = measure(new Cron(expression, { timezone: zone }));
    const mine = ours(zone, expression);
    const tail = mine
      ? `cronctl ${mine.toFixed(0).padStart(6)}   ${(theirs / mine).toFixed(0)} times`
      : "cronctl not measured";
    console.log(
      `${zone.padEnd(17)} ${expression.padEnd(18)} croner ${theirs.toFixed(0).padStart(8)}   ${tail}`,
    );
  }
}
