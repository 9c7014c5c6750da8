import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
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

/** Tells this program from that of an agent before an upgrade, whose instances are then started again. */
export const PROGRAM_HASH = hashOfProgram();

function hashOfProgram(): string {
	try {
		return createHash("sha256")
			.update(readFileSync(ACCELERATOR_ARGS.at(-1) ?? ""))
			.digest("hex");
	} catch {
		// It isn't built: starting an instance says so.
		return "";
	}
}

/** Instances run in this agent's own Node, or did in that of an agent before an upgrade. */
export function isNodeProgram(path: string): boolean {
	const name = basename(path.replace(/ \(deleted\)$/, ""));
	return name === "node" || name === basename(process.execPath);
}
