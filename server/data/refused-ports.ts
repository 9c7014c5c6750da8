import type { Clock } from "../platform/clock.ts";

/** How long a port is avoided after a host last reported that another program holds it. */
const AVOIDED_MS = 10 * 60_000;

/**
 * Ports that hosts couldn't listen on because another program holds them. A cache that has moved to another
 * port no longer mentions the former one, so without this memory that port would be chosen again. Only in memory:
 * after a restart hosts report them again.
 */
export class RefusedPorts {
	readonly #clock: Clock;
	/** When each was last refused, by host and port. */
	readonly #refusedAt = new Map<string, Map<number, number>>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	note(hostId: string, port: number): void {
		const ports = this.#refusedAt.get(hostId) ?? new Map<number, number>();
		this.#refusedAt.set(hostId, ports.set(port, this.#clock.now().getTime()));
	}

	/** Refused ports of one host. */
	on(hostId: string): Set<number> {
		const ports = this.#refusedAt.get(hostId) ?? new Map<number, number>();
		const since = this.#clock.now().getTime() - AVOIDED_MS;
		for (const [port, at] of ports) if (at <= since) ports.delete(port);
		return new Set(ports.keys());
	}

	/** Refused ports of any host: endpoints have the same ports on all hosts. */
	anywhere(): Set<number> {
		return new Set([...this.#refusedAt.keys()].flatMap((hostId) => [...this.on(hostId)]));
	}

	forgetHost(hostId: string): void {
		this.#refusedAt.delete(hostId);
	}
}
