import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { StageError } from "./stage-error.mjs";

export const NODE_FLOOR = [20, 19];

/** What must exist before anything can be fetched. Quick, so it is checked every time. */
export function requirementsStage() {
	return {
		name: "requirements",
		title: "Check this machine",
		after: [],
		isFresh: async () => {
			checkNode(process.versions.node);
			checkSystem();
			return true;
		},
		run: async () => undefined,
	};
}

export function checkNode(version) {
	const [major = 0, minor = 0] = version.split(".").map(Number);
	if (major > NODE_FLOOR[0] || (major === NODE_FLOOR[0] && minor >= NODE_FLOOR[1])) return;
	throw new StageError(`Larder needs Node ${NODE_FLOOR.join(".")} or newer; this is ${version}.`, {
		remedy: "Install a newer one from https://nodejs.org or with your version manager.",
	});
}

function checkSystem() {
	if (!existsSync("/proc/self/stat")) {
		throw new StageError(`Larder runs engines on Linux; this is ${process.platform}.`, {
			remedy: "Run it in a Linux virtual machine or container.",
		});
	}
	if (!onPath("apt-get") && !onPath("valkey-server")) {
		throw new StageError(
			"There is neither apt-get to fetch Valkey with nor valkey-server on PATH.",
			{
				remedy:
					"Install Valkey 8 or 9 with this system's own packages, so that valkey-server is on PATH.",
			},
		);
	}
}

export function onPath(program) {
	return (process.env.PATH ?? "").split(delimiter).some((dir) => {
		try {
			accessSync(join(dir, program), constants.X_OK);
			return dir !== "";
		} catch {
			// Not in this directory, or not ours to run.
			return false;
		}
	});
}
