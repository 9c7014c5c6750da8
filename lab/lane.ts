import { setTimeout as delay } from "node:timers/promises";
import type { CacheEvent, ReadOutcome, Store } from "larder-patterns";
import { seededRandom } from "../platform/zipf.ts";
import type { LabResult, LabStrategy, LabWorkload } from "../server/contract/lab.ts";
import { ItemDatabase } from "./item-database.ts";
import { hitRateOf, Measurements } from "./measurements.ts";
import type { Operation } from "./operations.ts";
import { simulateHitRate } from "./simulate-hits.ts";
import { type Application, makeApplication } from "./strategies.ts";
import { Timeline } from "./timeline.ts";
import { Versions } from "./versions.ts";
import { type StoreCalls, WatchedStore } from "./watched-store.ts";

const SIMULATION_SEED = 29;
const MISSES: ReadonlySet<ReadOutcome> = new Set(["miss", "shared", "bypass", "fallback"]);

export interface LaneOptions {
	readonly strategy: LabStrategy;
	readonly workload: LabWorkload;
	readonly store: Store;
	readonly prefix: string;
	/** With the items. */
	readonly databaseFile: string;
	readonly payload: string;
	/** Begins the workload's operations anew. */
	begin(): () => Operation;
}

/** One strategy at work, with a database and keys of its own. */
export class Lane {
	readonly #options: LaneOptions;
	readonly #database: ItemDatabase;
	readonly #versions: Versions;
	readonly #store: WatchedStore;
	readonly #application: Application;
	readonly #measured = new Measurements();
	readonly #timeline = new Timeline();
	#startedAt = 0;
	#ranMs = 0;
	#operations = 0;
	#lastError: string | null = null;

	constructor(options: LaneOptions) {
		const { strategy, workload, store, prefix, databaseFile, payload } = options;
		this.#options = options;
		this.#database = new ItemDatabase(databaseFile, workload.databaseLatencyMs);
		this.#versions = new Versions(workload.keys, payload);
		this.#store = new WatchedStore(store);
		this.#application = makeApplication(strategy, {
			...{ store: this.#store, prefix, database: this.#database, versions: this.#versions },
			ttlMs: workload.ttlSeconds * 1_000,
			onEvent: (event) => this.#note(event),
		});
	}

	/** The last error of an operation; null if there was none. */
	get lastError(): string | null {
		return this.#lastError;
	}

	/** Runs until the workload's time is over or the signal says so. */
	async run(signal: AbortSignal): Promise<void> {
		const { workload, begin } = this.#options;
		const next = begin();
		this.#startedAt = performance.now();
		const endsAt = this.#startedAt + workload.durationSeconds * 1_000;
		const gapMs = workload.operationsPerSecond === null ? 0 : 1_000 / workload.operationsPerSecond;
		const client = async () => {
			for (;;) {
				const index = this.#operations;
				const dueAt = this.#startedAt + index * gapMs;
				if (signal.aborted || Math.max(dueAt, performance.now()) >= endsAt) return;
				this.#operations += 1;
				const operation = next();
				const earlyMs = dueAt - performance.now();
				if (earlyMs > 0) await delay(earlyMs);
				await this.#perform(index, operation);
			}
		};
		await Promise.all(Array.from({ length: workload.clients }, client));
		this.#ranMs = performance.now() - this.#startedAt;
	}

	takeSample(seconds: number) {
		this.#countQueries();
		const sample = this.#measured.takeSample(seconds);
		return this.#options.strategy === "no-cache" ? { ...sample, hitRate: null } : sample;
	}

	/** After `run`. */
	async result(): Promise<Omit<LabResult, "cacheKeys" | "cacheBytes" | "findings">> {
		await this.#application.finish();
		this.#countQueries();
		const { strategy } = this.#options;
		const { counts, reads, writes, errors } = this.#measured;
		const seconds = Math.max(this.#ranMs, 1) / 1_000;
		const { queries } = this.#database;
		return {
			...{ strategy, errors },
			...{ reads: counts.reads, writes: counts.writes },
			operationsPerSecond: (counts.reads + counts.writes) / seconds,
			hitRate: strategy === "no-cache" ? null : hitRateOf(counts.reads, counts.misses),
			simulatedHitRate: this.#simulate(),
			databaseReads: queries.reads,
			databaseWrites: queries.writes,
			databaseQueriesPerSecond: counts.queries / seconds,
			...{ read: reads.summary(), write: writes.summary() },
			staleReads: counts.staleReads,
		};
	}

	close(): void {
		this.#database.close();
	}

	async #perform(index: number, { key, isRead }: Operation): Promise<void> {
		const { counts, reads, writes } = this.#measured;
		const startedAt = performance.now();
		this.#timeline.begin(index, startedAt - this.#startedAt);
		try {
			if (isRead) {
				const expected = this.#versions.newest(key);
				const item = await this.#store.watch(this.#followRead(), () => this.#application.read(key));
				if (item === undefined) throw new Error(`item ${key} is missing`);
				if (item.version < expected) counts.staleReads += 1;
				counts.reads += 1;
				if (this.#options.strategy === "no-cache") counts.misses += 1;
				reads.record(performance.now() - startedAt);
			} else {
				await this.#store.watch(this.#followWrite(index), () => this.#application.write(key));
				counts.writes += 1;
				writes.record(performance.now() - startedAt);
			}
		} catch (error) {
			this.#measured.errors += 1;
			this.#lastError = error instanceof Error ? error.message : String(error);
		}
	}

	/** A read that loads sends a get, a swap for its lease, and a swap for the value. */
	#followRead(): StoreCalls {
		const beganAt = this.#nowMs();
		let gets = 0;
		const swaps: number[] = [];
		return {
			onGet: () => {
				gets += 1;
			},
			onSwap: () => {
				const now = this.#nowMs();
				const [leasedAt] = swaps;
				if (gets === 1 && swaps.length === 1 && leasedAt !== undefined) {
					this.#timeline.loaded(beganAt, { leaseMs: leasedAt - beganAt, valueMs: now - beganAt });
				}
				swaps.push(now);
			},
			onSwapped: () => undefined,
		};
	}

	/** The first swap that succeeds is the mark, if the strategy has marks; the last command leaves what the write leaves. */
	#followWrite(index: number): StoreCalls {
		let isMarked = false;
		const end = () => this.#timeline.end(index, this.#nowMs());
		return {
			onGet: end,
			onSwap: end,
			onSwapped: (sentAt) => {
				if (!isMarked) this.#timeline.mark(index, sentAt - this.#startedAt);
				isMarked = true;
			},
		};
	}

	#note(event: CacheEvent): void {
		if (event.type === "read" && MISSES.has(event.outcome)) this.#measured.counts.misses += 1;
		if (event.type === "store-error") this.#lastError = String(event.error);
	}

	#countQueries(): void {
		const { reads, writes } = this.#database.queries;
		this.#measured.counts.queries = reads + writes;
	}

	#nowMs(): number {
		return performance.now() - this.#startedAt;
	}

	/** The same operations reach the cache at the same times; loads take as long as they did at the time. */
	#simulate(): number | null {
		const { strategy, workload, begin } = this.#options;
		const timeline = this.#timeline;
		return simulateHitRate({
			...{ strategy, ttlMs: workload.ttlSeconds * 1_000, count: timeline.count },
			next: begin(),
			beganAt: (index) => timeline.beganAt(index),
			markedAt: (index) => timeline.markedAt(index),
			endedAt: (index) => timeline.endedAt(index),
			load: timeline.loadDurations(),
			random: seededRandom(SIMULATION_SEED),
		});
	}
}
