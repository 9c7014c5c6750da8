import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Observation } from "../../contract/agent.ts";
import type { CacheModel, HostModel, NodeModel, PlanAction, ShardModel } from "./model.ts";
import { planFailover } from "./plan-failover.ts";
import { planRecovery } from "./plan-recovery.ts";
import { planReplacements } from "./plan-replacements.ts";

const NOW = new Date("2026-01-01T00:00:00Z");

// A fleet in which engines and agents do what they are told, one step at a time: what the planner does to a shard shows
// after many steps only.

interface Engine {
	id: string;
	hostId: string;
	/** What it says of itself; null before it runs. */
	role: "primary" | "replica" | null;
	/** Holds what clients wrote. */
	hasData: boolean;
	hasSynced: boolean;
	follows: string | null;
	replaces: string | null;
	removed: boolean;
	lostFiles: boolean;
}

class World {
	readonly hosts: HostModel[];
	engines: Engine[] = [];
	primaryId: string | null;
	failover: ShardModel["failover"] = null;
	safeMode = false;
	actions: PlanAction[] = [];
	reasons: string[] = [];
	readonly members: number;
	readonly isMemcached: boolean;
	readonly #multiAz: boolean;
	#number = 0;

	constructor(options: { members: number; hosts: number; memcached?: boolean; multiAz?: boolean }) {
		this.members = options.members;
		this.isMemcached = options.memcached ?? false;
		this.#multiAz = options.multiAz ?? false;
		this.hosts = Array.from({ length: options.hosts }, (_, index) => ({
			id: `h${index}`,
			name: `h${index}`,
			zone: `zone-${index % 3}`,
			address: `10.0.0.${index}`,
			online: true,
			suspect: false,
			cordoned: false,
			draining: false,
			lost: false,
			lossConfirmed: false,
		}));
		for (let index = 0; index < options.members; index++) this.#add(`h${index}`, null, null);
		const [first] = this.engines;
		this.primaryId = this.isMemcached ? null : (first?.id ?? null);
		for (const engine of this.engines) {
			const leads = engine.id === this.primaryId;
			Object.assign(engine, {
				role: this.isMemcached || leads ? "primary" : "replica",
				follows: leads ? null : this.primaryId,
				hasData: true,
				hasSynced: true,
			});
		}
	}

