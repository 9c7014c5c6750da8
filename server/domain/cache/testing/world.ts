import type { Observation } from "../../../contract/host-report.ts";
import type { CacheModel, HostModel, NodeModel, PlanAction, ShardModel } from "../model.ts";
import { detachFirst } from "../plan-detaching.ts";
import { planFailover } from "../plan-failover.ts";
import { planRecovery } from "../plan-recovery.ts";
import { planReplacements } from "../plan-replacements.ts";
import type { FleetRoom } from "../zone-spread.ts";
import { CALM, cache, host, NOW } from "./models.ts";

// A fleet whose engines and agents obey one step at a time. What the planner does to a shard
// shows only after many steps.

interface Engine {
	id: string;
	hostId: string;
	/** The role that it reports; null before it runs. */
	role: "primary" | "replica" | null;
	/** Holds what clients wrote. */
	hasData: boolean;
	hasSynced: boolean;
	/** Holds the newest writes, which the primary has just confirmed because some replica had them. */
	isAbreast: boolean;
	detached: boolean;
	/** Its host has found that the others have all that it has. */
	isCovered: boolean;
	follows: string | null;
	replaces: string | null;
	removed: boolean;
	lostFiles: boolean;
}

export class World {
	readonly hosts: HostModel[];
	engines: Engine[] = [];
	primaryId: string | null;
	failover: ShardModel["failover"] = null;
	safeMode = false;
	actions: PlanAction[] = [];
	reasons: string[] = [];
	quietForMs = 0;
	readonly members: number;
	readonly isMemcached: boolean;
	readonly #multiAz: boolean;
	#number = 0;

	constructor(options: { members: number; hosts: number; memcached?: boolean; multiAz?: boolean }) {
		this.members = options.members;
		this.isMemcached = options.memcached ?? false;
		this.#multiAz = options.multiAz ?? false;
		this.hosts = Array.from({ length: options.hosts }, (_, index) =>
			host(index, { zone: `zone-${index % 3}` }),
		);
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
				isAbreast: true,
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
			...{ isAbreast: false, detached: false, isCovered: false },
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

	/** All engines that could bring the data back. */
	get holders(): Engine[] {
		return this.staying.filter(
			(each) => each.hasData && !each.lostFiles && !this.host(each.hostId).lossConfirmed,
		);
	}

	model(): CacheModel {
		const shard: ShardModel = {
			...CALM,
			id: "s1",
			index: 0,
			slots: null,
			primaryNodeId: this.primaryId,
			nodes: this.staying.map((each) => this.#node(each)),
			leaving: this.engines.filter((each) => each.removed).map((each) => this.#node(each)),
			failover: this.failover,
		};
		return cache([], {
			engine: this.isMemcached ? "memcached" : "valkey",
			progress: [],
			multiAz: this.#multiAz,
			safeMode: this.safeMode,
			quietForMs: this.quietForMs,
			nodesPerShard: this.staying.filter(({ replaces }) => replaces === null).length,
			shards: [shard],
			gateways: [],
		});
	}

	room(): FleetRoom {
		return {
			openHosts: this.hosts.filter(isOpen),
			keepZones: false,
			problems: new Map(),
			tight: new Set<string>(),
		};
	}

	#node(engine: Engine): NodeModel {
		const host = this.host(engine.hostId);
		const followed = this.engine(engine.follows);
		const leader = followed === undefined ? null : this.host(followed.hostId);
		const linkUp =
			engine.role === "primary" ||
			(engine.hasSynced &&
				!engine.detached &&
				leader?.online === true &&
				followed?.role === "primary");
		const role = this.isMemcached ? "node" : (engine.role ?? "replica");
		const observation: Observation = {
			assignmentId: engine.id,
			generation: engine.detached && !engine.isCovered ? 1 : 2,
			phase: engine.role === null || engine.lostFiles ? "waiting" : "running",
			reason: engine.lostFiles ? { code: "identity-lost", message: "its files are gone" } : null,
			pid: engine.role === null || engine.lostFiles ? null : 1,
			startedAt: null,
			silentSince: null,
			busy: false,
			launchPermit: 1,
			restarts: 0,
			port: 6379,
			reboot: 0,
			pendingParameters: [],
			clientLimit: null,
			keptData: false,
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
							synced: engine.hasSynced,
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
			generation: 2,
			launchPermit: 1,
			reboot: 0,
			rebootPending: false,
			asleep: false,
			followsNodeId: engine.follows,
			replacesNodeId: engine.replaces,
			kind: {
				engine: this.isMemcached ? "memcached" : "valkey",
				...{ engineVersion: "9", nodeType: "cache.t4g.micro" },
			},
			memoryBytes: 512,
			dataBytes: 384,
			moveTo: null,
			placedByHand: false,
			joining: false,
			leavesFirst: false,
			leavingAt: null,
			detached: engine.detached,
			removed: engine.removed,
			observation,
			hasSynced: engine.hasSynced,
			hasLed: engine.role === "primary",
			goneForCertain: engine.lostFiles,
		};
	}

	/** Runs the agents and engines of hosts that are up, except on slow hosts, where nothing happens yet. */
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
			if (engine.detached && engine.role === "replica") {
				engine.isCovered = this.#areAbreast(engine);
				continue;
			}
			const leader = this.engine(engine.follows);
			if (leader?.role !== "primary" || leader.lostFiles) continue;
			if (!this.host(leader.hostId).online) {
				engine.role ??= "replica";
				continue;
			}
			// It gets its primary's data at first, and catches up with the newest writes later.
			engine.isAbreast = engine.hasSynced;
			Object.assign(engine, { role: "replica", hasSynced: true, hasData: leader.hasData });
		}
	}

