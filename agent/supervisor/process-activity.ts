import { readFileSync } from "node:fs";

/** The unit in which the kernel counts a thread's time: a hundredth of a second. */
const TICKS_PER_SECOND = 100;
/** Share of processor time between two looks that counts as work: far more than an idle engine's housekeeping takes. */
const BUSY_SHARE = 0.2;
/** How long a sign of work counts. A command at work may be seen asleep twice in a row without being hung. */
const SIGN_LASTS_MS = 700;

/** A process's main thread at one moment: the kernel's letter for its state, and its time on processors. */
export interface ThreadReading {
	readonly state: string;
	readonly cpuTicks: number;
}

/** The main thread, which serves all clients; null when the process is gone. */
export function readMainThread(pid: number): ThreadReading | null {
	try {
		return parseThreadStat(readFileSync(`/proc/${pid}/task/${pid}/stat`, "utf8"));
	} catch {
		return null;
	}
}

export function parseThreadStat(text: string): ThreadReading {
	// The second field is the command in brackets and may itself hold spaces and brackets.
	const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
	return { state: fields[0] ?? "", cpuTicks: Number(fields[11]) + Number(fields[12]) };
}

/**
 * Whether a process that doesn't answer is working: it runs, waits for a processor (R) or for its disk or
 * memory (D), or its main thread has used a processor since the last look. A process that is stopped (T), or
 * sleeps (S) despite a pending request, is hung. Checked a few times a second while the process is silent.
 */
export class ProcessActivity {
	private readonly read: (pid: number) => ThreadReading | null;
	private last: { pid: number; at: number; reading: ThreadReading } | null = null;
	private signAt = Number.NEGATIVE_INFINITY;

	constructor(read = readMainThread) {
		this.read = read;
	}

	/** Sets the baseline for later looks. Call before the process is asked. */
	begin(pid: number, now: number): void {
		this.signAt = Number.NEGATIVE_INFINITY;
		const reading = this.read(pid);
		this.last = reading && { pid, at: now, reading };
	}

	/** Call when the process has answered that it is busy. */
	noteBusyAnswer(now: number): void {
		this.signAt = now;
	}

	isAtWork(pid: number, now: number): boolean {
		const { last } = this;
		const reading = this.read(pid);
		this.last = reading && { pid, at: now, reading };
		if (reading !== null && isSignOfWork(last?.pid === pid ? last : null, now, reading)) {
			this.signAt = now;
		}
		return now - this.signAt < SIGN_LASTS_MS;
	}
}

function isSignOfWork(
	last: { at: number; reading: ThreadReading } | null,
	now: number,
	{ state, cpuTicks }: ThreadReading,
): boolean {
	if (state === "R" || state === "D") return true;
	if (last === null || state === "T" || state === "t") return false;
	const ticks = cpuTicks - last.reading.cpuTicks;
	return ticks * (1_000 / TICKS_PER_SECOND) >= Math.max(1, (now - last.at) * BUSY_SHARE);
}
