/** Agents and replicas send fewer commands than this. */
const QUIET_PER_SECOND = 50;
const LOOK_EVERY_MS = 500;

/**
 * Whether clients use an engine: it processes more commands than its caller, an agent or a replica sends. Until that is
 * known, they do.
 */
export class ClientTraffic {
	private last: { at: number; processed: number } | null = null;
	private own = 0;
	private quiet = false;

	get isQuiet(): boolean {
		return this.quiet;
	}

	/** Whether enough time has passed for another look. */
	get isDue(): boolean {
		return this.last === null || performance.now() - this.last.at >= LOOK_EVERY_MS;
	}

	/** The caller has sent so many commands. */
	noteOwn(commands: number): void {
		this.own += commands;
	}

	/** Takes an engine's answer to INFO stats. */
	look(info: string): void {
		const processed = Number(/^total_commands_processed:(\d+)/m.exec(info)?.[1] ?? Number.NaN);
		const at = performance.now();
		const { last, own } = this;
		this.own = 0;
		this.last = Number.isNaN(processed) ? null : { at, processed };
		if (last === null || this.last === null) {
			this.quiet = false;
			return;
		}
		const perSecond = ((processed - last.processed - own) * 1_000) / Math.max(1, at - last.at);
		this.quiet = perSecond >= 0 && perSecond < QUIET_PER_SECOND;
	}
}
