import type { Cache } from "../../../server/contract/cache-view.ts";
import { GIB } from "../../../server/contract/limits.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { findPostgres, startPostgres } from "../../fixtures/postgres-server.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { keepEvidence, withInstallation } from "../keep-evidence.ts";
import { requireNothingStray } from "../nothing-stray.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";
import {
	CHANGING_CACHES,
	type ChangeKind,
	type ChangingCache,
	isOfSlots,
	NODE_TYPES,
} from "./changing-caches.ts";
import { StrikeCounts } from "./strike-counts.ts";
import {
	isFor,
	isOfProgram,
	STRIKES,
	type StrikeKind,
	strikeCache,
	strikeProgram,
} from "./strikes.ts";
import { type Attempt, isUnderWay, StruckCache } from "./struck-cache.ts";

/** Strikes of each kind for each kind of change. */
const WANTED = 2;
const HOST_BYTES = 64 * GIB;
/** With this for `--kind`, only slots move, of twice as many caches; otherwise it is part of the name of the caches to strike. */
const SLOTS = "slots";
/** After so many, each with its evidence, the run ends. */
const MISSES_AT_MOST = 5;
/** From one strike of a program to the next: each delays the changes of all caches. */
const PROGRAMS_REST_MS = 15_000;
/** Between two numbers in the log. */
const TOLD_EVERY = 50;

export const dayTwoKilled: Scenario = {
	name: "day-two-killed",
	description:
		"all kinds of changes, each hit (--strikes times, for --seconds at most) by each kind of strike at random moments: done or undone, whole, with all keys",
	run: async (options) => {
		options.log(`seed ${options.seed}`);
		// A control plane with the embedded database takes longer to come back. Other scenarios kill that.
		const database = findPostgres() === null ? null : await startPostgres();
		const environment = database === null ? {} : { DATABASE_URL: database.url };
		try {
			return await withInstallation({ agentMemoryBytes: HOST_BYTES, environment }, (larder) =>
				new Strikes(larder, options).play(),
			);
		} finally {
			await database?.stop();
		}
	},
};

/**
 * Caches of all engines change side by side, each at its own pace. A strike is meant for one change and comes at a random
 * moment of it. One that kills a program of Larder hits the changes of all other caches as well.
 */
class Strikes {
	private readonly larder: Installation;
	private readonly options: ScenarioOptions;
	private readonly counts = new StrikeCounts();
	private readonly misses: string[] = [];
	private readonly until: number;
	private caches: readonly StruckCache[] = [];
	/** Such a strike is under way or to come: the next one waits until all programs are back, and have rested. */
	private ofProgram: Attempt | null = null;
	private programsRestUntil = 0;

	constructor(larder: Installation, options: ScenarioOptions) {
		this.larder = larder;
		this.options = options;
		this.until = performance.now() + (options.seconds ?? Number.POSITIVE_INFINITY) * 1_000;
	}

	async play(): Promise<string> {
		const { larder, options } = this;
		for (const body of NODE_TYPES) await larder.rest("POST", "/node-types", { body });
		const plans = plansFor(options.kind);
		this.caches = await Promise.all(plans.map((plan) => StruckCache.create(larder, plan)));
		options.log(`${plans.length} caches created`);
		const ends = await Promise.allSettled(this.caches.map((cache) => this.change(cache)));
		await Promise.all(this.caches.map((cache) => cache.stop()));
		const found = `${this.counts.total} strikes\n${this.counts.table()}`;
		for (const end of ends) if (end.status === "rejected") this.misses.push(String(end.reason));
		if (this.misses.length > 0) throw new Violation(`${this.misses.join("\n")}\n${found}`);
		await requireNothingStray(
			larder,
			plans.map(({ body }) => body.name),
		);
		return found;
	}

	/** Changes one cache again and again. */
	private async change(cache: StruckCache): Promise<void> {
		while (!this.isOver(cache.plan)) {
			const before = await waitUntil(`${cache.name} to be shown`, () => cache.view());
			const attempt = this.choose(cache.plan, before);
			try {
				const text = await cache.make(attempt, () => this.strike(cache, attempt));
				for (const { strike } of attempt.hits) this.note(attempt, strike);
				this.options.log(text);
				if (cache.plan.once) await cache.replace();
			} catch (error) {
				const text = error instanceof Error ? error.message : String(error);
				this.misses.push(`${text}\nLogs and events: ${await keepEvidence(this.larder)}`);
				this.options.log(`MISSED: ${this.misses.at(-1)}`);
				await cache.replace();
			} finally {
				if (this.ofProgram === attempt) this.ofProgram = null;
			}
		}
	}

