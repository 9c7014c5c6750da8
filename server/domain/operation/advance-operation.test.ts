import fc from "fast-check";
import { expect, test } from "vitest";
import { LIMITS } from "../../contract/limits.ts";
import {
	commonSlots,
	countSlots,
	formatSlots,
	mergeSlots,
	readSlots,
	takeSlots,
	withoutSlots,
} from "../../contract/slots.ts";
import type { CacheModel, NodeModel, OperationStep, ShardModel } from "../cache/model.ts";
import { planCache } from "../cache/plan-cache.ts";
import { CALM, cache, NOW, node, running } from "../cache/testing/models.ts";
import { advanceOperation } from "./advance-operation.ts";
import { boundsOf, movesFrom, type OperationModel, roundsOf } from "./operation.ts";

const OUT = {
	before: { s1: "0-5460", s2: "5461-10922", s3: "10923-16383", s4: "" },
	after: {
		s1: "0-4095",
		s2: "5461-9556",
		s3: "10923-15018",
		s4: "4096-5460,9557-10922,15019-16383",
	},
};

/** Each shard gets slots of another and gives some to the third. */
const TURN = {
	before: { s1: "0-5460", s2: "5461-10922", s3: "10923-16383" },
	after: { s1: "0-999,16000-16383", s2: "1000-9999", s3: "10000-15999" },
};
const CHANGES = {
	out: { ...OUT, kind: "scale-out", added: ["s4"], removed: [], shardsBefore: 3 },
	in: {
		before: OUT.after,
		after: OUT.before,
		kind: "scale-in",
		added: [],
		removed: ["s4"],
		shardsBefore: 4,
	},
	turn: { ...TURN, kind: "set-slots", added: [], removed: [], shardsBefore: 3 },
} as const;

interface Engine {
	slots: string;
	told: { moves: ReturnType<typeof movesFrom>; generation: number };
	/** `moves`: how many aren't finished. */
	reported: { slots: string; generation: number; moves: number };
	answers: boolean;
}

/** Engines of a cache whose slots move, what they last reported, and what is recorded. */
class World {
	operation: OperationModel | null;
	outcome: string | null = null;
	/** Somebody asked for a planned failover of the first shard. */
	failoverAsked = false;
	/** By shard: what the engine has, what its agent was told last, and what its newest report says. */
	readonly engines = new Map<string, Engine>();
	recorded = new Map<string, string>();
	/** Of all assignments. */
	generation = 1;

	constructor(change: keyof typeof CHANGES) {
		const { kind, before, after, added, removed, shardsBefore } = CHANGES[change];
		this.operation = {
			id: "op",
			kind,
			input: { before, after, added: [...added], removed: [...removed], shardsBefore },
			cursor: { phase: "add", movingSince: null, toMove: 0, round: 0, held: false, percent: 0 },
			cancelAsked: false,
			error: null,
			startedAt: NOW,
		};
		for (const [id, slots] of Object.entries(before)) {
			this.recorded.set(id, slots);
			const told = { moves: [], generation: 1 };
			const reported = { slots, generation: 1, moves: 0 };
			this.engines.set(id, { slots, told, reported, answers: true });
		}
	}

	model(): CacheModel {
		const shards = [...this.recorded].map(([id, slots], index): ShardModel => {
			const engine = this.engines.get(id);
			const reported = engine?.reported ?? { slots: "", generation: 1, moves: 0 };
			const moves = Array.from({ length: reported.moves }, () => ({ id: "m", problem: null }));
			const cluster = {
				...{ nodeId: "", ok: true, view: "", primaryNodeId: null, slots: reported.slots, moves },
				...(reported.slots === "" && { keys: 0 }),
			};
			const state = engine?.answers === false ? { loading: true, cluster } : { cluster };
			const primary: NodeModel = node(
				index + 1,
				{ ...running("primary", state), generation: reported.generation },
				{ followsNodeId: null, generation: this.generation },
			);
			const bounds = this.operation === null ? null : boundsOf(this.operation, id);
			return {
				...CALM,
				...(this.failoverAsked && index === 0 && { failover: { toNodeId: null } }),
				...{ id, index, slots, bounds },
				primaryNodeId: primary.id,
				nodes: [primary],
			};
		});
		return cache([], {
			clusterMode: "enabled",
			shards,
			nodesPerShard: 1,
			operation: this.operation,
			expectedView: "",
		});
	}

	/** An agent learns its assignment. */
	tell(id: string): void {
		const engine = this.engines.get(id);
		if (engine === undefined) return;
		const { operation, generation } = this;
		const isMoving = operation?.cursor.phase === "move";
		engine.told = { moves: isMoving ? movesFrom(operation, id) : [], generation };
	}

