import fc, { type Scheduler } from "fast-check";
import { describe, expect, it } from "vitest";
import type { Clock } from "./clock.ts";
import { memoryStore } from "./memory-store.ts";
import type { CacheOptions } from "./options.ts";
import type { Store } from "./store.ts";
import { cacheAside, type ReadCache, writeAround, writeThrough } from "./strategies.ts";

/** LARDER_MODEL_RUNS chooses more. */
const RUNS = Math.min(5_000, Number(process.env.LARDER_MODEL_RUNS ?? 200));
const PROCESSES = ["a", "b", "c", "d"] as const;
const KEY = "k";
const FAILS = -2;

type Action = "read" | "write" | "fail" | "invalidate" | "die";

/** What a process does when it is asked to write. Resolves to the version that readers must see from now on. */
interface Application {
	readonly cache: ReadCache<number>;
	write(): Promise<number>;
	/** Writes, and gives up before the database carries it out. */
	fail?(): Promise<unknown>;
}

/**
 * Plays random actions of several processes, each beginning at any moment of the others, in a random order of all their
 * steps. A read must not return less than the database had when it began (or, with `sinceAcknowledged`, than the last write
 * that had ended), and the cache must not be left with an old value.
 */
async function play(
	actions: readonly Action[],
	make: (process: ModelProcess, model: Model) => Application,
	{ sinceAcknowledged }: { sinceAcknowledged: boolean },
): Promise<void> {
	const property = fc.asyncProperty(
		fc.scheduler(),
		fc.array(
			fc.record({
				index: fc.nat(PROCESSES.length - 1),
				action: fc.constantFrom(...actions),
				/** How many steps of others come before it, roughly. */
				pause: fc.nat(8),
			}),
			{ minLength: 6, maxLength: 30, size: "max" },
		),
		async (scheduler, plan) => {
			const model = makeModel(scheduler);
			const processes = PROCESSES.map((name) => {
				const process = model.makeProcess(name);
				return { process, application: make(process, model) };
			});
			const faults: string[] = [];
			let acknowledged = 0;
			const act = async (index: number, action: Action) => {
				const one = processes[index];
				if (one === undefined) return;
				const { process, application } = one;
				if (action === "die") process.kill();
				else if (action === "invalidate") await application.cache.invalidate(KEY);
				else if (action === "fail") await application.fail?.().catch(() => undefined);
				else if (action === "write") {
					acknowledged = Math.max(acknowledged, await application.write());
				} else {
					const least = sinceAcknowledged ? acknowledged : model.version();
					const got = (await application.cache.get(KEY)) ?? 0;
					if (got < least) faults.push(`a read returned ${got} instead of ${least}`);
				}
			};
			const actAll = async () => {
				for (const { index, action, pause } of plan) {
					for (let step = 0; step <= pause; step += 1) {
						await scheduler.schedule(Promise.resolve(), `${action} comes`);
					}
					void act(index, action);
				}
			};
			void actAll();
			await scheduler.waitIdle();
			expect(faults).toEqual([]);
			const left = make(model.makeOutsider(), model).cache;
			expect((await left.get(KEY)) ?? 0).toBe(model.version());
		},
	);
	await fc.assert(property, { numRuns: RUNS });
}

const optionsOf = ({ store, clock, step }: ModelProcess, model: Model): CacheOptions<number> => ({
	...{ store, clock, prefix: "p:", ttlMs: 60_000 },
	// It uses the real clock, and nothing here lasts.
	breaker: { operationTimeoutMs: 60_000 },
	load: () => step("load", model.version),
});

describe.each([
	["write-through", writeThrough<number>],
	["write-around", writeAround<number>],
] as const)("%s", (_name, strategy) => {
	it("a read that begins after the database changed never gets an older value, whoever dies when", async () => {
		await play(
			[...Array<Action>(6).fill("read"), "write", "write", "write", "fail", "invalidate", "die"],
			(process, model) => {
				const cache = strategy({
					...{ ...optionsOf(process, model), writeLeaseMs: 600_000 },
					async write(_key, value) {
						const committed = process.step("commit", model.commit);
						if (value === FAILS) throw new Error("the connection is lost");
						return committed;
					},
				});
				return { cache, write: () => cache.put(KEY, -1), fail: () => cache.put(KEY, FAILS) };
			},
			{ sinceAcknowledged: false },
		);
	});
});

