import { readFileSync } from "node:fs";
import { z } from "zod";

/** Identifies one process for good: pids are reused, and start times begin again after a reboot. */
export const processIdentitySchema = z.object({
	bootId: z.string(),
	pid: z.int().positive(),
	/** Start time in clock ticks since boot: field 22 of /proc/<pid>/stat. */
	startTicks: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

let cachedBootId: string | undefined;

export function currentBootId(): string {
	cachedBootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
	return cachedBootId;
}

/** The identity of a live process, or null if the pid is free, or its process has died and waits to be reaped. */
export function identifyProcess(pid: number): ProcessIdentity | null {
	let stat: string;
	try {
		stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code;
		if (code === "ENOENT" || code === "ESRCH") return null;
		throw error;
	}
	// The second field is the command in parentheses and may itself hold spaces and parentheses.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	const state = fields[0];
	const startTicks = fields[19];
	if (startTicks === undefined || state === "Z" || state === "X") return null;
	return { bootId: currentBootId(), pid, startTicks };
}

/**
 * Whether that very process still runs. Death shows here at once, even while the kernel is still freeing a large
 * heap: /proc/<pid>/statm reads 0 from the moment the process gives up its memory.
 */
export function isProcessAlive(identity: ProcessIdentity): boolean {
	const now = identifyProcess(identity.pid);
	if (now === null || now.bootId !== identity.bootId || now.startTicks !== identity.startTicks) {
		return false;
	}
	try {
		return !readFileSync(`/proc/${identity.pid}/statm`, "utf8").startsWith("0 ");
	} catch {
		// Gone between the two reads.
		return false;
	}
}

/** Sends a signal to that very process; false if it no longer exists. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
	if (!isProcessAlive(identity)) return false;
	try {
		process.kill(identity.pid, signal);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
		throw error;
	}
}