	/** An agent: some of what the engine should hand over, as far as it was told, arrives. */
	move(id: string, count: number): void {
		const from = this.engines.get(id);
		if (from?.answers !== true) return;
		for (const { toShardId, slots } of from.told.moves) {
			const to = this.engines.get(toShardId);
			const going = takeSlots(commonSlots(slots, readSlots(from.slots)), count);
			if (to?.answers !== true || going.length === 0 || !this.recorded.has(toShardId)) continue;
			from.slots = formatSlots(withoutSlots(readSlots(from.slots), going));
			to.slots = formatSlots([...readSlots(to.slots), ...going]);
		}
	}

	report(id: string): void {
		const engine = this.engines.get(id);
		if (engine === undefined) return;
		const left = engine.told.moves.filter(
			({ slots }) => commonSlots(slots, readSlots(engine.slots)).length > 0,
		);
		const { generation } = engine.told;
		engine.reported = { slots: engine.slots, generation, moves: left.length };
	}

	/** As the reconciler records it: only if the operation is still where the step found it. */
	apply(step: OperationStep | null): void {
		const { operation } = this;
		if (step === null || operation === null) return;
		if (JSON.stringify(operation.cursor) !== JSON.stringify(step.from)) return;
		// What people see never goes back, even if slots do.
		expect(step.cursor.percent).toBeGreaterThanOrEqual(operation.cursor.percent);
		for (const [id, slots] of Object.entries(step.slots)) this.recorded.set(id, slots);
		for (const id of step.remove) this.recorded.delete(id);
		const changes = JSON.stringify([step.cursor.phase, step.cursor.round, step.cursor.held]);
		if (changes !== JSON.stringify([step.from.phase, step.from.round, step.from.held])) {
			this.generation += 1;
		}
		this.operation = step.outcome === null ? { ...operation, cursor: step.cursor } : null;
		this.outcome = step.outcome;
	}

	cancel(): void {
		const { operation } = this;
		if (operation === null || operation.cancelAsked || operation.cursor.phase === "settle") return;
		const cursor = { ...operation.cursor, phase: "add" as const };
		this.operation = { ...operation, cancelAsked: true, cursor };
	}

	requireOneOwner(): void {
		const all = [...this.recorded.values()].map((text) => readSlots(text));
		expect(all.reduce((sum, slots) => sum + countSlots(slots), 0)).toBe(LIMITS.clusterSlots);
		expect(mergeSlots(all.flat())).toEqual([{ first: 0, last: LIMITS.clusterSlots - 1 }]);
	}
}

const ids = fc.constantFrom("s1", "s2", "s3", "s4");
const deeds = fc.array(
	fc.oneof(
		fc.record({
			kind: fc.constant("move" as const),
			id: ids,
			count: fc.integer({ min: 1, max: 2_000 }),
		}),
		fc.record({ kind: fc.constantFrom("tell", "report"), id: ids }),
		fc.record({ kind: fc.constantFrom("plan", "crash", "late", "cancel", "failover") }),
		fc.record({ kind: fc.constant("silence" as const), id: ids }),
	),
	{ maxLength: 40 },
);

test("whatever is killed, late or canceled, an operation completes, and every slot always has one owner", () => {
	const outcomes = new Set<string | null>();
	fc.assert(
		fc.property(fc.constantFrom("out", "in", "turn"), deeds, (change, history) => {
			const world = new World(change);
			const wanted = world.operation?.input;
			let late: OperationStep | null = null;
			for (const deed of history) {
				if (deed.kind === "move" && "count" in deed) world.move(deed.id, deed.count);
				if (deed.kind === "tell" && "id" in deed) world.tell(deed.id);
				if (deed.kind === "report" && "id" in deed) world.report(deed.id);
				if (deed.kind === "silence" && "id" in deed) {
					const engine = world.engines.get(deed.id);
					if (engine !== undefined) engine.answers = !engine.answers;
				}
				if (deed.kind === "cancel") world.cancel();
				if (deed.kind === "failover") world.failoverAsked = !world.failoverAsked;
				if (deed.kind === "plan") world.apply(advanceOperation(world.model(), NOW));
				// Planned, but then the control plane died; or recorded much later, by one that was thought dead.
				if (deed.kind === "crash") late = advanceOperation(world.model(), NOW);
				if (deed.kind === "late") world.apply(late);
				world.requireOneOwner();
			}
			for (const engine of world.engines.values()) engine.answers = true;
			world.failoverAsked = false;
			for (let turn = 0; turn < 20 && world.operation !== null; turn += 1) {
				for (const id of world.engines.keys()) world.tell(id);
				for (const id of world.engines.keys()) world.move(id, 16_384);
				for (const id of world.engines.keys()) world.report(id);
				world.apply(advanceOperation(world.model(), NOW));
				world.requireOneOwner();
			}
			expect(world.operation).toBeNull();
			outcomes.add(world.outcome);
			const goal: Record<string, string> =
				(world.outcome === "done" ? wanted?.after : wanted?.before) ?? {};
			for (const [id, slots] of world.recorded) {
				expect(slots).toBe(goal[id]);
				expect(world.engines.get(id)?.slots).toBe(slots);
			}
			const staying = Object.keys(goal).filter((id) => goal[id] !== "");
			expect([...world.recorded.keys()].sort()).toEqual(staying);
		}),
		{ numRuns: 90 },
	);
	expect([...outcomes].sort()).toEqual(["canceled", "done"]);
});

