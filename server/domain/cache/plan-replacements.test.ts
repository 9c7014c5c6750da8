import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BALANCE_AFTER_MS } from "../../contract/limits.ts";
import type { HostModel, NodeModel, PlanAction } from "./model.ts";
import { moveForBalance } from "./node-balance.ts";
import { planCache } from "./plan-cache.ts";
import { planReplacements } from "./plan-replacements.ts";
import { CALM, cache, dead, NOW, node, orphan, running } from "./testing/models.ts";
import { comesToRest, isOpen, lose, World } from "./testing/world.ts";

describe("a node that must go", () => {
	it("is replaced by a copy, hands over if it is primary, and then leaves", () => {
		const world = new World({ members: 2, hosts: 3 });
		Object.assign(world.host("h0"), { draining: true, cordoned: true });
		const kinds: string[] = [];
		expect(comesToRest(world, (action) => kinds.push(action.kind))).toBe(true);
		expect(kinds).toEqual([
			...["add-replacement", "request-failover", "order-failover", "adopt-primary"],
			...["detach-node", "retire"],
		]);
		expect(world.staying.map((each) => each.hostId).sort()).toEqual(["h1", "h2"]);
		expect(world.staying.every((each) => each.hasData)).toBe(true);
	});

	it("hands over without a warning: replicas that turn to the new primary are part of the move", () => {
		const turning = running("replica", { linkUp: false });
		const nodes = [
			{ ...node(1, turning, { replacesNodeId: null }), followsNodeId: "n4" },
			node(2, turning, { followsNodeId: "n4" }),
			node(4, running("primary"), { replacesNodeId: "n1", followsNodeId: null }),
		];
		const leads = { ...CALM, id: "s1", index: 0, slots: null, primaryNodeId: "n4" };
		const moving = cache(nodes, { status: "modifying", shards: [{ ...leads, nodes }] });
		expect(planCache(moving, NOW)).toMatchObject({ status: "modifying", events: [] });
		const [first, second, third] = nodes;
		if (first === undefined || second === undefined || third === undefined) throw new Error();
		const broken = [first, { ...second, ...node(2, dead) }, third];
		const shards = [{ ...leads, nodes: broken }];
		expect(planCache({ ...moving, shards }, NOW).status).toBe("degraded");
	});

	it("stays while the rest of its shard isn't healthy", () => {
		const world = new World({ members: 2, hosts: 3 });
		world.host("h0").draining = true;
		Object.assign(world.host("h1"), { online: false, suspect: true });
		expect(planReplacements(world.model()).actions).toEqual([]);
	});

	it("stays in a cache that was never available, or is being deleted", () => {
		const world = new World({ members: 2, hosts: 3 });
		lose(world.host("h1"));
		for (const change of [{ everAvailable: false }, { deleting: true }]) {
			expect(planReplacements({ ...world.model(), ...change }).actions).toEqual([]);
		}
	});

	it("is the only one that moves, a replica before its primary", () => {
		const world = new World({ members: 3, hosts: 6 });
		for (const id of ["h0", "h1", "h2"]) world.host(id).draining = true;
		expect(planReplacements(world.model()).actions).toMatchObject([
			{ kind: "add-replacement", nodeId: "n1" },
		]);
	});

	it("is tried again if it found no place, and the reason says why it can't leave", () => {
		const world = new World({ members: 1, hosts: 3 });
		world.host("h0").draining = true;
		const room = {
			openHosts: [],
			keepZones: false,
			problems: new Map([["n0", "No capacity"]]),
			tight: new Set<string>(),
		};
		const { actions, reasons } = planReplacements(world.model(), room);
		expect(actions).toMatchObject([{ kind: "add-replacement", nodeId: "n0" }]);
		expect(reasons).toEqual(["n0 can't leave h0. No capacity"]);
	});
});

describe("nodes on lost hosts", () => {
	it("are replaced together, but not in safe mode", () => {
		const world = new World({ members: 3, hosts: 6 });
		lose(world.host("h1"));
		lose(world.host("h2"));
		world.safeMode = true;
		const held = planReplacements(world.model());
		expect(held.actions).toEqual([]);
		expect(held.reasons.join(" ")).toContain("safe mode");
		world.safeMode = false;
		expect(planReplacements(world.model()).actions).toHaveLength(2);
		expect(comesToRest(world)).toBe(true);
		expect(world.staying).toHaveLength(3);
	});

	it("with the only copy are left alone until all of them are given up", () => {
		const world = new World({ members: 2, hosts: 4 });
		lose(world.host("h0"));
		lose(world.host("h1"));
		expect(comesToRest(world)).toBe(true);
		expect(world.reasons.join(" ")).toContain("remove h0 as lost");
		world.host("h0").lossConfirmed = true;
		expect(comesToRest(world)).toBe(true);
		expect(world.staying.map((each) => each.id)).toEqual(["n0", "n1"]);
		world.host("h1").lossConfirmed = true;
		expect(comesToRest(world)).toBe(true);
		expect(world.staying.map((each) => each.hostId).sort()).toEqual(["h2", "h3"]);
	});

	it("that come back before their replacement is in sync keep their place", () => {
		const world = new World({ members: 2, hosts: 3 });
		lose(world.host("h1"));
		world.plan();
		expect(world.staying).toHaveLength(3);
		Object.assign(world.host("h1"), { online: true, suspect: false, lost: false });
		world.plan();
		expect(world.staying.map((each) => each.hostId)).toEqual(["h0", "h1"]);
	});
});

