/** What a serverless cache's nodes do, as the policy sees it. */

/** What one node did at a time. */
export interface NodeSample {
	at: number;
	usedBytes: number;
	/** Of one processor. */
	cpuShare: number;
	/** Null if its agent doesn't count them. */
	ecpuPerSecond: number | null;
}

/** The most that was seen over some time. */
export interface Peak {
	usedBytes: number;
	cpuShare: number;
	ecpuPerSecond: number;
}

/** One node's load now and lately. */
export interface NodeLoad {
	usedBytes: number;
	bytesPerSecond: number;
	/** The lower of the two newest samples: what lasts. */
	cpuShare: number;
	ecpuPerSecond: number | null;
	/** Null unless it has been watched for all of the time. */
	calm: Peak | null;
	longCalm: Peak | null;
}

/** A cache's load: sums and maxima over its shards' primaries. */
export interface CacheLoad {
	/** Of the fullest shard. */
	shardUsedBytes: number;
	usedBytes: number;
	/** How fast the fullest shard grows, at least 0. */
	bytesPerSecond: number;
	/** Of the busiest shard. */
	cpuShare: number;
	/** Of all shards; null if unknown. */
	ecpuPerSecond: number | null;
	/** Null unless all shards have been watched for all of the time. */
	calm: CachePeak | null;
	longCalm: CachePeak | null;
}

export interface CachePeak {
	shardUsedBytes: number;
	usedBytes: number;
	cpuShare: number;
	ecpuPerSecond: number;
}

/** How long a load must have been low before a shard gets smaller, and before there are fewer shards. */
export const CALM_MS = 2 * 60_000;
export const LONG_CALM_MS = 5 * 60_000;
const BUCKET_MS = 15_000;
/** A growth that was reported is over after this time without another report. */
const GROWTH_MS = 3_000;
const FRESH_MS = 20_000;

interface Bucket extends Peak {
	start: number;
}

/** Keeps what the policy needs of one node's samples: the newest, and peaks over the last minutes. */
export class LoadWindow {
	readonly #freshMs: number;
	#since: number | null = null;
	#newest: NodeSample[] = [];
	#buckets: Bucket[] = [];
	#growth: { at: number; bytesPerSecond: number } | null = null;

	/** Samples say nothing about a time that is further away. */
	constructor(freshMs = FRESH_MS) {
		this.#freshMs = freshMs;
	}

	/** Samples must come in order: a late one is ignored. */
	add(sample: NodeSample): void {
		const newest = this.#newest.at(-1);
		const apartMs = newest === undefined ? Infinity : Math.abs(sample.at - newest.at);
		if (apartMs > this.#freshMs) {
			// After a gap, or if the clock was set back, nothing is known about the time before.
			this.#since = sample.at;
			this.#buckets = [];
			this.#newest = [];
		} else if (newest !== undefined && sample.at < newest.at) return;
		this.#newest = [...this.#newest.slice(-1), sample];
		this.#peak(sample.at, sample);
	}

	/** While it grows, its agent says so at once. */
	addGrowth(at: number, usedBytes: number, bytesPerSecond: number): void {
		this.#growth = { at, bytesPerSecond };
		this.addUsed(at, usedBytes);
	}

	/** The engine's memory between two samples. */
	addUsed(at: number, usedBytes: number): void {
		const newest = this.#newest.at(-1);
		if (newest === undefined) {
			this.add({ at, usedBytes, cpuShare: 0, ecpuPerSecond: null });
			return;
		}
		newest.usedBytes = usedBytes;
		this.#peak(at, { usedBytes, cpuShare: 0, ecpuPerSecond: null });
	}

	/** Null without a fresh sample. */
	load(now: number): NodeLoad | null {
		const newest = this.#newest.at(-1);
		if (newest === undefined) return null;
		const isGrowing = this.#growth !== null && now - this.#growth.at <= GROWTH_MS;
		if (now - newest.at > this.#freshMs && !isGrowing) return null;
		return {
			usedBytes: newest.usedBytes,
			bytesPerSecond: isGrowing ? (this.#growth?.bytesPerSecond ?? 0) : 0,
			cpuShare:
				this.#newest.length < 2 ? 0 : Math.min(...this.#newest.map((each) => each.cpuShare)),
			ecpuPerSecond: newest.ecpuPerSecond,
			calm: this.#peakOver(now, CALM_MS),
			longCalm: this.#peakOver(now, LONG_CALM_MS),
		};
	}

	#peak(at: number, { usedBytes, cpuShare, ecpuPerSecond }: Omit<NodeSample, "at">): void {
		const start = Math.floor(at / BUCKET_MS) * BUCKET_MS;
		let bucket = this.#buckets.at(-1);
		if (bucket === undefined || bucket.start < start) {
			bucket = { start, usedBytes: 0, cpuShare: 0, ecpuPerSecond: 0 };
			const oldest = at - LONG_CALM_MS - BUCKET_MS;
			this.#buckets = [...this.#buckets.filter((each) => each.start >= oldest), bucket];
		}
		bucket.usedBytes = Math.max(bucket.usedBytes, usedBytes);
		bucket.cpuShare = Math.max(bucket.cpuShare, cpuShare);
		bucket.ecpuPerSecond = Math.max(bucket.ecpuPerSecond, ecpuPerSecond ?? 0);
	}

	#peakOver(now: number, spanMs: number): Peak | null {
		if (this.#since === null || now - this.#since < spanMs) return null;
		const own = this.#buckets.filter(({ start }) => start + BUCKET_MS > now - spanMs);
		const most = (of: (peak: Peak) => number) => Math.max(0, ...own.map(of));
		return {
			usedBytes: most((each) => each.usedBytes),
			cpuShare: most((each) => each.cpuShare),
			ecpuPerSecond: most((each) => each.ecpuPerSecond),
		};
	}
}

/**
 * The load of a cache whose shards' primaries have these loads: of those that are known, because one that grows can't wait
 * for the others. Null without any.
 */
export function cacheLoadOf(shards: readonly (NodeLoad | null)[]): CacheLoad | null {
	const known = shards.filter((load) => load !== null);
	if (known.length === 0) return null;
	const sum = (of: (load: NodeLoad) => number) => known.reduce((all, load) => all + of(load), 0);
	const most = (of: (load: NodeLoad) => number) => Math.max(...known.map(of));
	const ecpus = known.map(({ ecpuPerSecond }) => ecpuPerSecond);
	return {
		shardUsedBytes: most(({ usedBytes }) => usedBytes),
		usedBytes: sum(({ usedBytes }) => usedBytes),
		bytesPerSecond: most(({ bytesPerSecond }) => bytesPerSecond),
		cpuShare: most(({ cpuShare }) => cpuShare),
		ecpuPerSecond: ecpus.includes(null)
			? null
			: ecpus.reduce<number>((all, one) => all + (one ?? 0), 0),
		calm: peakOf(shards.map((load) => load?.calm ?? null)),
		longCalm: peakOf(shards.map((load) => load?.longCalm ?? null)),
	};
}

function peakOf(peaks: readonly (Peak | null)[]): CachePeak | null {
	const known = peaks.filter((peak) => peak !== null);
	if (known.length < peaks.length) return null;
	return {
		shardUsedBytes: Math.max(...known.map(({ usedBytes }) => usedBytes)),
		usedBytes: known.reduce((sum, { usedBytes }) => sum + usedBytes, 0),
		cpuShare: Math.max(...known.map(({ cpuShare }) => cpuShare)),
		ecpuPerSecond: known.reduce((sum, { ecpuPerSecond }) => sum + ecpuPerSecond, 0),
	};
}
