import type { RespValue } from "./resp-parser.ts";

/**
 * Longer than a hand-over holds up writes, shorter than the pause that it asks for (failover/write-hold.ts).
 */
const LEFT_ALONE_MS = 8_000;

/**
 * While a primary hands over, and until its clients are led elsewhere, it is a writable replica with all
 * writes paused. The agent that carries out the hand-over ends that. If that agent dies first, the node's own
 * agent ends it here: after the pause, the replica would take writes that would be lost.
 */
export class ReadOnlyGuard {
	private readonly command: (...args: string[]) => Promise<RespValue>;
	private readonly now: () => number;
	private writableSince: number | null = null;

	constructor(
		command: ReadOnlyGuard["command"],
		now: ReadOnlyGuard["now"] = () => performance.now(),
	) {
		this.command = command;
		this.now = now;
	}

	async keep(): Promise<void> {
		const answer = await this.command("CONFIG", "GET", "replica-read-only");
		if (!Array.isArray(answer) || answer[1] !== "no") {
			this.writableSince = null;
			return;
		}
		this.writableSince ??= this.now();
		if (this.now() - this.writableSince < LEFT_ALONE_MS) return;
		await this.command("CONFIG", "SET", "replica-read-only", "yes");
		await this.command("CLIENT", "UNPAUSE");
		this.writableSince = null;
	}
}