describe("lazy loading", () => {
	it.each(["key", "tag"])(
		"a read that begins after an invalidation by %s has ended never gets what was loaded before",
		async (by) => {
			await play(
				[...Array<Action>(6).fill("read"), "write", "write"],
				(process, model) => {
					const tags = by === "tag" && { tags: () => ["all"] };
					const cache = cacheAside<number>({ ...optionsOf(process, model), ...tags });
					const write = async () => {
						const version = await process.step("commit", model.commit);
						await (by === "tag" ? cache.invalidateTag("all") : cache.invalidate(KEY));
						return version;
					};
					return { cache, write };
				},
				{ sinceAcknowledged: true },
			);
		},
	);

	it("a refresh behind the reader's back doesn't bring back an old value either", async () => {
		await play(
			[...Array<Action>(6).fill("read"), "write", "write"],
			(process, model) => {
				const options = { ...optionsOf(process, model), staleMs: 600_000, ttlJitter: 0 };
				// Every value is past its TTL at once.
				const cache = cacheAside<number>({ ...options, ttlMs: 1 });
				const write = async () => {
					const version = await process.step("commit", model.commit);
					await cache.invalidate(KEY);
					return version;
				};
				return { cache, write };
			},
			{ sinceAcknowledged: true },
		);
	});
});

/** A process that may die between any two steps: what it would do afterward never happens. */
interface ModelProcess {
	readonly store: Store;
	readonly clock: Clock;
	/** One step of the process, such as a round trip to the database. */
	readonly step: <T>(label: string, act: () => T | Promise<T>) => Promise<T>;
	kill(): void;
}

type Model = ReturnType<typeof makeModel>;

/** Processes that share a cache and a database of one value, with every order of their steps that a scheduler chooses. */
function makeModel(scheduler: Scheduler) {
	let nowMs = 1_700_000_000_000;
	const shared = memoryStore({ now: () => nowMs });
	/** The number of changes that the database has carried out, which is also its value. */
	let version = 0;
	const clock = { now: () => nowMs, random: () => 0.5 };
	const withStep = (step: ModelProcess["step"]): Store => ({
		get: (key) => step(`get ${key}`, () => shared.get(key)),
		getMany: (keys) => step(`get ${keys}`, () => shared.getMany(keys)),
		swap: (key, expected, next, ttlMs) =>
			step(`swap ${expected} for ${next}`, () => shared.swap(key, expected, next, ttlMs)),
	});
	return {
		version: () => version,
		commit: () => {
			version += 1;
			return version;
		},
		makeProcess(name: string): ModelProcess {
			let isAlive = true;
			const never = new Promise<never>(() => undefined);
			const step: ModelProcess["step"] = async (label, act) => {
				await scheduler.schedule(Promise.resolve(), `${name} sends ${label}`);
				if (!isAlive) return never;
				const result = await act();
				nowMs += 1;
				await scheduler.schedule(Promise.resolve(), `${name} receives ${label}`);
				return isAlive ? result : never;
			};
			const sleep = async (ms: number) => {
				await scheduler.schedule(Promise.resolve(), `${name} waits`);
				nowMs += ms;
			};
			const kill = () => {
				isAlive = false;
			};
			return { step, store: withStep(step), clock: { ...clock, sleep }, kill };
		},
		/** One that comes when all is over, and isn't scheduled. */
		makeOutsider(): ModelProcess {
			const step: ModelProcess["step"] = async (_label, act) => act();
			const sleep = async (ms: number) => {
				nowMs += ms;
			};
			return { step, store: withStep(step), clock: { ...clock, sleep }, kill: () => undefined };
		},
	};
}
