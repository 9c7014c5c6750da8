/**
 * `npm start`: sets up what is missing, shows each stage, then runs `larder up`. Plain JavaScript and no packages,
 * because in a fresh clone there are none.
 */
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { START_ENGINES } from "./setup/engines.mjs";
import { createProgress } from "./setup/progress.mjs";
import { reportFailure } from "./setup/report-failure.mjs";
import { runStages } from "./setup/run-stages.mjs";
import { setupStages } from "./setup/stages.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

try {
	await runStages(setupStages(root, START_ENGINES), createProgress());
} catch (error) {
	reportFailure(error);
	process.exit(1);
}

process.argv = [process.execPath, join(root, "cli", "bin.mjs"), "up", ...process.argv.slice(2)];
await import("../cli/bin.mjs");
