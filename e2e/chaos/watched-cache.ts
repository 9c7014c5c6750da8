import type { Cache, CacheNode, Endpoint } from "../../server/contract/cache-view.ts";
import { requireEndpoint } from "../fixtures/engine-clients.ts";
import { findPrimary, requireWhole } from "../fixtures/engine-truth.ts";
import type { Installation } from "../fixtures/installation.ts";
import {
	type LostWrite,
	type NumberedWriter,
	readAll,
	startWriter,
} from "../fixtures/numbered-writer.ts";
import { tagInSlots } from "../fixtures/slot-tags.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import {
	clusterPath,
	endpointPath,
	memcachedPath,
	type PathOptions,
	useOnce,
	type WritePath,
} from "../fixtures/write-paths.ts";
import { Violation } from "./scenario.ts";

const WHOLE_TIMEOUT_MS = 180_000;
const BASE_KEYS = 200;
const WRITE_EVERY_MS = 10;

/** How many writes to one cache, or to several, were lost. */
export interface Losses {
	/** Acknowledged by the primary only. */
	plain: number;
	/** Acknowledged by a replica too (WAIT 1). */
	waitOne: number;
	/** Keys written at the start that are gone: an emptied cache. */
	base: number;
	/** For the report: which node had acknowledged how many of the lost writes, and when. */
	traces: string[];
}

interface WatchedShard {
	/** Such as 0001; a node's name for Memcached. */
	id: string;
	tag: string;
	path: WritePath;
	plain: NumberedWriter;
	/** Null without replicas. */
	waitOne: NumberedWriter | null;
	/** The writers' numbers up to which everything was read back. */
	checked: { plain: number; waitOne: number };
}

/**
 * The nodes, and where a client that knows none of them any more finds them again: the configuration endpoint, at every
 * gateway.
 */
function seedsOf({ endpoints }: Cache): Endpoint[] {
	const port = endpoints.configuration?.port;
	const stable = port === undefined ? [] : endpoints.gateways.map((host) => ({ host, port }));
	return [...endpoints.nodes, ...stable];
}

/** A cache without a password that is written to all the time, and whose writes are read back. */
export class WatchedCache {
	readonly name: string;
	private readonly larder: Installation;
	private readonly everyMs: number;
	private shards: WatchedShard[] = [];
	/** As it was when last seen: where its nodes are, while no control plane can be asked. */
	private seen: Cache | null = null;
	/** Memcached keeps no copies, so its writes aren't read back. */
	private keepsData = true;

	private constructor(larder: Installation, name: string, everyMs: number) {
		this.larder = larder;
		this.name = name;
		this.everyMs = everyMs;
	}

	static async create(
		larder: Installation,
		body: Readonly<Record<string, unknown>> & { name: string },
	): Promise<WatchedCache> {
		await larder.createCache({ auth: "none", ...body });
		return await WatchedCache.watch(larder, body.name);
	}

	/** Waits until the cache is healthy, and begins to write. */
	static async watch(
		larder: Installation,
		name: string,
		everyMs = WRITE_EVERY_MS,
	): Promise<WatchedCache> {
		const watched = new WatchedCache(larder, name, everyMs);
		const cache = await watched.whole();
		watched.keepsData = cache.engine !== "memcached";
		watched.shards = watched.keepsData ? watched.watchShards(cache) : watched.watchNodes(cache);
		for (const shard of watched.shards) {
			if (watched.keepsData) await writeBase(shard, cache.replicasPerShard);
			await shard.plain.writesAgain();
			await shard.waitOne?.writesAgain();
		}
		return watched;
	}

	private watchShards(cache: Cache): WatchedShard[] {
		return cache.shards.map(({ id, slots }) => {
			const tag = slots === null ? cache.name : tagInSlots(slots, `${cache.name}-`);
			const pathTo = (options: PathOptions) =>
				cache.clusterMode === "enabled"
					? clusterPath(seedsOf(cache), tag, options)
					: endpointPath([requireEndpoint(cache, "primary")], options);
			const { everyMs } = this;
			const write = (path: WritePath) => startWriter({ path, tag, everyMs });
			return {
				...{ id, tag, path: pathTo({}), plain: write(pathTo({})) },
				waitOne: cache.replicasPerShard > 0 ? write(pathTo({ waitFor: 1 })) : null,
				checked: { plain: 0, waitOne: 0 },
			};
		});
	}

	private watchNodes(cache: Cache): WatchedShard[] {
		return cache.endpoints.nodes.map(({ node }, index) => {
			const path = memcachedPath(async () => {
				const found = (await this.view()).endpoints.nodes[index];
				if (found === undefined) throw new Error(`${cache.name} has no node ${index}`);
				return found;
			});
			return {
				...{ id: node, tag: node, path, waitOne: null },
				plain: startWriter({ path, tag: node, everyMs: this.everyMs }),
				checked: { plain: 0, waitOne: 0 },
			};
		});
	}

	async view(): Promise<Cache> {
		const cache = await this.larder.getCache(this.name);
		if (cache === null) throw new Error(`${this.name} is gone`);
		this.seen = cache;
		return cache;
	}

