// What croner 10.0.1, the library behind OpenClaw's schedules, needs for the work that cronctl does.
//
//   node croner.mjs next             nanoseconds per nextRun at random instants of 2026, as JSON lines
//   node croner.mjs plan FILE        counts the fires of FILE's jobs in 24 h, and the largest burst
import { readFileSync } from "node:fs";
import { Cron } from "croner";

const expressions = [
  "* * * * *",
  "0 * * * *",
  "*/15 9-17 * * 1-5",
  "0 9 * * *",
  "0 9 13 * 5",
  "0 0 29 2 *",
];

/** The best of five passes over 1,024 instants. */
function next() {
  const start = Date.UTC(2026, 0, 1);
  const year = 31_536_000_000;
  let state = 1;
  const draw = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const instants = Array.from({ length: 1_024 }, () => new Date(start + draw() * year));
  for (const zone of ["UTC", "America/New_York"]) {
    for (const expression of expressions) {
      const cron = new Cron(expression, { timezone: zone });
      let best = Infinity;
      for (let pass = 0; pass < 5; pass++) {
        const from = process.hrtime.bigint();
        for (const at of instants) cron.nextRun(at);
        best = Math.min(best, Number(process.hrtime.bigint() - from) / instants.length);
      }
      console.log(JSON.stringify({ zone, expression, ns: best }));
    }
  }
}

function plan(file) {
  const from = Date.UTC(2026, 2, 7, 20);
  const until = from + 86_400_000;
  const ticks = new Map();
  let [fires, biggest] = [0, 0];
  for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
    const { expr, tz } = JSON.parse(line).schedule;
    const cron = new Cron(expr, { timezone: tz });
    // nextRun is strictly after: the horizon begins at `from` itself.
    let at = cron.nextRun(new Date(from - 1));
    while (at && at.getTime() < until) {
      fires += 1;
      const together = (ticks.get(at.getTime()) ?? 0) + 1;
      ticks.set(at.getTime(), together);
      biggest = Math.max(biggest, together);
      at = cron.nextRun(at);
    }
  }
  console.log(`${fires} fires, at most ${biggest} at once`);
}

const [what, file] = process.argv.slice(2);
if (what === "next") next();
else if (what === "plan" && file) plan(file);
else {
  console.error("node croner.mjs next | node croner.mjs plan FILE");
  process.exit(2);
}
