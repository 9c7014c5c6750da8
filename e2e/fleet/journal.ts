export type Happening = "assigned" | "ordered";

export interface JournalEntry {
	/** Milliseconds since the epoch, with fractions, comparable across the processes of a machine. */
	readonly at: number;
	readonly what: Happening;
	readonly cacheName: string;
	readonly nodeId: string;
}

/** The current time, as journals record it. */
export function momentNow(): number {
	return performance.timeOrigin + performance.now();
}

/** What simulated hosts were given, and when. */
export class Journal {
	private entries: JournalEntry[] = [];

	note(what: Happening, cacheName: string, nodeId: string): void {
		this.entries.push({ at: momentNow(), what, cacheName, nodeId });
	}

	/** What has happened since the last call. */
	take(): JournalEntry[] {
		const taken = this.entries;
		this.entries = [];
		return taken;
	}
}
