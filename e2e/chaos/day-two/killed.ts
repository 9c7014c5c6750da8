import { setTimeout as delay } from "node:timers/promises";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { GIB } from "../../../server/contract/limits.ts";
import { requireWhole } from "../../fixtures/engine-truth.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { requireNothingStray } from "../nothing-stray.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";
import {
	CHANGING_CACHES,
	type Change,
	type ChangingCache,
	NODE_TYPES,
	OF_SHARDS,
} from "./changing-caches.ts";
import { createWithData, type KeptData } from "./kept-data.ts";
import { StrikeCounts, type Target } from "./strike-counts.ts";
import { STRIKES, type StrikeKind, strikeCache, strikeProgram } from "./strikes.ts";

const COUNT = 100;
const HOST_BYTES = 32 * GIB;
const WHOLE_WITHIN_MS = 180_000;
/** After so many, each with its evidence, the run ends. */
const MISSES_AT_MOST = 5;
/** Caches that change at the same time. A kill of one of Larder's programs hits all of them. */
const AT_ONCE = 8;

export const dayTwoKilled: Scenario = {
	name: "day-two-killed",
	description:
		"strikes (--strikes, --seconds) at random moments of all kinds of changes: each ends done or undone, whole, with all keys",
	run: async (options) => {
		const until = performance.now() + (options.seconds ?? Number.POSITIVE_INFINITY) * 1_000;
		const counts = new StrikeCounts();
		const misses: string[] = [];
		const isOver = () =>
			misses.length >= MISSES_AT_MOST ||
			counts.total >= (options.strikes ?? COUNT) ||
			performance.now() > until;
		options.log(`seed ${options.seed}`);
		while (!isOver()) {
			try {
				await withInstallation({ agentMemoryBytes: HOST_BYTES }, (larder) =>
					new Rounds(larder, counts, options).play(isOver),
				);
			} catch (error) {
				misses.push(error instanceof Error ? error.message : String(error));
				options.log(`MISSED: ${misses.at(-1)}`);
			}
		}
		const found = `${counts.total} strikes\n${counts.table()}`;
		if (misses.length > 0) throw new Violation(`${misses.join("\n")}\n${found}`);
		return found;
	},
};

interface Subject {
	plan: ChangingCache;
	data: KeptData;
}

/** A change that one strike is meant for. */
interface Attempt {
	subject: Subject;
	change: Change;
	target: Target;
	before: Cache;
	/** Until the strike. */
	leadMs: number;
	rank: number;
}

/**
 * In each round, some caches begin a change each, at different moments before one strike, so that it hits each change at
 * a random moment. Then all have to become whole.
 */
class Rounds {
	private readonly larder: Installation;
	private readonly counts: StrikeCounts;
	private readonly options: ScenarioOptions;
	private readonly subjects: Subject[] = [];

	constructor(larder: Installation, counts: StrikeCounts, options: ScenarioOptions) {
		this.larder = larder;
		this.counts = counts;
		this.options = options;
	}

	async play(isOver: () => boolean): Promise<void> {
		const plans = CHANGING_CACHES.filter(({ body }) => body.name.includes(this.options.kind ?? ""));
		try {
			for (const body of NODE_TYPES) await this.larder.rest("POST", "/node-types", { body });
			for (const plan of plans) {
				this.subjects.push({ plan, data: await createWithData(this.larder, plan.body) });
			}
			this.options.log(`${plans.length} caches created`);
			while (!isOver()) await this.round();
		} finally {
			await Promise.all(this.subjects.map(({ data }) => data.stop()));
		}
		await requireNothingStray(
			this.larder,
			plans.map(({ body }) => body.name),
		);
	}

	private async round(): Promise<void> {
		const { strike, attempts } = await this.choose();
		const longestMs = Math.max(...attempts.map(({ leadMs }) => leadMs));
		const strikeAt = performance.now() + longestMs;
		await Promise.all(
			attempts.map(async ({ leadMs, subject, change }) => {
				await delay(longestMs - leadMs);
				subject.data.begin();
				await this.ask(subject, change);
			}),
		);
		await delay(Math.max(0, strikeAt - performance.now()));
		const struck = await this.strike(strike, attempts);
		const ends = await Promise.allSettled(
			attempts.map((attempt, index) => this.finish(attempt, strike, struck[index] ?? null)),
		);
		for (const end of ends) if (end.status === "rejected") throw end.reason;
	}