test("no shard both gets and gives slots in one round, and moves that can run together do", () => {
	const roundsFor = (change: keyof typeof CHANGES, cancelAsked: boolean) => {
		const { operation } = new World(change);
		if (operation === null) throw new Error("no operation");
		return roundsOf({ ...operation, cancelAsked });
	};
	for (const cancelAsked of [false, true]) {
		expect(roundsFor("out", cancelAsked)).toHaveLength(1);
		expect(roundsFor("in", cancelAsked)).toHaveLength(1);
		for (const moves of roundsFor("turn", cancelAsked)) {
			const giving = moves.map(({ fromShardId }) => fromShardId);
			expect(moves.filter(({ toShardId }) => giving.includes(toShardId))).toEqual([]);
		}
	}
	const slots = roundsFor("turn", false).flatMap((moves) => moves.flatMap((move) => move.slots));
	expect(formatSlots(slots)).toBe("1000-5460,10000-10922,16000-16383");
});

test("a shard whose slots are moving keeps serving, and no node takes over", () => {
	const world = new World("out");
	world.apply(advanceOperation(world.model(), NOW));
	expect(world.operation?.cursor.phase).toBe("move");
	world.tell("s1");
	world.move("s1", 100);
	world.report("s1");
	const plan = planCache(world.model(), NOW);
	expect(plan.status).toBe("modifying");
	expect(plan.actions.map(({ kind }) => kind)).toEqual([]);
	world.report("s4");
	const next = planCache(world.model(), NOW);
	expect(next.actions.map(({ kind }) => kind)).toEqual(["advance-operation"]);
	expect(next.statusReason).toContain("Moving slots: 100 of 4096 have moved");
});

test("a canceled change isn't over while an agent may still move slots as it was told before", () => {
	const world = new World("out");
	world.apply(advanceOperation(world.model(), NOW));
	for (const id of world.engines.keys()) world.tell(id);
	// All slots arrive before any agent reports that.
	for (const id of world.engines.keys()) world.move(id, 16_384);
	world.cancel();
	for (let turn = 0; turn < 3; turn += 1) world.apply(advanceOperation(world.model(), NOW));
	expect(world.operation?.cursor.phase).toBe("move");
});

test("slots rest while a planned failover is wanted", () => {
	const world = new World("out");
	world.apply(advanceOperation(world.model(), NOW));
	world.tell("s1");
	world.move("s1", 100);
	world.failoverAsked = true;
	world.apply(advanceOperation(world.model(), NOW));
	expect(world.operation?.cursor).toMatchObject({ phase: "move", held: true });
	world.tell("s1");
	world.move("s1", 100);
	expect(countSlots(readSlots(world.engines.get("s4")?.slots ?? ""))).toBe(100);
	world.failoverAsked = false;
	world.apply(advanceOperation(world.model(), NOW));
	world.tell("s1");
	world.move("s1", 100);
	expect(countSlots(readSlots(world.engines.get("s4")?.slots ?? ""))).toBe(200);
});

test("a shard that still has keys isn't removed", () => {
	const world = new World("in");
	for (let turn = 0; turn < 9 && world.operation?.cursor.phase !== "settle"; turn += 1) {
		world.apply(advanceOperation(world.model(), NOW));
		for (const id of world.engines.keys()) world.tell(id);
		world.move("s4", 16_384);
		for (const id of world.engines.keys()) world.report(id);
	}
	const model = world.model();
	expect(advanceOperation(model, NOW)).toMatchObject({ remove: ["s4"] });
	const holding = model.shards.map((shard) =>
		shard.id === "s4" ? { ...shard, nodes: shard.nodes.map((each) => withKeys(each, 3)) } : shard,
	);
	expect(advanceOperation({ ...model, shards: holding }, NOW)).toBeNull();
});

function withKeys(each: NodeModel, keys: number): NodeModel {
	const { observation } = each;
	const state = observation?.engineState;
	if (observation == null || state?.cluster == null) return each;
	const engineState = { ...state, cluster: { ...state.cluster, keys } };
	return { ...each, observation: { ...observation, engineState } };
}

test("a new shard that doesn't answer yet is part of the change, but a shard that serves clients isn't", () => {
	const world = new World("out");
	const silence = (id: string) => {
		const engine = world.engines.get(id);
		if (engine !== undefined) engine.answers = false;
		return planCache(world.model(), NOW);
	};
	expect(silence("s4")).toMatchObject({ status: "modifying", events: [] });
	expect(silence("s1")).toMatchObject({ status: "unavailable" });
});
