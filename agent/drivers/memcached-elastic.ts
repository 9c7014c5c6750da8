import type { Assignment } from "../../server/contract/desired-state.ts";
import { MIB } from "../../server/contract/limits.ts";
import type { ClientSigns } from "../elastic/client-presence.ts";
import type { ElasticControl } from "./driver.ts";
import { WAITS_COUNTER } from "./memcached-proxy-program.ts";
import { countProxied, numberOf } from "./memcached-stats.ts";

/** A node isn't given less memory than its items use and this, or the given share of its new size. */
const SHRINK_MARGIN = { bytes: 16 * MIB, share: 1 / 32 } as const;

type Stats = (report?: string) => Promise<ReadonlyMap<string, string>>;

/** Memory for items, in bytes. */
interface Memory {
	/** `limit_maxbytes`. */
	readonly limit: number;
	/** What the engine has taken from the machine. */
	readonly taken: number;
	/** By items. A page with free space for one size of items can serve another only once it is empty. */
	readonly used: number;
}

/** Controls the size of a serverless Memcached node. */
export class MemcachedElastic implements ElasticControl {
	private readonly stats: Stats;
	private readonly tell: (command: string) => Promise<void>;
	private readonly isLimited: () => boolean;
	private waits: { at: number; count: number } | null = null;
	throttledMs = 0;

	constructor(options: {
		stats: Stats;
		tell: (command: string) => Promise<void>;
		/** Whether there is an ECPU maximum. */
		isLimited: () => boolean;
	}) {
		this.stats = options.stats;
		this.tell = options.tell;
		this.isLimited = options.isLimited;
	}

	async readUsedBytes(): Promise<number> {
		if (this.isLimited()) await this.readWaits();
		return (await this.readMemory()).used;
	}

	async grow(bytes: number): Promise<void> {
		if (bytes > (await this.readMemory()).limit) await this.setLimit(bytes);
	}

	/**
	 * Gives the engine the memory that it should have. Returns whether it did. An engine above its limit moves items together,
	 * which takes seconds, and gives back the pages that have become empty when it is told its limit again.
	 */
	async applyMemory({ maxmemoryBytes, elastic }: Assignment): Promise<boolean> {
		const { limit, taken, used } = await this.readMemory();
		const mayGrow = (elastic?.holdWritesAboveBytes ?? null) !== null;
		const margin = Math.max(SHRINK_MARGIN.bytes, maxmemoryBytes * SHRINK_MARGIN.share);
		const wouldFill = used + margin > maxmemoryBytes;
		if (limit > maxmemoryBytes && mayGrow && wouldFill) return false;
		const isLarger = taken > maxmemoryBytes;
		if (limit !== inMib(maxmemoryBytes) * MIB || isLarger) await this.setLimit(maxmemoryBytes);
		// One that is full keeps its pages, and evicts for new items within them.
		return !isLarger || wouldFill || (await this.readMemory()).taken <= maxmemoryBytes;
	}

	/** Clients show by what they ask for: a connection alone could be a gateway's check. */
	async readClientSigns(): Promise<ClientSigns> {
		return { connected: false, requests: countProxied(await this.stats("proxy")) };
	}

	/** The engine can't make writes wait. */
	async holdWrites(): Promise<void> {}

	async writeCommands(): Promise<ReadonlySet<string>> {
		return new Set();
	}

	async setTicksPerSecond(): Promise<void> {}

	async reloadUsers(): Promise<void> {}

	private async setLimit(bytes: number): Promise<void> {
		await this.tell(`cache_memlimit ${inMib(bytes)}`);
	}

	private async readMemory(): Promise<Memory> {
		const limit = numberOf(await this.stats(), "limit_maxbytes");
		const slabs = await this.stats("slabs");
		let used = 0;
		for (const [name, chunks] of slabs) {
			const slab = /^(\d+):used_chunks$/.exec(name)?.[1];
			if (slab !== undefined) used += Number(chunks) * numberOf(slabs, `${slab}:chunk_size`);
		}
		return { limit, taken: numberOf(slabs, "total_malloced"), used };
	}

	/** Time between two looks counts if a request began to wait in it. */
	private async readWaits(): Promise<void> {
		const count = numberOf(await this.stats("proxy"), WAITS_COUNTER);
		const at = performance.now();
		if (this.waits !== null && count > this.waits.count) this.throttledMs += at - this.waits.at;
		this.waits = { at, count };
	}
}

function inMib(bytes: number): number {
	return Math.max(1, Math.floor(bytes / MIB));
}