	/** The strike, and the changes, that have been seen least. */
	private async choose(): Promise<{ strike: StrikeKind; attempts: Attempt[] }> {
		const { random } = this.options;
		const caches = await Promise.all(
			this.subjects.map(async (subject) => ({ subject, before: await this.view(subject) })),
		);
		const rounds = STRIKES.map((strike) => {
			const attempts = caches.flatMap(({ subject, before }) => {
				const possible = subject.plan
					.changes(before, random)
					.filter(({ kind }) => isFor(strike, kind))
					.map((change): Attempt => {
						const target = { change: change.kind, engine: engineOf(subject.plan) };
						const rank = this.counts.rank(strike, target) + random(100) / 1_000_000;
						const leadMs = random(this.counts.withinMs(target));
						return { subject, change, target, before, leadMs, rank };
					});
				return possible.sort((a, b) => a.rank - b.rank).slice(0, 1);
			});
			return { strike, attempts: attempts.sort((a, b) => a.rank - b.rank).slice(0, AT_ONCE) };
		});
		const [first] = rounds
			.filter(({ attempts }) => attempts.length > 0)
			.sort((a, b) => (a.attempts[0]?.rank ?? 0) - (b.attempts[0]?.rank ?? 0));
		if (first === undefined) throw new Error("no change is possible");
		return first;
	}

	/** A smaller node type is refused until a sample says how much data there is. */
	private async ask({ plan }: Subject, change: Change): Promise<void> {
		const answer = await waitUntil("the change to be accepted or refused", async () => {
			const found = await change.ask(this.larder, plan.body.name);
			return JSON.stringify(found.body).includes("doesn't know yet") ? null : found;
		});
		if (answer.status === 202) return;
		throw new Error(`${plan.body.name}, ${change.kind}: ${JSON.stringify(answer)}`);
	}

	/** What hit each of the attempts; null for those that it came too late for. */
	private async strike(
		strike: StrikeKind,
		attempts: readonly Attempt[],
	): Promise<(string | null)[]> {
		const { larder } = this;
		const { random } = this.options;
		const all = await Promise.all(this.subjects.map((subject) => this.view(subject)));
		const views = attempts.map(({ before }) => all.find(({ name }) => name === before.name));
		if (strike === "control plane" || strike === "agent") {
			const what = await strikeProgram(larder, strike, random);
			return views.map((cache) => (isUnderWay(cache) ? what : null));
		}
		const nodes = all.flatMap(({ shards }) => shards.flatMap((shard) => shard.nodes));
		const known = new Set(nodes.map(({ pid }) => pid));
		return await Promise.all(
			views.map((cache) =>
				isUnderWay(cache) ? strikeCache(strike, { larder, cache, known, random }) : null,
			),
		);
	}

	private async finish(attempt: Attempt, strike: StrikeKind, what: string | null): Promise<void> {
		const { subject, change, target, before, leadMs } = attempt;
		const { name } = subject.plan.body;
		const title = `${change.kind} of ${name}, ${what ?? `too late: ${strike}`} after ${leadMs} ms`;
		const since = performance.now();
		const isUndone = (cache: Cache) => cache.shards.length === before.shards.length;
		await waitUntil(
			`${title}: whole`,
			async () => {
				const cache = await this.view(subject);
				if (cache.operation !== null || cache.pendingChanges !== null) return false;
				const canceled = strike === "cancellation" && what !== null && isUndone(cache);
				if (!change.isReached(cache) && !canceled) return false;
				await requireWhole(cache, null);
				return true;
			},
			WHOLE_WITHIN_MS,
		);
		const tookMs = performance.now() - since;
		const mayLose = what !== null && (strike === "engine" || strike === "peer");
		const seen = await subject.data.check(mayLose).catch((error: Error) => {
			throw new Violation(`${title}: ${error.message}`);
		});
		this.counts.note(target, strike, what !== null);
		this.options.log(
			`${this.counts.total}. ${title}: whole ${tookMs.toFixed(0)} ms later, ${seen}`,
		);
		if (subject.plan.once) await this.replace(subject);
	}

	private async replace(subject: Subject): Promise<void> {
		await subject.data.stop();
		await this.larder.deleteCache(subject.plan.body.name);
		subject.data = await createWithData(this.larder, subject.plan.body);
	}

	private async view({ plan }: Subject): Promise<Cache> {
		const cache = await this.larder.getCache(plan.body.name);
		if (cache === null) throw new Violation(`${plan.body.name} is gone`);
		return cache;
	}
}

function isFor(strike: StrikeKind, change: Change["kind"]): boolean {
	return (strike !== "cancellation" && strike !== "failover") || OF_SHARDS.includes(change);
}

function engineOf({ body }: ChangingCache): string {
	return [body.engine, ...(body.engineVersion === undefined ? [] : [body.engineVersion])].join("-");
}

function isUnderWay(cache: Cache | undefined): cache is Cache {
	// A move to another host isn't an operation.
	return cache !== undefined && (cache.operation !== null || cache.status !== "available");
}