it("a replacement with the only copy of the data stays, even if its own host is drained", () => {
	const world = new World({ members: 1, hosts: 4 });
	world.host("h0").draining = true;
	world.plan();
	world.runHosts();
	Object.assign(lose(world.host("h0")), { lossConfirmed: true });
	world.host("h1").draining = true;
	expect(planReplacements(world.model()).actions).toEqual([]);
	expect(comesToRest(world)).toBe(true);
	expect(world.staying).toMatchObject([{ hostId: "h2", hasData: true }]);
});

it("a node whose files are gone is replaced, and one that was alone starts again empty", () => {
	const pair = new World({ members: 2, hosts: 2 });
	const replica = pair.engine("n1");
	if (replica !== undefined) replica.lostFiles = true;
	expect(planReplacements(pair.model()).actions).toMatchObject([{ nodeId: "n1", empty: false }]);
	const alone = new World({ members: 1, hosts: 1 });
	const primary = alone.engine("n0");
	if (primary !== undefined) primary.lostFiles = true;
	expect(planReplacements(alone.model()).actions).toMatchObject([{ nodeId: "n0", empty: true }]);
});

describe("a shard whose primary has lost its files", () => {
	const lostFiles = node(1, {
		phase: "exited",
		reason: { code: "identity-lost", message: "its files are gone" },
	});
	const empty = node(2, orphan(0), { hasSynced: false });

	it("is led by a living, empty member before a new node starts empty", () => {
		const { actions } = planCache(cache([lostFiles, empty]), NOW);
		expect(actions).toMatchObject([{ kind: "order-failover", candidateIds: ["n2"] }]);
	});

	it("starts again on a new node once no member lives and no order is in progress", () => {
		const model = cache([lostFiles, node(2, dead)]);
		const shards = model.shards.map((shard) => ({
			...shard,
			order: { kind: "unplanned" as const, fresh: false },
		}));
		expect(planCache({ ...model, shards }, NOW).actions).toEqual([]);
		expect(planReplacements(model).actions).toMatchObject([{ nodeId: "n1", empty: true }]);
	});
});

const HAPPENINGS = [
	"silence",
	"lose",
	"confirm",
	"return",
	"drain",
	"uncordon",
	"nothing",
] as const;
type Happening = (typeof HAPPENINGS)[number];

describe("whatever happens to hosts", () => {
	const change = fc.record({
		host: fc.nat({ max: 6 }),
		isQuiet: fc.boolean(),
		what: fc.constantFrom(...HAPPENINGS),
		/** How many steps run before the next change: for each step the hosts that are slow. */
		steps: fc.array(fc.uniqueArray(fc.nat({ max: 6 })), { maxLength: 4 }),
	});
	const shape = fc.record({
		members: fc.integer({ min: 1, max: 3 }),
		hosts: fc.constantFrom(7),
		memcached: fc.boolean(),
		multiAz: fc.boolean(),
	});

	/** A lone node moves to another host, the copy is in sync, and then both hosts are lost for good. */
	const GIVEN_UP_WITH_ITS_REPLACEMENT: [
		{ members: number; hosts: number; memcached: boolean; multiAz: boolean },
		{ host: number; isQuiet: boolean; what: Happening; steps: number[][] }[],
	] = [
		{ members: 1, hosts: 7, memcached: false, multiAz: false },
		[
			{ host: 0, isQuiet: false, what: "drain", steps: [] },
			{ host: 2, isQuiet: false, what: "silence", steps: [[], []] },
			{ host: 1, isQuiet: false, what: "silence", steps: [] },
			{ host: 0, isQuiet: false, what: "silence", steps: [] },
		],
	];

	it("no node has two replacements, none goes too early, and the data stays while any node has it", () => {
		fc.assert(
			fc.property(shape, fc.array(change, { maxLength: 12 }), (options, changes) => {
				const world = new World(options);
				for (const each of changes) {
					happen(world.host(`h${each.host}`), each.what);
					world.quietForMs = each.isQuiet ? BALANCE_AFTER_MS : 0;
					for (const slow of each.steps) {
						world.runHosts((id) => slow.some((index) => id === `h${index}`));
						world.plan((action) => checkAction(world, action));
						checkWorld(world);
					}
				}
				// Then nothing else happens: lost hosts are given up, drains continue.
				world.quietForMs = BALANCE_AFTER_MS;
				for (const host of world.hosts) {
					if (!host.online) Object.assign(host, { lost: true, lossConfirmed: true });
				}
				const enough = world.hosts.filter(isOpen).length >= options.members * 2;
				const ends = comesToRest(world, (action) => checkAction(world, action));
				checkWorld(world);
				expect(ends).toBe(true);
				if (enough) expect(moveForBalance(world.model(), world.room())).toBeNull();
				if (!enough) return;
				expect(world.staying).toHaveLength(options.members);
				expect(world.staying.every((each) => isStayable(world.host(each.hostId)))).toBe(true);
			}),
			{ numRuns: 400, examples: [GIVEN_UP_WITH_ITS_REPLACEMENT] },
		);
	});
});