	#add(hostId: string, follows: string | null, replaces: string | null): Engine {
		const engine: Engine = {
			id: `n${this.#number++}`,
			hostId,
			role: null,
			hasData: false,
			hasSynced: false,
			follows,
			replaces,
			removed: false,
			lostFiles: false,
		};
		this.engines.push(engine);
		return engine;
	}

	host(id: string | undefined): HostModel {
		const host = this.hosts.find((each) => each.id === id);
		if (host === undefined) throw new Error(`no host ${id}`);
		return host;
	}

	engine(id: string | null): Engine | undefined {
		return this.engines.find((each) => each.id === id);
	}

	get staying(): Engine[] {
		return this.engines.filter((each) => !each.removed);
	}

	/** Whoever could bring the data back. */
	get holders(): Engine[] {
		return this.staying.filter(
			(each) => each.hasData && !each.lostFiles && !this.host(each.hostId).lossConfirmed,
		);
	}

	model(): CacheModel {
		const shard: ShardModel = {
			id: "s1",
			index: 0,
			slots: null,
			primaryNodeId: this.primaryId,
			nodes: this.staying.map((each) => this.#node(each)),
			leaving: this.engines.filter((each) => each.removed).map((each) => this.#node(each)),
			failover: this.failover,
			order: null,
			ledBy: null,
			orderProblem: null,
			failoverTroubled: false,
		};
		return {
			name: "orders",
			engine: this.isMemcached ? "memcached" : "valkey",
			clusterMode: "disabled",
			status: "available",
			statusReason: null,
			progress: [],
			automaticFailover: true,
			promotionRequested: false,
			arranged: false,
			multiAz: this.#multiAz,
			sentinelFailingOver: false,
			safeMode: this.safeMode,
			portRequested: false,
			port: 6379,
			deleting: false,
			everAvailable: true,
			shards: [shard],
			expectedView: null,
			discoveryNodeIds: [],
			gateways: [],
		};
	}

	#node(engine: Engine): NodeModel {
		const host = this.host(engine.hostId);
		const followed = this.engine(engine.follows);
		const leader = followed === undefined ? null : this.host(followed.hostId);
		const linkUp =
			engine.role === "primary" ||
			(engine.hasSynced && leader?.online === true && followed?.role === "primary");
		const role = this.isMemcached ? "node" : (engine.role ?? "replica");
		const observation: Observation = {
			assignmentId: engine.id,
			generation: 1,
			phase: engine.role === null || engine.lostFiles ? "waiting" : "running",
			reason: engine.lostFiles ? { code: "identity-lost", message: "its files are gone" } : null,
			pid: 1,
			startedAt: null,
			silentSince: null,
			launchPermit: 1,
			restarts: 0,
			port: 6379,
			reboot: 0,
			pendingParameters: [],
			engineState:
				engine.role === null || engine.lostFiles
					? null
					: {
							version: "9.1.2",
							role,
							loading: false,
							primaryHost: engine.role === "replica" ? (leader?.address ?? null) : null,
							primaryPort: engine.role === "replica" ? 6379 : null,
							linkUp,
							offset: engine.hasData ? 100 : 0,
							onlineReplicas: 0,
							cluster: null,
						},
		};
		return {
			id: engine.id,
			clusterNodeId: engine.id,
			name: engine.id,
			host,
			port: 6379,
			generation: 1,
			launchPermit: 1,
			reboot: 0,
			rebootPending: false,
			followsNodeId: engine.follows,
			replacesNodeId: engine.replaces,
			removed: engine.removed,
			observation,
			hasSynced: engine.hasSynced,
		};
	}

	/** Agents and engines of hosts that run, but for those that take their time: they copy nothing yet. */
	runHosts(isSlow: (hostId: string) => boolean = () => false): void {
		this.engines = this.engines.filter((each) => !each.removed || !this.host(each.hostId).online);
		for (const engine of this.staying) {
			if (!this.host(engine.hostId).online || engine.lostFiles) continue;
			if (isSlow(engine.hostId)) continue;
			if (this.isMemcached || (engine.follows === null && engine.role === null)) {
				engine.role = "primary";
				engine.hasSynced = true;
				continue;
			}
			const leader = this.engine(engine.follows);
			if (leader?.role !== "primary" || leader.lostFiles) continue;
			if (!this.host(leader.hostId).online) {
				engine.role ??= "replica";
				continue;
			}
			Object.assign(engine, { role: "replica", hasSynced: true, hasData: leader.hasData });
		}
	}

	/** What the reconciler would do in one pass. */
	plan(check: (action: PlanAction) => void = () => undefined): void {
		const model = this.model();
		const [shard] = model.shards;
		if (shard === undefined) return;
		const replacements = planReplacements(model);
		this.actions = [
			...planRecovery(model, shard, NOW).actions,
			...planFailover(model, shard),
			...replacements.actions,
		];
		this.reasons = replacements.reasons;
		for (const action of replacements.actions) check(action);
		for (const action of this.actions) this.#apply(action);
	}

	#apply(action: PlanAction): void {
		switch (action.kind) {
			case "adopt-primary":
				this.#letLead(action.nodeId);
				return;
			case "order-failover": {
				const best = this.engine(action.candidateIds[0] ?? null);
				const from = this.engine(this.primaryId);
				if (best === undefined || best.removed) return;
				best.role = "primary";
				if (from !== undefined && from !== best && this.host(from.hostId).online) {
					from.role = "replica";
					from.follows = best.id;
				}
				return;
			}
			case "request-failover":
				this.failover ??= { toNodeId: action.toNodeId, cause: action.cause };
				return;
			case "drop-failover":
				this.failover = null;
				return;
			case "retire": {
				const engine = this.engine(action.nodeId);
				if (engine === undefined || engine.id === this.primaryId) return;
				this.#remove(engine);
				return;
			}
			case "add-replacement":
				this.#replace(action.nodeId, action.empty);
				return;
			default:
				return;
		}
	}

	#remove(engine: Engine): void {
		engine.removed = true;
		engine.replaces = null;
		for (const each of this.staying) if (each.replaces === engine.id) each.replaces = null;
	}

	#letLead(nodeId: string): void {
		this.primaryId = nodeId;
		this.failover = null;
		for (const each of this.staying) each.follows = each.id === nodeId ? null : nodeId;
	}

	#replace(nodeId: string, empty: boolean): void {
		const engine = this.engine(nodeId);
		if (engine === undefined || engine.removed) return;
		const others = this.staying.filter((each) => each !== engine);
		const old = this.host(engine.hostId);
		const zones = new Set(others.map((each) => this.host(each.hostId).zone));
		const mustGo = old.draining || old.lost || engine.lostFiles;
		const place = this.hosts.find(
			(host) =>
				isOpen(host) &&
				!others.some((each) => each.hostId === host.id) &&
				(mustGo || !zones.has(host.zone)),
		);
		if (place === undefined) return;
		const added = this.#add(place.id, empty ? null : this.primaryId, nodeId);
		if (!empty) return;
		added.replaces = engine.replaces;
		engine.removed = true;
		engine.replaces = null;
		this.#letLead(added.id);
	}
}

function isOpen(host: HostModel): boolean {
	return host.online && !host.cordoned && !host.draining && !host.lost;
}

/** Until nothing is planned and nothing changes; false if that never comes. */
function comesToRest(world: World, check?: (action: PlanAction) => void): boolean {
	for (let step = 0; step < 60; step++) {
		const before = JSON.stringify(world.model());
		world.runHosts();
		world.plan(check);
		if (before === JSON.stringify(world.model())) return true;
	}
	return false;
}

const lose = (host: HostModel) => Object.assign(host, { online: false, suspect: true, lost: true });

