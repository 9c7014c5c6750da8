import { setTimeout as delay } from "node:timers/promises";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { requireWhole } from "../../fixtures/engine-truth.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { Violation } from "../scenario.ts";
import type { Change, ChangingCache } from "./changing-caches.ts";
import { createWithData, type KeptData } from "./kept-data.ts";
import type { Target } from "./strike-counts.ts";
import type { StrikeKind } from "./strikes.ts";

const WHOLE_WITHIN_MS = 600_000;
/** Many caches are looked at all the time, and each look costs the control plane some milliseconds. */
const POLL_MS = 1_000;
/** For a request, also while the control plane is killed again and again. */
const ACCEPTED_WITHIN_MS = 180_000;

/** A change, and the strike that is meant for it. */
export interface Attempt {
	change: Change;
	target: Target;
	before: Cache;
	strike: StrikeKind;
	/** From the request to the strike. */
	leadMs: number;
	/** What has hit the change, also strikes that were meant for others. */
	readonly hits: { strike: StrikeKind; what: string }[];
}

/**
 * A cache that changes again and again, under clients that write and read. The control plane may die at any moment, so
 * requests that fail are repeated.
 */
export class StruckCache {
	readonly plan: ChangingCache;
	/** The change under way; null between two. */
	attempt: Attempt | null = null;
	/** As it was when last seen: what the control plane knew, while it is away. */
	seen: Cache | null = null;
	private readonly larder: Installation;
	private data: KeptData;

	private constructor(larder: Installation, plan: ChangingCache, data: KeptData) {
		this.larder = larder;
		this.plan = plan;
		this.data = data;
	}

	static async create(larder: Installation, plan: ChangingCache): Promise<StruckCache> {
		return new StruckCache(larder, plan, await createWithData(larder, plan.body));
	}

	get name(): string {
		return this.plan.body.name;
	}

	async view(): Promise<Cache> {
		const cache = await this.larder.getCache(this.name);
		if (cache === null) throw new Violation(`${this.name} is gone`);
		this.seen = cache;
		return cache;
	}

	/**
	 * Requests the change, lets `strike` hit it, and waits until it is done or undone, and whole. Returns what clients
	 * saw. Throws if something was lost, or refused without need.
	 */
	async make(attempt: Attempt, strike: () => Promise<void>): Promise<string> {
		this.attempt = attempt;
		this.data.begin();
		await this.ask(attempt.change);
		await delay(attempt.leadMs);
		await strike();
		const since = performance.now();
		await waitUntil(
			`${this.name} to be whole`,
			() => this.hasEnded(attempt),
			WHOLE_WITHIN_MS,
			POLL_MS,
		).catch((error: Error) => {
			throw new Violation(`${describe(attempt)}: ${error.message}`);
		});
		const tookMs = performance.now() - since;
		const mayLose = attempt.hits.some(({ strike }) => strike === "engine" || strike === "peer");
		const seen = await this.data.check(mayLose).catch((error: Error) => {
			throw new Violation(`${describe(attempt)}: ${error.message}`);
		});
		this.attempt = null;
		return `${describe(attempt)}: whole ${tookMs.toFixed(0)} ms later, ${seen}`;
	}

	/** Deletes the cache and creates it as it was at first. */
	async replace(): Promise<void> {
		this.attempt = null;
		this.seen = null;
		await this.data.stop();
		await waitUntil(
			`${this.name} to be gone`,
			async () => {
				const cache = await this.larder.getCache(this.name);
				if (cache === null) return true;
				if (cache.status !== "deleting") await this.larder.rest("DELETE", `/caches/${this.name}`);
				return false;
			},
			ACCEPTED_WITHIN_MS,
		);
		this.data = await createWithData(this.larder, this.plan.body);
	}

	async stop(): Promise<void> {
		await this.data.stop();
	}

	/**
	 * The answer to a request may be lost, and the cache then says whether it was accepted. A smaller node type is refused
	 * until a sample says how much data there is.
	 */
	private async ask(change: Change): Promise<void> {
		let isRepeated = false;
		await waitUntil(
			`${this.name}: ${change.kind} to be accepted`,
			async () => {
				if (isRepeated) {
					const cache = await this.view();
					if (isUnderWay(cache) || change.isReached(cache)) return true;
				}
				isRepeated = true;
				const { status, body } = await change.ask(this.larder, this.name);
				if (status === 202) return true;
				throw new Error(`${status} ${JSON.stringify(body)}`);
			},
			ACCEPTED_WITHIN_MS,
		);
	}

	private async hasEnded({ change, before, hits }: Attempt): Promise<boolean> {
		const cache = await this.view();
		if (cache.operation !== null || cache.pendingChanges !== null) return false;
		const isCanceled = hits.some(({ strike }) => strike === "cancellation");
		const isUndone = isCanceled && shapeOf(cache) === shapeOf(before);
		if (!change.isReached(cache) && !isUndone) return false;
		await requireWhole(cache, null);
		return true;
	}
}

/** Whether the change has been accepted, and isn't done. A cache that a strike has hit may also be degraded without one. */
export function isUnderWay({ operation, status }: Cache): boolean {
	return operation !== null || status === "modifying";
}

function describe({ change, target, strike, leadMs, hits }: Attempt): string {
	const what =
		hits.map(({ strike, what }) => `${what} (${strike})`).join(", ") || `too late: ${strike}`;
	return `${change.kind} of ${target.engine}, ${what} after ${leadMs} ms`;
}

function shapeOf({ engine, engineVersion, nodeType, shards }: Cache): string {
	const layout = shards.map(({ slots, nodes }) => [slots, nodes.length]);
	return JSON.stringify([engine, engineVersion, nodeType, layout]);
}
