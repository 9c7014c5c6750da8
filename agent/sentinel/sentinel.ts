import type { Logger } from "../../platform/logger.ts";
import type { SentinelObservation } from "../../server/contract/host-report.ts";
import type { RouteTable } from "../../server/contract/routes.ts";
import type { EngineAnswer } from "../instances/engine-provider.ts";
import { WakeSignal } from "../instances/wake-signal.ts";
import type { LivenessWatch } from "../supervisor/liveness-watch.ts";
import type { CacheSummary } from "./sentinel-answers.ts";
import { SentinelLink } from "./sentinel-link.ts";
import { openSentinelDirectory } from "./sentinel-paths.ts";
import { SentinelProcess } from "./sentinel-process.ts";
import { needsLook, tellCache } from "./tell-cache.ts";
import { type WatchedCache, watchedCaches } from "./watched-cache.ts";

const EAGER_POLL_MS = 100;
const DOUBTFUL_POLL_MS = 250;
const CALM_POLL_MS = 1_000;
/** How long after a change Sentinel is checked eagerly. */
const CHANGING_FOR_MS = 2_000;
const RETRY_MS = 250;

export interface SentinelOptions {
	readonly homeDir: string;
	readonly bindAddress: string;
	readonly advertisedAddress: string;
	/** If false, a running Sentinel is ended. */
	readonly enabled: boolean;
	readonly liveness: LivenessWatch;
	readonly logger: Logger;
	/** A Valkey program; fetched in the background if it is missing. */
	readonly resolveProgram: () => Promise<EngineAnswer>;
	/** Sentinel's state has changed. */
	readonly onChange: () => void;
}

/**
 * The host's Sentinel: the backstop of caches without cluster mode, which fails over if no control plane
 * does. A loop compares what Sentinel should watch, according to the route table, with what it watches, and
 * each turn does what is missing:
 *
 *   anything to watch? ─> process alive? ─> logged in, settings sent ─> caches sent ─> state read ─> sleep
 *
 * The agent gives Sentinel a primary only when the control plane names another one: Sentinel's own decision stands.
 */
export class Sentinel {
	private readonly options: SentinelOptions;
	private readonly wakeSignal = new WakeSignal();
	private process: SentinelProcess | null = null;
	private link: SentinelLink | null = null;
	private version: string | null = null;
	private wanted: { table: RouteTable; caches: ReadonlyMap<string, WatchedCache> } | null = null;
	/** The password that Sentinel was last configured with; empty if it must be configured again. */
	private configured = "";
	private changedAt = Number.NEGATIVE_INFINITY;
	/** Caches that were failing over at the last look. */
	private failingOver: ReadonlySet<string> = new Set();
	/** What setDownAfter still has to tell Sentinels, by cache. */
	private readonly downAfter = new Map<string, number>();
	private failure: string | null = null;
	private observed: SentinelObservation | null = null;
	private stopped = false;
	private running: Promise<void> = Promise.resolve();

	constructor(options: SentinelOptions) {
		this.options = options;
	}

	/** Finds what an earlier agent left running, and starts to work. */
	async start(): Promise<void> {
		const { homeDir, logger } = this.options;
		const process = new SentinelProcess({
			...this.options,
			paths: await openSentinelDirectory(homeDir),
			onEnd: (detail) => {
				logger.warn({ detail }, "Sentinel ended");
				this.wakeSignal.notify();
			},
		});
		this.process = process;
		await process.adopt();
		if (!this.options.enabled) {
			process.end();
			return this.setObserved({
				...this.absent("off"),
				reason: "this agent was started with --sentinel off",
			});
		}
		this.running = this.run(process);
	}

	apply(table: RouteTable, hostId: string): void {
		this.wanted = { table, caches: watchedCaches(table, hostId) };
		this.changedAt = performance.now();
		this.wakeSignal.notify();
	}

	/** Null until it has been examined. */
	observation(): SentinelObservation | null {
		return this.observed;
	}

