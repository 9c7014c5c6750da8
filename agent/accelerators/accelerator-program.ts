import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const fromSource = import.meta.filename.endsWith(".ts");

/** How an instance is started: beside the agent's bundle, or from the sources. */
export const ACCELERATOR_ARGS: readonly string[] = fromSource
	? [
			...["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href],
			fileURLToPath(new URL("../../accelerator/main.ts", import.meta.url)),
		]
	: [join(import.meta.dirname, "accelerator.mjs")];

/** Instances run in this agent's own Node, or did in that of an agent before an upgrade. */
export function isNodeProgram(path: string): boolean {
	const name = basename(path.replace(/ \(deleted\)$/, ""));
	return name === "node" || name === basename(process.execPath);
}
