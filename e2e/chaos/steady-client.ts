import { setTimeout as delay, setImmediate } from "node:timers/promises";
import { Redis } from "ioredis";
import type { Endpoint } from "../../server/contract/cache-view.ts";

export interface ClientReport {
	operations: number;
	errors: string[];
	/** Longest wait for the answers to a write and the read after it. */
	slowestMs: number;
}

/**
 * A client that writes and reads in a loop on one connection, and forgives nothing: no retry, no reconnect. It rests for
 * `restMs` between two rounds; 0 only lets other work of this process run.
 */
export function startSteadyClient(
	{ host, port }: Endpoint,
	restMs: number,
): { stop(): Promise<ClientReport> } {
	const client = new Redis({ host, port, maxRetriesPerRequest: 0, retryStrategy: () => null });
	const report: ClientReport = { operations: 0, errors: [], slowestMs: 0 };
	let stopping = false;
	client.on("error", (error: Error) => report.errors.push(error.message));
	const loop = (async () => {
		while (!stopping) {
			const startedAt = performance.now();
			const value = String(report.operations);
			try {
				await client.set("steady", value);
				const read = await client.get("steady");
				if (read !== value) report.errors.push(`wrote ${value}, read ${read}`);
				report.operations += 2;
			} catch (error) {
				report.errors.push(error instanceof Error ? error.message : String(error));
				// A broken connection stays broken: once is enough to fail.
				stopping = true;
			}
			report.slowestMs = Math.max(report.slowestMs, performance.now() - startedAt);
			await (restMs === 0 ? setImmediate() : delay(restMs));
		}
	})();
	return {
		async stop() {
			stopping = true;
			await loop;
			client.disconnect();
			return report;
		},
	};
}
