import { randomUUID } from "node:crypto";

/**
 * What this agent itself has sent to engines and received from them: engines count it with what clients move, so metering
 * subtracts it.
 */
export class OwnTraffic {
	/** Tells this run of the agent from others, which have counted from 0. */
	readonly run = randomUUID();
	private readonly bytes = new Map<string, number>();

	add(host: string, port: number, bytes: number): void {
		const key = `${host}:${port}`;
		this.bytes.set(key, (this.bytes.get(key) ?? 0) + bytes);
	}

	/** To the engine that listens on the port of these addresses. */
	of(hosts: Iterable<string>, port: number): number {
		return [...new Set(hosts)].reduce((sum, host) => {
			return sum + (this.bytes.get(`${host}:${port}`) ?? 0);
		}, 0);
	}
}

export const ownTraffic = new OwnTraffic();