	/** The other replicas that serve have all that this one has. */
	#areAbreast(engine: Engine): boolean {
		const others = this.repliers.filter((each) => each !== engine && !each.detached);
		return others.length > 0 && others.every((each) => each.isAbreast);
	}

	/** Replicas that serve. */
	get repliers(): Engine[] {
		return this.holders.filter(
			(each) => each.role === "replica" && each.hasSynced && this.host(each.hostId).online,
		);
	}

	/** What the reconciler would do in one pass. */
	plan(check: (action: PlanAction) => void = () => undefined): void {
		const model = this.model();
		const [shard] = model.shards;
		if (shard === undefined) return;
		const replacements = planReplacements(model, this.room());
		this.actions = detachFirst(model, [
			...planRecovery(model, shard, NOW).actions,
			...planFailover(model, shard),
			...replacements.actions,
		]);
		this.reasons = replacements.reasons;
		for (const action of this.actions) check(action);
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
				// From then on, the primary's data is the shard's data.
				Object.assign(best, { role: "primary", hasSynced: true, isAbreast: true });
				if (from !== undefined && from !== best && this.host(from.hostId).online) {
					from.role = "replica";
					from.follows = best.id;
				}
				return;
			}
			case "request-failover":
				this.failover ??= { toNodeId: action.toNodeId };
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
			case "detach-node":
			case "attach-node": {
				const engine = this.engine(action.nodeId);
				const detached = action.kind === "detach-node";
				if (engine !== undefined) Object.assign(engine, { detached, isCovered: false });
				return;
			}
			case "add-replacement":
				this.#replace(action.nodeId, action.empty, action.hostIds);
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

	#replace(nodeId: string, empty: boolean, hostIds: readonly string[] | null): void {
		const engine = this.engine(nodeId);
		if (engine === undefined || engine.removed) return;
		const others = this.staying.filter((each) => each !== engine);
		const place = this.hosts.find(
			(host) =>
				isOpen(host) &&
				!others.some((each) => each.hostId === host.id) &&
				(hostIds === null || hostIds.includes(host.id)),
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

export function isOpen(host: HostModel): boolean {
	return host.online && !host.cordoned && !host.draining && !host.lost;
}

/** Runs until nothing changes any more; false if 60 steps aren't enough. */
export function comesToRest(world: World, check?: (action: PlanAction) => void): boolean {
	for (let step = 0; step < 60; step++) {
		const state = () => JSON.stringify([world.model(), world.engines]);
		const before = state();
		world.runHosts();
		world.plan(check);
		if (before === state()) return true;
	}
	return false;
}

export const lose = (host: HostModel) =>
	Object.assign(host, { online: false, suspect: true, lost: true });
