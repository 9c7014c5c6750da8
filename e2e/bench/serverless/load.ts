import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Cluster, Redis } from "ioredis";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { requireEndpoint } from "../../fixtures/engine-clients.ts";

const CONNECTIONS = 4;
/** How much of a second's writes may be sent at once, so that a slow rate is an even one. */
const TICK_MS = 50;

export interface LoadOptions {
	/** Of keys; the index follows. */
	prefix: string;
	valueBytes: number;
	/** Requests on their way at a time, over all connections. */
	inFlight?: number;
}

/** What a load has met so far. */
export interface LoadReport {
	keys: number;
	bytes: number;
	/** Requests that failed although the client library had retried them, by message. */
	failures: Map<string, number>;
	/** Between two answers. */
	longestStallMs: number;
}

/** A client library as applications use it: with its own retries and nothing else. */
export function openStockClient(cache: Cache): Redis | Cluster {
	const isCluster = cache.clusterMode === "enabled";
	const endpoint = requireEndpoint(cache, isCluster ? "configuration" : "primary");
	const client = isCluster
		? new Cluster([endpoint], { scaleReads: "master" })
		: new Redis({
				...endpoint,
				// A former primary, until the endpoint leads to the new one.
				reconnectOnError: ({ message }) => (message.startsWith("READONLY") ? 2 : false),
			});
	client.on("error", () => {
		// Requests reject with what the library can't mend.
	});
	return client;
}

/** Writes keys that were never written before, as fast as it is told to. */
export class FillLoad {
	readonly report: LoadReport = { keys: 0, bytes: 0, failures: new Map(), longestStallMs: 0 };
	private readonly clients: (Redis | Cluster)[];
	private readonly value: Buffer;
	private readonly options: LoadOptions;
	private sent = 0;
	private answeredAt = performance.now();

	constructor(cache: Cache, options: LoadOptions) {
		this.options = options;
		this.value = randomBytes(options.valueBytes);
		this.clients = Array.from({ length: CONNECTIONS }, () => openStockClient(cache));
	}

	/** Until `bytes` more have been written. `bytesPerSecond` may be Infinity. */
	async write(bytes: number, bytesPerSecond: number): Promise<void> {
		const { valueBytes, inFlight = 64 } = this.options;
		const until = this.sent + Math.ceil(bytes / valueBytes);
		const startedAt = performance.now();
		const first = this.sent;
		this.answeredAt = startedAt;
		const due = () => {
			if (bytesPerSecond === Number.POSITIVE_INFINITY) return until;
			const seconds = (performance.now() - startedAt) / 1_000;
			return Math.min(until, first + Math.floor((seconds * bytesPerSecond) / valueBytes) + 1);
		};
		const writer = async (index: number) => {
			const client = this.clients[index % this.clients.length];
			while (this.sent < until && client !== undefined) {
				if (this.sent >= due()) {
					await delay(TICK_MS);
					// A slow load rests; a stall is a request without an answer.
					this.answeredAt = performance.now();
					continue;
				}
				await this.writeOne(client, this.sent++);
			}
		};
		await Promise.all(Array.from({ length: inFlight }, (_, index) => writer(index)));
	}

	/** Deletes the keys from `from` up. */
	async deleteFrom(from: number): Promise<void> {
		const [client] = this.clients;
		if (client === undefined) return;
		const step = 256;
		for (let first = from; first < this.sent; first += step) {
			const keys = Array.from({ length: Math.min(step, this.sent - first) }, (_, each) =>
				client.unlink(`${this.options.prefix}${first + each}`),
			);
			await Promise.all(keys);
		}
		this.sent = from;
	}

	/** How many of the first `count` keys are there with their whole value. */
	async countPresent(count: number): Promise<number> {
		const [client] = this.clients;
		let present = 0;
		for (let first = 0; client !== undefined && first < count; first += 256) {
			const lengths = await Promise.all(
				Array.from({ length: Math.min(256, count - first) }, (_, each) =>
					client.strlen(`${this.options.prefix}${first + each}`),
				),
			);
			present += lengths.filter((length) => length === this.options.valueBytes).length;
		}
		return present;
	}

	close(): void {
		for (const client of this.clients) client.disconnect();
	}

	private async writeOne(client: Redis | Cluster, index: number): Promise<void> {
		const { report } = this;
		try {
			await client.set(`${this.options.prefix}${index}`, this.value);
			report.keys++;
			report.bytes += this.options.valueBytes;
		} catch (error) {
			const message = error instanceof Error ? error.message : String(error);
			report.failures.set(message, (report.failures.get(message) ?? 0) + 1);
		}
		const now = performance.now();
		report.longestStallMs = Math.max(report.longestStallMs, now - this.answeredAt);
		this.answeredAt = now;
	}
}
