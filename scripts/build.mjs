/** `npm run build [stage …]`: client, programs, console and engine store as far as their sources changed. */
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createProgress } from "./setup/progress.mjs";
import { reportFailure } from "./setup/report-failure.mjs";
import { runStages } from "./setup/run-stages.mjs";
import { buildStages } from "./setup/stages.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = process.argv.slice(2);
const stages = buildStages(root).filter(
	(stage) => wanted.length === 0 || wanted.includes(stage.name),
);
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
