import { isSpoken } from "../contract/agent.ts";

/** The version of the agent protocol that each host speaks. Only in memory: hosts send it with each call. */
export class HostProtocols {
	readonly #newest = new Map<string, number>();

	note(hostId: string, version: number): void {
		this.#newest.set(hostId, version);
	}

	/** Null for a host that hasn't called this control plane since it started. */
	of(hostId: string): number | null {
		return this.#newest.get(hostId) ?? null;
	}

	/** Its agent and this control plane have no version in common: neither understands the other. */
	isForeign(hostId: string): boolean {
		const version = this.of(hostId);
		return version !== null && !isSpoken(version);
	}

	forgetHost(hostId: string): void {
		this.#newest.delete(hostId);
	}
}
