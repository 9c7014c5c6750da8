/** Reports change in steps, so that an idle node isn't news with each heartbeat. */
const STEP_MS = 10_000;

/** What shows whether an engine has clients. */
export interface ClientSigns {
	/** A connection that is neither Larder's own nor a replica's. */
	readonly connected: boolean;
	/** Commands of clients since the process started: they show connections that have come and gone. */
	readonly requests: number;
	/** It has keys in databases other than 0. */
	readonly otherDatabases?: boolean;
}

/** How long an engine has had no client. Times are `performance.now()`. */
export class ClientPresence {
	private since: number | null = null;
	private seenAt: number | null = null;
	private isHere = false;
	private last: { pid: number; requests: number } | null = null;

	/** Returns whether a client is there that wasn't at the last look. */
	note(at: number, pid: number, { connected, requests }: ClientSigns): boolean {
		const before = this.last?.pid === pid ? this.last.requests : null;
		this.last = { pid, requests };
		// Another process: nobody has used it yet.
		if (before === null) {
			this.since = at;
			this.seenAt = null;
		}
		const wasHere = this.isHere;
		this.isHere = connected || (before !== null && requests > before);
		if (this.isHere) this.seenAt = at;
		return this.isHere && !wasHere;
	}

	get hasClients(): boolean {
		return this.isHere;
	}

	/** 0 while a client is there; undefined until it is known. */
	idleMs(now: number): number | undefined {
		if (this.isHere) return 0;
		const goneSince = this.seenAt ?? this.since;
		if (goneSince === null) return undefined;
		const ms = Math.floor((now - goneSince) / STEP_MS) * STEP_MS;
		// Nothing is known about the time before this agent looked for the first time.
		if (ms === 0 && this.seenAt === null) return undefined;
		return Math.max(1, ms);
	}
}