describe("a node that must go", () => {
	it("is replaced by a copy, hands over where it leads, and leaves then", () => {
		const world = new World({ members: 2, hosts: 3 });
		Object.assign(world.host("h0"), { draining: true, cordoned: true });
		const kinds: string[] = [];
		expect(comesToRest(world, (action) => kinds.push(action.kind))).toBe(true);
		expect(kinds).toEqual(["add-replacement", "request-failover", "retire"]);
		expect(world.staying.map((each) => each.hostId).sort()).toEqual(["h1", "h2"]);
		expect(world.staying.every((each) => each.hasData)).toBe(true);
	});

	it("stays while the rest of its shard isn't well", () => {
		const world = new World({ members: 2, hosts: 3 });
		world.host("h0").draining = true;
		Object.assign(world.host("h1"), { online: false, suspect: true });
		expect(planReplacements(world.model()).actions).toEqual([]);
	});

	it("stays in a cache that never was available, or is being deleted", () => {
		const world = new World({ members: 2, hosts: 3 });
		lose(world.host("h1"));
		for (const change of [{ everAvailable: false }, { deleting: true }]) {
			expect(planReplacements({ ...world.model(), ...change }).actions).toEqual([]);
		}
	});

	it("is one of a shard at a time, a replica before its primary", () => {
		const world = new World({ members: 3, hosts: 6 });
		for (const id of ["h0", "h1", "h2"]) world.host(id).draining = true;
		expect(planReplacements(world.model()).actions).toMatchObject([
			{ kind: "add-replacement", nodeId: "n1" },
		]);
	});

	it("lets another go first where it found no place", () => {
		const world = new World({ members: 1, hosts: 3 });
		world.host("h0").draining = true;
		const room = { openZones: [], problems: new Map([["n0", "No capacity"]]) };
		const { actions, reasons } = planReplacements(world.model(), room);
		expect(actions).toMatchObject([{ kind: "add-replacement", nodeId: "n0" }]);
		expect(reasons).toEqual(["No capacity"]);
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
		expect(world.reasons.join(" ")).toContain("larder hosts remove h0 --lost");
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

it("a replacement that alone holds the data stays, though its own host is drained", () => {
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

it("a node whose files are gone is replaced, and one that led alone starts again empty", () => {
	const pair = new World({ members: 2, hosts: 2 });
	const replica = pair.engine("n1");
	if (replica !== undefined) replica.lostFiles = true;
	expect(planReplacements(pair.model()).actions).toMatchObject([{ nodeId: "n1", empty: false }]);
	const alone = new World({ members: 1, hosts: 1 });
	const primary = alone.engine("n0");
	if (primary !== undefined) primary.lostFiles = true;
	expect(planReplacements(alone.model()).actions).toMatchObject([{ nodeId: "n0", empty: true }]);
});

describe("whatever happens to hosts", () => {
	const change = fc.record({
		host: fc.nat({ max: 6 }),
		what: fc.constantFrom("silence", "lose", "confirm", "return", "drain", "uncordon", "nothing"),
		/** How far things go on before the next change: for each step the hosts that take their time. */
		steps: fc.array(fc.uniqueArray(fc.nat({ max: 6 })), { maxLength: 4 }),
	});
	const shape = fc.record({
		members: fc.integer({ min: 1, max: 3 }),
		hosts: fc.constantFrom(7),
		memcached: fc.boolean(),
		multiAz: fc.boolean(),
	});

	it("no node has two replacements, none goes too early, and the data stays while anybody has it", () => {
		fc.assert(
			fc.property(shape, fc.array(change, { maxLength: 12 }), (options, changes) => {
				const world = new World(options);
				for (const each of changes) {
					happen(world.host(`h${each.host}`), each.what);
					for (const slow of each.steps) {
						world.runHosts((id) => slow.some((index) => id === `h${index}`));
						world.plan((action) => checkAction(world, action));
						checkWorld(world);
					}
				}
				// Then nothing happens any more: lost hosts are given up, drains go on.
				for (const host of world.hosts) {
					if (!host.online) Object.assign(host, { lost: true, lossConfirmed: true });
				}
				const enough = world.hosts.filter(isOpen).length >= options.members * 2;
				const ends = comesToRest(world, (action) => checkAction(world, action));
				checkWorld(world);
				expect(ends).toBe(true);
				if (!enough) return;
				expect(world.staying).toHaveLength(options.members);
				expect(world.staying.every((each) => isStayable(world.host(each.hostId)))).toBe(true);
			}),
			{ numRuns: 400 },
		);
	}, 60_000);
});

function isStayable(host: HostModel): boolean {
	return host.online && !host.draining && !host.lost;
}

function happen(host: HostModel, what: string): void {
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
	const left = world.holders.filter((each) => each.id !== action.nodeId);
	if (world.holders.length > 0) expect(left.length).toBeGreaterThan(0);
}

function checkWorld(world: World): void {
	const replaced = world.staying.flatMap((each) => each.replaces ?? []);
	expect(new Set(replaced).size).toBe(replaced.length);
	expect(world.staying.length - replaced.length).toBe(world.members);
}