	private isOver({ kinds }: ChangingCache): boolean {
		const wanted = kinds.filter((kind) => this.isWanted(kind));
		const isDone = this.counts.least(wanted) >= (this.options.strikes ?? WANTED);
		return isDone || this.misses.length >= MISSES_AT_MOST || performance.now() > this.until;
	}

	private isWanted(kind: ChangeKind): boolean {
		return this.options.kind !== SLOTS || isOfSlots(kind);
	}

	/** The change and the strike that have been seen together least. */
	private choose(plan: ChangingCache, before: Cache): Attempt {
		const { random } = this.options;
		const { engine, engineVersion } = plan.body;
		const title = [engine, ...(engineVersion === undefined ? [] : [engineVersion])].join("-");
		const [first] = plan
			.changes(before, random)
			.filter(({ kind }) => this.isWanted(kind))
			.flatMap((change) => {
				const target = { change: change.kind, engine: title };
				return STRIKES.filter((strike) => isFor(strike, change.kind)).map((strike) => {
					const rank = this.counts.rank(strike, target) + this.planned(strike, target.change);
					return { change, target, strike, rank: rank + random(100) / 1_000_000 };
				});
			})
			.filter(({ strike }) => this.mayStrikePrograms() || !isOfProgram(strike))
			.sort((a, b) => a.rank - b.rank);
		if (first === undefined) throw new Error(`${plan.body.name} can't change`);
		const { change, target, strike } = first;
		const leadMs = random(this.counts.withinMs(target));
		const attempt: Attempt = { change, target, strike, before, leadMs, hits: [] };
		if (isOfProgram(strike)) this.ofProgram = attempt;
		return attempt;
	}

	private mayStrikePrograms(): boolean {
		return this.ofProgram === null && performance.now() > this.programsRestUntil;
	}

	/** How many such strikes other caches expect. */
	private planned(strike: StrikeKind, kind: string): number {
		return this.caches.filter(
			({ attempt }) => attempt?.strike === strike && attempt.change.kind === kind,
		).length;
	}

	private async strike(cache: StruckCache, attempt: Attempt): Promise<void> {
		const { larder, counts } = this;
		const { random } = this.options;
		const { strike } = attempt;
		const views = await this.views();
		const own = views.get(cache);
		if (own === undefined) return;
		counts.noteTime(attempt.target, isUnderWay(own));
		if (isOfProgram(strike)) {
			const hit = [...views].flatMap(([{ attempt: other }, view]) =>
				other !== null && isUnderWay(view) ? [other] : [],
			);
			const what = await strikeProgram(larder, strike, random);
			for (const { hits } of hit) hits.push({ strike, what });
			this.ofProgram = null;
			this.programsRestUntil = performance.now() + PROGRAMS_REST_MS;
			return;
		}
		if (!isUnderWay(own)) return;
		const nodes = [...views.values()].flatMap(({ shards }) => shards.flatMap(({ nodes }) => nodes));
		const known = new Set(nodes.map(({ pid }) => pid));
		const what = await strikeCache(strike, { larder, cache: own, known, random }).catch(() => null);
		if (what !== null) attempt.hits.push({ strike, what });
	}

	/** All caches. While the control plane is away, engines may be struck all the same. */
	private async views(): Promise<Map<StruckCache, Cache>> {
		const views = new Map<StruckCache, Cache>();
		await Promise.all(
			this.caches.map(async (cache) => {
				const view = await cache.view().catch(() => cache.seen);
				if (view !== null) views.set(cache, view);
			}),
		);
		return views;
	}

	private note({ target }: Attempt, strike: StrikeKind): void {
		this.counts.note(target, strike);
		const { total } = this.counts;
		if (total % TOLD_EVERY === 0) this.options.log(`${total} strikes\n${this.counts.table()}`);
	}
}

function plansFor(kind = ""): readonly ChangingCache[] {
	if (kind !== SLOTS) return CHANGING_CACHES.filter(({ body }) => body.name.includes(kind));
	const plans = CHANGING_CACHES.filter(({ kinds }) => kinds.some(isOfSlots));
	const twins = plans.map((plan) => ({
		...plan,
		body: { ...plan.body, name: `${plan.body.name}-2` },
	}));
	return [...plans, ...twins];
}
