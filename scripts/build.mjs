/**
 * `npm run build [stage …]`: builds client, programs, console and engine store, or the named stages and those that
 * they build on. Skips stages whose sources haven't changed.
 */
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createProgress } from "./setup/progress.mjs";
import { reportFailure } from "./setup/report-failure.mjs";
import { runStages } from "./setup/run-stages.mjs";
import { buildStages } from "./setup/stages.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const all = buildStages(root);
const named = process.argv.slice(2);
const unknown = named.filter((name) => all.every((stage) => stage.name !== name));
if (unknown.length > 0) {
	const known = all.map(({ name }) => name).join(", ");
	console.error(`There is no stage ${unknown.join(", ")}. The stages are ${known}.`);
	process.exit(2);
}
const wanted = new Set(named.length === 0 ? all.map(({ name }) => name) : named);
// A stage comes after those that it builds on.
for (const stage of all.toReversed()) {
	if (wanted.has(stage.name)) for (const name of stage.after) wanted.add(name);
}
const stages = all.filter(({ name }) => wanted.has(name));
const names = new Set(stages.map((stage) => stage.name));

try {
	await runStages(
		stages.map((stage) => ({ ...stage, after: stage.after.filter((name) => names.has(name)) })),
		createProgress(),
	);
} catch (error) {
	reportFailure(error);
	process.exit(1);
}
