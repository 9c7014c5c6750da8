import type { Assignment } from "../../server/contract/desired-state.ts";

/**
 * What Sentinels may do to an engine. They may always promote it. They may make it follow only hosts of the
 * same cache, because a replica shows its password to any address that it follows, and they may demote a
 * primary only while the control plane is away. A Sentinel that was cut off comes back with what it knew
 * before: until it hears the news, it would make the real primary follow the old one, which would throw away
 * everything written since.
 */
export class SentinelGuard {
	private readonly command: (...args: string[]) => Promise<unknown>;
	/** The rules last given to the engine; null if unknown. */
	private given: string | null = null;

	constructor(command: SentinelGuard["command"]) {
		this.command = command;
	}

	/** The engine has reloaded its users, with their default permissions. */
	forget(): void {
		this.given = null;
	}

	/** `hosts` are those whose nodes a Sentinel may make it follow. */
	async keep({ sentinelUsername }: Assignment["auth"], hosts: readonly string[]): Promise<void> {
		const allowed = ["no", ...new Set(hosts)].map((host) => `+slaveof|${host}`);
		if (this.given === allowed.join(" ")) return;
		await this.command("ACL", "SETUSER", sentinelUsername, "-slaveof", ...allowed);
		this.given = allowed.join(" ");
	}
}
