import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readStamp, writeStamp } from "./fingerprint.mjs";
import { runCommand } from "./run-command.mjs";
import { StageError } from "./stage-error.mjs";

const MACHINE = `node ${process.versions.modules} ${process.platform} ${process.arch}`;

/** Packages as the lockfile has them, in node_modules. A developer's own `npm install` counts as much as our `npm ci`. */
export function dependenciesStage(root) {
	const stampFile = join(root, "node_modules", ".larder-machine");
	return {
		name: "dependencies",
		title: "Install dependencies",
		after: ["requirements"],
		isFresh: async () =>
			(readStamp(stampFile) ?? MACHINE) === MACHINE && (await matchesLockfile(root)),
		async run() {
			if (!existsSync(join(root, "package-lock.json"))) {
				throw new StageError("package-lock.json is missing", {
					remedy: "Restore it: git checkout package-lock.json",
				});
			}
			await runCommand("npm", ["ci", "--include=dev", "--no-progress"], {
				cwd: root,
				what: "npm ci",
				remedy:
					"Check that npm reaches its registry (npm ping) and that you can write to this directory, then try again.",
			});
			writeStamp(stampFile, MACHINE);
		},
	};
}

/** Whether npm's own record of what it installed has every package of the lockfile in the version locked. */
async function matchesLockfile(root) {
	const record = join(root, "node_modules", ".package-lock.json");
	if (!existsSync(record)) return false;
	const installed = JSON.parse(readFileSync(record, "utf8")).packages;
	const locked = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
	return Object.entries(locked).every(([path, wanted]) => {
		// The project itself, and what npm may leave out, such as builds for other machines.
		if (path === "" || wanted.optional === true || wanted.devOptional === true) return true;
		return installed[path]?.version === wanted.version;
	});
}
