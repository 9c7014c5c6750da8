import { setTimeout as delay } from "node:timers/promises";
import { MemcachedConnection } from "../../../agent/drivers/memcached-connection.ts";
import { percentile } from "../../../platform/testing/figures.ts";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { requireEndpoint } from "../../fixtures/engine-clients.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";
import { strikeVictim, VICTIMS } from "./strike-victim.ts";

const NAME = "pages";
/** Of each kind. */
const KILLS = 5;
const KILL_WITHIN_MS = 1_500;
const SETTLED_WITHIN_MS = 120_000;
const KEYS = 400;
const TIMEOUT_MS = 3_000;
/** A minimum gives the cache nodes, and memory, at once. */
const LIMITS = [
	{ ecpuPerSecond: { min: 250_000, max: 0 }, dataStorageGb: { min: 0, max: 0 } },
	{ ecpuPerSecond: { min: 0, max: 0 }, dataStorageGb: { min: 2, max: 0 } },
] as const;

/** Clients write and read while nodes come, grow and die. A node is also a proxy. */
export const serverlessMemcached: Scenario = {
	name: "serverless-memcached",
	description:
		"control plane, agent or node killed while a serverless Memcached cache changes: its endpoint serves again at once, and no old value is read afterwards",
	run: (options) => withInstallation({}, (larder) => killAll(larder, options)),
};

async function killAll(larder: Installation, options: ScenarioOptions): Promise<string> {
	const { kills = KILLS, random, log } = options;
	await larder.createCache({ name: NAME, kind: "serverless", engine: "memcached" });
	const cache = await larder.waitForStatus(NAME, "available");
	const client = new SteadyClient(cache);
	const tookMs: number[] = [];
	try {
		for (let round = 0; round < kills; round++) {
			for (const victim of VICTIMS) {
				const limits = LIMITS[(round + VICTIMS.indexOf(victim)) % LIMITS.length] ?? LIMITS[0];
				const since = performance.now();
				await larder.rest("PATCH", `/caches/${NAME}`, { body: { limits } });
				await delay(random(KILL_WITHIN_MS));
				await strikeVictim(victim, larder, NAME, random);
				// A node's end is seen a moment later: until then, the cache still looks whole.
				await waitUntil(
					"the cache to be whole, with all of its keys",
					async () => (await isWhole(larder)) && (await isWritable(cache)),
					SETTLED_WITHIN_MS,
				);
				tookMs.push(performance.now() - since);
				const found = await client.check(cache);
				log(
					`${round + 1}: ${victim} killed, whole after ${tookMs.at(-1)?.toFixed(0)} ms: ${found}`,
				);
			}
		}
	} finally {
		await client.stop();
	}
	return `${kills} kills of each kind; whole after ${percentile(tookMs, 50).toFixed(0)} ms (median), ${Math.max(...tookMs).toFixed(0)} ms (longest); ${client.summary()}`;
}

async function isWhole(larder: Installation): Promise<boolean> {
	const cache = await larder.getCache(NAME);
	if (cache?.status !== "available" || cache.statusReason !== null) return false;
	const nodes = cache.shards.flatMap((shard) => shard.nodes);
	return (
		nodes.length === cache.capacity?.shards && nodes.every(({ status }) => status === "available")
	);
}

/** Through every gateway. */
async function isWritable(cache: Cache): Promise<boolean> {
	const { port } = requireEndpoint(cache, "configuration");
	for (const host of cache.endpoints.gateways) {
		const connection = new MemcachedConnection(host, port);
		try {
			for (let index = 0; index < KEYS; index++) {
				const answer = await connection.line(`set probe:${index} 0 60 1\r\nx`, TIMEOUT_MS);
				if (answer !== "STORED") return false;
			}
		} catch {
			return false;
		} finally {
			connection.close();
		}
	}
	return true;
}

/** Writes ever newer values through all gateways in turn, and knows which were acknowledged. */
class SteadyClient {
	private readonly cache: Cache;
	private readonly newest = new Map<string, number>();
	private readonly failures = new Map<string, number>();
	private version = 0;
	private stored = 0;
	private misses = 0;
	private isPaused = false;
	private stopping = false;
	private turn: Promise<void> = Promise.resolve();
	private readonly loop: Promise<void>;

	constructor(cache: Cache) {
		this.cache = cache;
		this.loop = this.run();
	}

	/** Every key through every gateway: none may have a value older than one that was acknowledged. */
	async check(cache: Cache): Promise<string> {
		this.isPaused = true;
		await this.turn;
		const { port } = requireEndpoint(cache, "configuration");
		let hits = 0;
		for (const host of cache.endpoints.gateways) {
			const connection = new MemcachedConnection(host, port);
			for (const [key, newest] of this.newest) {
				const line = await connection.line(`mg ${key} v`, TIMEOUT_MS);
				if (!line.startsWith("VA")) continue;
				hits++;
				const value = Number(line.split("\r\n")[1]);
				if (value < newest) throw new Violation(`${key} is ${value}, ${newest} was stored later`);
			}
			connection.close();
		}
		this.isPaused = false;
		return `${hits} hits of ${this.newest.size * cache.endpoints.gateways.length}`;
	}

	async stop(): Promise<void> {
		this.stopping = true;
		await this.loop;
	}

	summary(): string {
		const failed = [...this.failures].map(([message, count]) => `${count} × ${message}`);
		return `${this.stored} writes stored, ${this.misses} answered as not stored, ended connections and errors: ${failed.join("; ") || "none"}`;
	}

	private async run(): Promise<void> {
		const { port } = requireEndpoint(this.cache, "configuration");
		let connection: MemcachedConnection | null = null;
		while (!this.stopping) {
			if (this.isPaused) {
				await delay(20);
				continue;
			}
			this.version++;
			const { gateways } = this.cache.endpoints;
			const host = gateways[Math.floor(this.version / 50) % gateways.length] ?? "";
			if (connection === null || connection.closed || this.version % 50 === 0) {
				connection?.close();
				connection = new MemcachedConnection(host, port);
			}
			this.turn = this.write(connection);
			await this.turn;
		}
		connection?.close();
	}

	private async write(connection: MemcachedConnection): Promise<void> {
		const key = `steady:${this.version % KEYS}`;
		const value = String(this.version);
		try {
			const answer = await connection.line(
				`set ${key} 0 0 ${value.length}\r\n${value}`,
				TIMEOUT_MS,
			);
			if (answer === "STORED") {
				this.stored++;
				this.newest.set(key, this.version);
			} else this.misses++;
		} catch (error) {
			const message = error instanceof Error ? error.message.slice(-40) : String(error);
			this.failures.set(message, (this.failures.get(message) ?? 0) + 1);
			connection.close();
			await delay(20);
		}
	}
}
