import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { identifyProcess, type ProcessIdentity } from "../../platform/process-identity.ts";

/** What distinguishes an instance's engine from every other process on the machine. */
export interface EngineSignature {
	/** The process's working directory: the instance's own, or its data directory once it has read its configuration. */
	readonly directories: readonly string[];
	isServerProgram(path: string): boolean;
	isHelperProcess(commandLine: string): boolean;
}

/** Whether a live process is the engine of that instance, according to the kernel, not its name. */
export function matchesSignature(pid: number, signature: EngineSignature): boolean {
	try {
		const cwd = readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, "");
		if (!signature.directories.includes(cwd)) return false;
		if (!signature.isServerProgram(readlinkSync(`/proc/${pid}/exe`))) return false;
		const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8");
		return !signature.isHelperProcess(commandLine);
	} catch {
		// The process has ended, or belongs to another user: not ours.
		return false;
	}
}

/**
 * Searches the whole process table for the instance's engine. This prevents a second engine after a crash
 * between spawning and recording the pid. Helper processes that the engine forked don't count.
 */
export function findEngineProcess(signature: EngineSignature): ProcessIdentity | null {
	const matches = new Set<number>();
	for (const name of readdirSync("/proc")) {
		const pid = Number(name);
		if (Number.isInteger(pid) && matchesSignature(pid, signature)) matches.add(pid);
	}
	for (const pid of matches) {
		const parent = parentOf(pid);
		if (parent !== null && matches.has(parent)) continue;
		const identity = identifyProcess(pid);
		if (identity !== null) return identity;
	}
	return null;
}

function parentOf(pid: number): number | null {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
	} catch {
		return null;
	}
}
