import { closeSync, openSync, readSync } from "node:fs";
import { isProcessAlive, type ProcessIdentity } from "../../platform/process-identity.ts";

const POLL_MS = 8;
/** A check of one process costs 3 µs, so 50 or more of them take 2% of a processor. */
const POLL_MS_PER_PROCESS = 0.15;
const POLL_AT_MOST_MS = 100;

interface Watched {
	readonly descriptor: number;
	readonly onDeath: () => void;
}

/**
 * Notices the death of processes, children or not, with one timer for all. /proc/<pid>/statm shows it at
 * once, while exit codes and closed connections wait until the kernel has freed the memory (half a second at
 * 4 GiB). The file stays open: it belongs to that exact process forever, and a read costs a few microseconds.
 */
export class LivenessWatch {
	private readonly watched = new Set<Watched>();
	private readonly buffer = Buffer.alloc(16);
	private timer: NodeJS.Timeout | null = null;

	/**
	 * Calls `onDeath` once when the process has died, but never before this call returns. Returns a function that
	 * stops watching.
	 */
	watch(identity: ProcessIdentity, onDeath: () => void): () => void {
		const descriptor = openStatm(identity);
		if (descriptor === null) {
			const soon = setImmediate(onDeath);
			return () => clearImmediate(soon);
		}
		const entry: Watched = { descriptor, onDeath };
		this.watched.add(entry);
		this.timer ??= this.schedule();
		return () => this.drop(entry);
	}

	private schedule(): NodeJS.Timeout {
		return setTimeout(() => this.poll(), pollMs(this.watched.size));
	}

	private poll(): void {
		this.timer = null;
		for (const entry of this.watched) {
			if (this.hasMemory(entry.descriptor)) continue;
			this.drop(entry);
			entry.onDeath();
		}
		// `onDeath` may have started a watch, which schedules the next check.
		if (this.watched.size > 0) this.timer ??= this.schedule();
	}

	private hasMemory(descriptor: number): boolean {
		try {
			const length = readSync(descriptor, this.buffer, 0, this.buffer.length, 0);
			return length > 0 && this.buffer.toString("latin1", 0, 2) !== "0 ";
		} catch {
			// ESRCH: the process is gone.
			return false;
		}
	}

	private drop(entry: Watched): void {
		if (!this.watched.delete(entry)) return;
		closeSync(entry.descriptor);
		if (this.watched.size === 0 && this.timer !== null) {
			clearTimeout(this.timer);
			this.timer = null;
		}
	}
}

/** The interval between checks of this many processes. */
export function pollMs(processes: number): number {
	return Math.min(POLL_AT_MOST_MS, Math.max(POLL_MS, processes * POLL_MS_PER_PROCESS));
}

function openStatm(identity: ProcessIdentity): number | null {
	let descriptor: number;
	try {
		descriptor = openSync(`/proc/${identity.pid}/statm`, "r");
	} catch {
		return null;
	}
	// Checked after opening, which shows whether the pid has been reused.
	if (isProcessAlive(identity)) return descriptor;
	closeSync(descriptor);
	return null;
}