	wake(): void {
		this.wakeSignal.notify();
	}

	/**
	 * Makes all Sentinels of a cache, this host's and its peers, wait this long before they consider its
	 * primary down. Not remembered: the caller that makes them wait longer also undoes it.
	 */
	async setDownAfter(cacheId: string, downAfterMs: number): Promise<void> {
		this.downAfter.set(cacheId, downAfterMs);
		if (this.link === null || this.link.closed) this.wakeSignal.notify();
		else await this.tellDownAfter(this.link);
	}

	/** Releases Sentinel, which keeps running. */
	async stop(): Promise<void> {
		this.stopped = true;
		this.wakeSignal.notify();
		await this.running;
		this.link?.close();
		this.process?.release();
	}

	private async run(process: SentinelProcess): Promise<void> {
		while (!this.stopped) {
			const before = this.failure;
			let waitMs = RETRY_MS;
			try {
				this.failure = null;
				waitMs = await this.step(process);
			} catch (error) {
				this.failure = error instanceof Error ? error.message : String(error);
				const phase = process.alive || process.failuresInARow > 1 ? "failed" : "starting";
				if (this.wanted !== null) this.setObserved(this.absent(phase));
			}
			if (this.failure !== null && this.failure !== before) {
				this.options.logger.warn(
					{ reason: this.failure },
					"a step of Sentinel's supervision failed; trying again",
				);
			}
			if (!this.stopped) await this.wakeSignal.wait(waitMs);
		}
	}

	/** One turn; returns how long to sleep after it. */
	private async step(process: SentinelProcess): Promise<number> {
		const { wanted } = this;
		if (wanted === null) return CALM_POLL_MS;
		if (!process.alive) {
			if (wanted.caches.size === 0) {
				this.setObserved(this.absent("off"));
				return CALM_POLL_MS;
			}
			const started = await this.launch(process, wanted.table.sentinelPassword);
			if (!started) return Math.max(RETRY_MS, process.retryInMs);
		}
		const link = await this.openLink(process, wanted.table.sentinelPassword);
		const summaries = await link.caches();
		const changed = await this.converge(process, link, wanted.caches, summaries);
		const now = changed ? await link.caches() : summaries;
		if (this.downAfter.size > 0) await this.tellDownAfter(link);
		await this.look(link, wanted.caches, now);
		if (performance.now() - this.changedAt < CHANGING_FOR_MS || this.failingOver.size > 0) {
			return EAGER_POLL_MS;
		}
		const calm = this.failure === null && [...now.values()].every(({ ok }) => ok);
		return calm ? CALM_POLL_MS : DOUBTFUL_POLL_MS;
	}

	private async tellDownAfter(link: SentinelLink): Promise<void> {
		const changes = [...this.downAfter];
		this.downAfter.clear();
		for (const [cacheId, downAfterMs] of changes) {
			const { wanted } = this;
			if (wanted?.caches.has(cacheId) !== true) continue;
			const { peers } = await link.look(cacheId);
			await Promise.all([
				link.setDownAfter(cacheId, downAfterMs),
				...peers.map(async (peer) => {
					const other = await SentinelLink.open(peer, wanted.table.sentinelPassword);
					await other.setDownAfter(cacheId, downAfterMs).finally(() => other.close());
				}),
			]);
		}
	}

	private async launch(process: SentinelProcess, password: string): Promise<boolean> {
		const answer = await this.options.resolveProgram();
		if (answer.kind === "pending") {
			this.setObserved({ ...this.absent("off"), reason: answer.message });
			return false;
		}
		if (this.observed?.phase !== "failed") this.setObserved(this.absent("starting"));
		if (process.retryInMs > 0) return false;
		this.failure = await process.start(answer.engine.server, password);
		if (this.failure !== null) this.setObserved(this.absent("failed"));
		return this.failure === null;
	}

