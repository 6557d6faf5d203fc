// Prints what run.sh measured as Markdown tables: medians, and how many times as much as cronctl.
import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

const [work, criterion] = process.argv.slice(2);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const lines = (name) => {
  const file = join(work, name);
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean).map(JSON.parse) : [];
};

/** Medians of one timed command: milliseconds of wall and processor time, MiB. */
function timed(name) {
  const file = join(work, `${name}.json`);
  if (!existsSync(file)) return undefined;
  const result = JSON.parse(readFileSync(file, "utf8")).results[0];
  const memory = result.memory_usage_byte ?? [];
  return {
    wall: median(result.times) * 1e3,
    cpu: (result.user + result.system) * 1e3,
    mib: memory.length ? median(memory) / 2 ** 20 : NaN,
  };
}

/** The mean that criterion saved, in nanoseconds; it writes * and / in names as _. */
function ours(rules, zone, expression) {
  const safe = (text) => text.replace(/[/*]/g, "_");
  const file = join(criterion, safe(`next/${rules}/${zone}`), safe(expression), "new", "estimates.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).mean.point_estimate : NaN;
}

const number = (x) => (Number.isNaN(x) ? "-" : x >= 100 ? Math.round(x).toLocaleString("en") : x.toPrecision(2));
const times = (theirs, mine) => `${number(theirs / mine)}×`;
const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);

console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0].model.trim()}, Node ${process.version}\n`);

console.log("One occurrence, nanoseconds\n");
row("Expression", "Zone", "cronctl as OpenClaw", "croner", "", "cronctl as Molecule", "robfig", "");
row(..."--------".split(""));
const robfig = lines("robfig-next.jsonl");
for (const { zone, expression, ns } of lines("croner-next.jsonl")) {
  const [openclaw, molecule] = ["openclaw-2026.9.6", "molecule"].map((rules) => ours(rules, zone, expression));
  const go = robfig.find((r) => r.zone === zone && r.expression === expression)?.ns ?? NaN;
  row(`\`${expression}\``, zone, number(openclaw), number(ns), times(ns, openclaw), number(molecule), number(go), times(go, molecule));
}

function table(title, names) {
  const found = names.map(([name, label]) => [label, timed(name)]).filter(([, figures]) => figures);
  const [, base] = found[0] ?? [];
  if (!base) return;
  console.log(`\n${title}\n`);
  row("", "wall ms", "", "CPU ms", "", "MiB", "");
  row(..."-------".split(""));
  for (const [label, f] of found) {
    row(label, number(f.wall), times(f.wall, base.wall), number(f.cpu), times(f.cpu, base.cpu), number(f.mib), times(f.mib, base.mib));
  }
}
table("A day of 1,000 jobs (34,863 fires), whole processes", [
  ["plan-cronctl", "`cronctl plan`: bursts, jitter, peaks, slots"],
  ["plan-robfig", "robfig/cron 3.0.1 in Go: fires counted"],
  ["plan-croner", "croner 10.0.1 on Node: fires counted"],
]);
table("Start-up", [
  ["start-cronctl", "`cronctl --version`"],
  ["demo-cronctl", "`cronctl plan --demo`"],
  ["start-node", "`node -e 0`"],
]);
for (const [version, store] of [["2026.3.31", "jobs.json"], ["2026.9.6", "SQLite"]]) {
  table(`A state directory with 100 jobs, OpenClaw ${version} (${store})`, [
    [`${version}-table`, "`cronctl plan`, the table"],
    [`${version}-ndjson`, "`cronctl plan -o ndjson`"],
    [`${version}-json`, "`cronctl plan --json`, 360 KB of bursts"],
    [`${version}-explain`, "`cronctl explain-model --all --json`"],
    [`${version}-openclaw`, "`openclaw cron list --all --json`, its gateway running"],
  ]);
}