	/** Waits until it is as requested, according to the control plane and the engines. */
	async whole(timeoutMs = WHOLE_TIMEOUT_MS): Promise<Cache> {
		return await waitUntil(
			`${this.name} to be healthy`,
			async () => {
				const cache = await this.view();
				await requireWhole(cache, null);
				return cache;
			},
			timeoutMs,
		);
	}

	/**
	 * The shard's primary according to the engines, with or without a control plane, leaving out `without`. Throws unless
	 * there is exactly one.
	 */
	async primaryOf(shardId: string, without?: string): Promise<CacheNode> {
		const cache = this.seen ?? (await this.view());
		const shard = cache.shards.find(({ id }) => id === shardId);
		if (shard === undefined) throw new Error(`${this.name} has no shard ${shardId}`);
		const nodes = shard.nodes.filter(({ id }) => id !== without);
		return await findPrimary({ ...shard, nodes }, null);
	}

	private get writers(): NumberedWriter[] {
		return this.shards.flatMap(({ plain, waitOne }) => [plain, ...(waitOne ? [waitOne] : [])]);
	}

	/** The longest gap of a writer that waits for its primary alone. Those that use WAIT wait for replicas as well. */
	longestGapMs(since: number): number {
		return Math.max(...this.shards.map(({ plain }) => plain.longestGapMs(since)));
	}

	/** How often a write failed and was tried again, and what the last failures were. */
	get failures(): { count: number; last: string[] } {
		const count = this.writers.reduce((sum, { failures }) => sum + failures, 0);
		const last = this.writers.flatMap(({ lastFailure }) => lastFailure ?? []);
		return { count, last: [...new Set(last)] };
	}

	async writesAgain(timeoutMs?: number): Promise<void> {
		await Promise.all(this.writers.map((writer) => writer.writesAgain(timeoutMs)));
	}

	/** Reads back what was acknowledged since the last time, and the keys from the start. */
	async findLosses(): Promise<Losses> {
		const sum: Losses = { plain: 0, waitOne: 0, base: 0, traces: [] };
		if (!this.keepsData) return sum;
		for (const shard of this.shards) {
			const { plain, waitOne, checked } = shard;
			const upTo = { plain: plain.acknowledged, waitOne: waitOne?.acknowledged ?? 0 };
			const lostPlain = await plain.findLost(checked.plain);
			const lostWaitOne = (await waitOne?.findLost(checked.waitOne)) ?? [];
			sum.plain += lostPlain.length;
			sum.waitOne += lostWaitOne.length;
			sum.traces.push(
				...traceOf(`${this.name} ${shard.id}`, lostPlain),
				...traceOf(`${this.name} ${shard.id}, WAIT 1`, lostWaitOne),
			);
			sum.base += await countMissingBase(shard);
			shard.checked = upTo;
		}
		return sum;
	}

	/** Throws if an acknowledged write was lost. */
	async requireNothingLost(): Promise<void> {
		const { plain, waitOne, base, traces } = await this.findLosses();
		if (plain + waitOne + base === 0) return;
		const found = `${plain} writes, ${waitOne} with WAIT, ${base} keys written at the start`;
		throw new Violation(`${this.name} lost ${[found, ...traces].join("; ")}`);
	}

	/** All copies of a shard are gone for a known reason: only writes from now on count. */
	async beginAnew(shardId: string): Promise<void> {
		const shard = this.shards.find(({ id }) => id === shardId);
		if (shard === undefined) return;
		shard.checked = {
			plain: shard.plain.acknowledged,
			waitOne: shard.waitOne?.acknowledged ?? 0,
		};
		await writeBase(shard, 0);
	}

	async stop(): Promise<void> {
		await Promise.all(this.writers.map((writer) => writer.stop()));
		for (const shard of this.shards) shard.path.close();
	}
}

/** A line for each node that acknowledged some of the lost writes. */
function traceOf(writer: string, lost: readonly LostWrite[]): string[] {
	const time = (at: number) => new Date(performance.timeOrigin + at).toISOString().slice(11, 23);
	return [...new Set(lost.map(({ acknowledgedBy }) => acknowledgedBy))].map((node) => {
		const own = lost.filter(({ acknowledgedBy }) => acknowledgedBy === node);
		const at = own.map(({ acknowledgedAt }) => acknowledgedAt);
		const [first, last] = [time(Math.min(...at)), time(Math.max(...at))];
		return `${writer}: ${own.length} acknowledged by ${node}, ${first} to ${last}`;
	});
}

const baseKeys = ({ tag }: WatchedShard) =>
	Array.from({ length: BASE_KEYS }, (_, index) => `{${tag}}:base:${index}`);

async function writeBase(shard: WatchedShard, replicas: number): Promise<void> {
	await waitUntil(`base keys to be written to ${shard.tag}`, () =>
		useOnce(shard.path, async (store) => {
			for (const key of baseKeys(shard)) await store.set(key, "base");
			return replicas === 0 || (await store.reached(replicas));
		}),
	);
}

async function countMissingBase(shard: WatchedShard): Promise<number> {
	const values = await readAll(shard.path, baseKeys(shard));
	return values.filter((value) => value !== "base").length;
}