	private async openLink(process: SentinelProcess, password: string): Promise<SentinelLink> {
		const { advertisedAddress } = this.options;
		if (this.link === null || this.link.closed) {
			this.link = await process.connect(password);
			this.version = await this.link.version();
			this.configured = "";
		}
		const announce = { host: advertisedAddress, port: process.record.port ?? 0 };
		if (this.configured !== password) await this.link.configure({ announce, password });
		this.configured = password;
		return this.link;
	}

	/** Tells Sentinel what it doesn't know yet. If it refuses one cache, the others still get through. */
	private async converge(
		process: SentinelProcess,
		link: SentinelLink,
		wanted: ReadonlyMap<string, WatchedCache>,
		summaries: ReadonlyMap<string, CacheSummary>,
	): Promise<boolean> {
		const applied = { ...process.record.caches };
		let changed = false;
		const attempt = async (cacheId: string, work: () => Promise<boolean>) => {
			try {
				if (await work()) changed = true;
			} catch (error) {
				if (link.closed) throw error;
				this.failure = `${cacheId}: ${error instanceof Error ? error.message : String(error)}`;
			}
		};
		for (const cacheId of [...summaries.keys()].filter((each) => !wanted.has(each))) {
			await attempt(cacheId, async () => {
				if ((await link.cache(cacheId)).failoverUnderWay) return false;
				await link.remove(cacheId);
				return true;
			});
		}
		for (const cacheId of Object.keys(applied)) if (!wanted.has(cacheId)) delete applied[cacheId];
		for (const cache of wanted.values()) {
			const before = applied[cache.cacheId];
			const summary = summaries.get(cache.cacheId);
			if (!needsLook(cache, before, summary)) continue;
			await attempt(cache.cacheId, async () => {
				const held = summary === undefined ? null : await link.cache(cache.cacheId);
				const after = await tellCache(link, cache, before ?? null, held);
				if (after === null) return false;
				applied[cache.cacheId] = after;
				return JSON.stringify(after) !== JSON.stringify(before);
			});
		}
		if (JSON.stringify(applied) !== JSON.stringify(process.record.caches)) {
			await process.remember({ caches: applied });
		}
		if (changed) this.changedAt = performance.now();
		return changed;
	}

	/** Caches in doubt are checked closely: only they can be failing over. */
	private async look(
		link: SentinelLink,
		wanted: ReadonlyMap<string, WatchedCache>,
		summaries: ReadonlyMap<string, CacheSummary>,
	): Promise<void> {
		const doubtful = [...summaries].filter(
			([cacheId, { ok }]) => wanted.has(cacheId) && (!ok || this.failingOver.has(cacheId)),
		);
		const details = new Map(
			await Promise.all(
				doubtful.map(async ([cacheId]) => [cacheId, await link.cache(cacheId)] as const),
			),
		);
		this.failingOver = new Set(
			[...details].filter(([, held]) => held.failoverUnderWay).map(([cacheId]) => cacheId),
		);
		const caches = [...summaries]
			.filter(([cacheId]) => wanted.has(cacheId))
			.map(([cacheId, { primary, peers }]) => ({
				cacheId,
				primary: details.get(cacheId)?.primary ?? primary,
				peers,
				failoverUnderWay: this.failingOver.has(cacheId),
			}))
			.sort((a, b) => (a.cacheId < b.cacheId ? -1 : 1));
		const { version, failure } = this;
		const port = this.process?.record.port ?? null;
		this.setObserved({ phase: "running", version, reason: failure, port, caches });
	}

	private absent(phase: SentinelObservation["phase"]): SentinelObservation {
		const { version, failure } = this;
		return { phase, version, reason: failure, port: null, caches: [] };
	}

	private setObserved(observation: SentinelObservation): void {
		const changed = JSON.stringify(observation) !== JSON.stringify(this.observed);
		this.observed = observation;
		if (changed) this.options.onChange();
	}
}
