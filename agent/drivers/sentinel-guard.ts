import type { Assignment } from "../../server/contract/agent.ts";

/**
 * What Sentinels may do to an engine. They may always make it a primary; but a primary is made a replica by them only while
 * the control plane is away. A Sentinel that was cut off comes back with what it knew before, and in the moment before it
 * hears the news it would have the real primary follow the old one, and throw away all that was written since.
 */
export class SentinelGuard {
	private readonly command: (...args: string[]) => Promise<unknown>;
	/** As the engine was last told; null when that isn't known. */
	private guarded: boolean | null = null;

	constructor(command: SentinelGuard["command"]) {
		this.command = command;
	}

	/** The engine's users have been loaded anew, with what they may do by default. */
	forget(): void {
		this.guarded = null;
	}

	async keep({ sentinelUsername }: Assignment["auth"], guarded: boolean): Promise<void> {
		if (this.guarded === guarded) return;
		const rules = guarded ? ["-slaveof", "+slaveof|no"] : ["+slaveof"];
		await this.command("ACL", "SETUSER", sentinelUsername, ...rules);
		this.guarded = guarded;
	}
}