function isStayable(host: HostModel): boolean {
	return host.online && !host.draining && !host.lost;
}

function happen(host: HostModel, what: Happening): void {
	switch (what) {
		case "silence":
			Object.assign(host, { online: false, suspect: true });
			return;
		case "lose":
			lose(host);
			return;
		case "confirm":
			if (host.lost) host.lossConfirmed = true;
			return;
		case "return":
			Object.assign(host, { online: true, suspect: false, lost: false, lossConfirmed: false });
			return;
		case "drain":
			Object.assign(host, { draining: true, cordoned: true });
			return;
		case "uncordon":
			Object.assign(host, { draining: false, cordoned: false });
			return;
	}
}

function checkAction(world: World, action: PlanAction): void {
	if (action.kind === "add-replacement") {
		expect(world.staying.some((each) => each.replaces === action.nodeId)).toBe(false);
		if (action.empty) expect(world.holders).toEqual([]);
	}
	if (action.kind === "order-failover") {
		const leads = world.engine(action.candidateIds[0] ?? null);
		if (leads?.hasData === false) expect(world.holders).toEqual([]);
	}
	if (action.kind !== "retire" || world.isMemcached) return;
	const heir = world.staying.find((each) => each.replaces === action.nodeId);
	const primary = world.engine(world.primaryId);
	if (heir === undefined) {
		// A replacement that isn't needed.
		expect(world.engine(action.nodeId)?.replaces).not.toBeNull();
	} else {
		expect(heir.hasSynced).toBe(true);
		expect(heir.hasData).toBe(primary?.hasData);
	}
	const leaver = world.repliers.find((each) => each.id === action.nodeId);
	const rest = world.repliers.filter((each) => each !== leaver && !each.detached);
	if (leaver !== undefined && rest.length > 0) {
		expect(rest.filter((each) => each.isAbreast)).not.toEqual([]);
	}
	const left = world.holders.filter((each) => each.id !== action.nodeId);
	if (world.holders.length > 0) expect(left.length).toBeGreaterThan(0);
}

function checkWorld(world: World): void {
	const replaced = world.staying.flatMap((each) => each.replaces ?? []);
	expect(new Set(replaced).size).toBe(replaced.length);
	expect(world.staying.length - replaced.length).toBe(world.members);
}

it("an upgrade goes on in all shards after a primary died: its node can't copy from a successor of a later version", () => {
	const former = { engine: "redis", engineVersion: "7", nodeType: "cache.t4g.micro" } as const;
	const clustered = (slots: string, primaryNodeId: string | null, view = "incomplete") =>
		running(primaryNodeId === null ? "primary" : "replica", {
			cluster: { nodeId: "", ok: true, view, slots, primaryNodeId },
		});
	const stuck = node(1, clustered("", "c2"), { kind: former });
	if (stuck.observation?.engineState) stuck.observation.engineState.linkUp = false;
	const moving = node(3, clustered("1-1", null), { kind: former });
	const successor = node(4, clustered("", "c3"), { replacesNodeId: "n3" });
	const shard = (index: number, primaryNodeId: string, nodes: NodeModel[]) => ({
		...{ ...CALM, id: `s${index}`, index, slots: `${index}-${index}` },
		...{ primaryNodeId, nodes },
	});
	const plan = (second: NodeModel[]) =>
		planReplacements(
			cache([], {
				...{ clusterMode: "enabled", expectedView: "whole" },
				shards: [shard(0, "n2", [stuck, node(2, clustered("0-0", null))]), shard(1, "n3", second)],
			}),
		).actions;
	// The move under way ends, although no engine shows the node that can't copy.
	const replica = node(5, clustered("", "c3"));
	expect(plan([moving, successor, replica])).toMatchObject([
		{ kind: "request-failover", toNodeId: "n4" },
	]);
	// Then that node is replaced.
	const done = node(3, clustered("1-1", null));
	expect(plan([done, replica])).toMatchObject([{ kind: "add-replacement", nodeId: "n1" }]);
});
