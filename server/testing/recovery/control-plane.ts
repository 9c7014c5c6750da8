import type { Notice } from "../../contract/desired-state.ts";
import type { Observation } from "../../contract/host-report.ts";
import { AGENT_TIMING, HUNG_TIMING } from "../../contract/limits.ts";
import { FailoverOrders } from "../../data/failover-orders.ts";
import { FleetState } from "../../data/fleet-state.ts";
import { Notices } from "../../data/notices.ts";
import { isSameButForOffset } from "../../data/stored-observation.ts";
import type {
	CacheModel,
	HostModel,
	NodeModel,
	PlanAction,
	ShardModel,
} from "../../domain/cache/model.ts";
import { planCache } from "../../domain/cache/plan-cache.ts";
import { historyAfter } from "../../domain/cache/process-history.ts";
import { AWAKE } from "../../domain/cache/testing/models.ts";
import type { FleetRoom } from "../../domain/cache/zone-spread.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Agents } from "./agents.ts";
import { Database, type Row, type ShardRow } from "./database.ts";
import { Deeds } from "./deeds.ts";
import type { Engines } from "./engines.ts";
import { clusterNodeIdOf, type Host, TICK_MS } from "./fleet.ts";

/** How often a cache is checked without news: a healthy one, and one that isn't. */
const RESYNC_TICKS = 10_000 / TICK_MS;
const UNSETTLED_TICKS = 1_000 / TICK_MS;
/** After an order. */
const AGAIN_TICKS = 2;
const HUNG_TICKS = Math.ceil(HUNG_TIMING.askedAfterMs / TICK_MS) + 1;
const PASSES = 3;
/** Moves for balance are left out. */
const NO_ROOM: FleetRoom = {
	openHosts: [],
	keepZones: true,
	problems: new Map(),
	tight: new Set<string>(),
};

const KIND = { engine: "valkey", engineVersion: "9", nodeType: "cache.t4g.micro" } as const;

/**
 * The control plane around the real planner: real leases, orders and notices in memory, and a database that outlives a
 * restart. It looks at the cache when the real one does, and no more often.
 */
export class ControlPlane {
	readonly database: Database;
	awayUntil = 0;
	/** The actions of the newest plan. */
	actions: PlanAction[] = [];
	private readonly engines: Engines;
	private readonly agents: Agents;
	private readonly hosts: readonly Host[];
	private readonly clock: Clock;
	private fleet: FleetState;
	private orders: FailoverOrders;
	private notices: Notices;
	private deeds: Deeds;
	/** The newest notice that each host has acted on. */
	private held = new Map<string, number>();
	/** When it looks at the cache, in steps. */
	private alarms = new Set<number>();

	constructor(engines: Engines, agents: Agents, hosts: readonly Host[], born: boolean) {
		this.engines = engines;
		this.agents = agents;
		this.hosts = hosts;
		this.clock = { now: () => new Date(engines.now * TICK_MS) };
		this.fleet = new FleetState(this.clock);
		this.orders = new FailoverOrders(this.clock);
		this.notices = new Notices(this.clock);
		this.database = new Database(engines, born);
		this.deeds = this.newDeeds();
		agents.inTouch = () => this.engines.now >= this.awayUntil;
		agents.onReport = (host, seen) => this.take(host, seen);
		agents.onResult = (result) => {
			if (this.orders.finish(result) !== null) this.wake();
		};
		this.begin();
	}

	/** Another process: what was only in memory is gone. */
	restart(awayTicks: number): void {
		this.awayUntil = this.engines.now + awayTicks;
		this.fleet = new FleetState(this.clock);
		this.orders = new FailoverOrders(this.clock);
		this.notices = new Notices(this.clock);
		this.held = new Map();
		this.alarms = new Set();
		this.deeds = this.newDeeds();
	}

	tick(): void {
		const { now } = this.engines;
		if (now < this.awayUntil) return;
		if (now === this.awayUntil) this.begin();
		if (now % RESYNC_TICKS === 0) this.wake();
		for (const id of this.fleet.expireLeases()) {
			this.database.silentSince.set(id, now);
			this.wake();
		}
		if (this.hosts.some(({ id }) => this.fleet.isOnline(id) && this.fleet.isSuspect(id)))
			this.wake();
		const due = [...this.alarms].filter((at) => at <= now);
		for (const at of due) this.alarms.delete(at);
		if (due.length > 0) this.look();
		for (const host of this.hosts) this.notify(host);
		for (const row of this.database.rows) this.tell(row);
	}

	/** A person asks for a planned failover. */
	request(shard: number): void {
		const row = this.database.shards[shard];
		if (row === undefined || !this.database.everAvailable) return;
		row.failover ??= { toNodeId: null };
		this.wake();
	}

	/** A person asks for a reboot. */
	reboot(nodeId: string): void {
		const row = this.database.row(nodeId);
		if (row !== undefined) row.rebootPending = true;
		this.wake();
	}

	private wake(inTicks = 0): void {
		this.alarms.add(this.engines.now + inTicks);
	}

	private newDeeds(): Deeds {
		const { engines, hosts, database, fleet, orders, notices, clock } = this;
		return new Deeds({ engines, hosts, database, fleet, orders, notices, clock });
	}

	private begin(): void {
		for (const host of this.hosts) if (!this.isLost(host.id)) this.fleet.assumeOnline(host.id);
		this.wake();
	}

	private look(): void {
		const { database } = this;
		for (let pass = 0; pass < PASSES; pass++) {
			const plan = planCache(this.model(), this.clock.now(), NO_ROOM);
			database.status = plan.status;
			if (plan.becameAvailable) database.everAvailable = true;
			this.actions = plan.actions;
			const orders = plan.actions.filter((action) => action.kind === "order-failover");
			for (const order of orders) this.deeds.apply(order);
			if (orders.length > 0) this.wake(AGAIN_TICKS);
			// A primary's death is not recorded in the same pass: the next one knows the result of the order.
			if (orders.some(({ fromState }) => fromState === "dead")) return;
			const rest = plan.actions.filter((action) => action.kind !== "order-failover");
			const changed = rest.map((action) => this.deeds.apply(action));
			if (!changed.includes(true)) break;
			if (pass === PASSES - 1) this.wake(1);
		}
		if (database.status !== "available") this.wake(UNSETTLED_TICKS);
	}

	private model(): CacheModel {
		const { engines, database } = this;
		const membersPerShard = database.members(0).filter(({ replaces }) => replaces === null).length;
		return {
			...KIND,
			...{ name: "orders", statusReason: null, progress: [], blocks: [] },
			...{ clusterMode: engines.cluster ? "enabled" : "disabled", automaticFailover: true },
			...{ status: database.status, everAvailable: database.everAvailable, quietForMs: 0 },
			finalSnapshotId: null,
			...{
				promotionRequested: false,
				multiAz: false,
				zones: null,
				sentinelFailingOver: false,
				safeMode: false,
			},
			...{ portRequested: false, port: 6379, deleting: false, elastic: null },
			shards: database.shards.map((shard) => this.shardModel(shard)),
			...{ nodesPerShard: membersPerShard, resizing: false, operation: null },
			...{ pending: [], maintenanceWindow: "sun:05:00-sun:06:00" },
			...{ sleep: AWAKE, modeChange: null, mayBeWatched: false },
			...{ expectedView: null, primariesChosen: true, discoveryNodeIds: [], gateways: [] },
		};
	}

	private isLost(hostId: string): boolean {
		const at = this.database.silentSince.get(hostId);
		return at !== undefined && (this.engines.now - at) * TICK_MS > AGENT_TIMING.hostLostMs;
	}

	private take(host: Host, observations: readonly Observation[]): void {
		if (this.fleet.touch(host.id)) this.wake();
		this.database.silentSince.delete(host.id);
		for (const seen of observations) {
			const row = this.database.row(seen.assignmentId);
			if (row === undefined) continue;
			const before = this.fleet.observation(row.id, row.stored);
			const next = { ...seen, ...historyAfter(before, seen) };
			this.fleet.setObservation(row.id, next);
			if (before?.engineState?.role === "replica" && next.engineState?.role === "primary") {
				this.fleet.notePromotion(row.id);
			}
			if (before !== null && isSameButForOffset(before, next) && !this.fleet.isUnsaved(row.id)) {
				continue;
			}
			row.stored = next;
			this.fleet.setSaved(row.id);
			this.wake();
			// If it stays silent, no further report says so.
			if (next.silentSince !== null) this.wake(HUNG_TICKS);
		}
	}

	private shardModel(shard: ShardRow): ShardModel {
		const id = String(shard.index);
		const rows = this.database.members(shard.index);
		const underWay = this.orders.underWay(id);
		const newest = this.orders.newest(id);
		const result = newest?.result ?? null;
		const promotedAt = (row: Row) => this.fleet.promotedAt(row.id) ?? 0;
		const [promoted] = rows
			.filter((row) => promotedAt(row) > shard.lastFailoverAt)
			.sort((a, b) => promotedAt(b) - promotedAt(a));
		const ordered = result?.outcome === "done" ? result.leaderNodeId : null;
		const failed = newest !== null && result !== null && result.outcome !== "done";
		return {
			...{
				id,
				index: shard.index,
				slots: this.engines.cluster ? id : null,
				leaving: [],
				...{ bounds: null, nodesWanted: null, restore: null },
			},
			...{ primaryNodeId: shard.primaryId, failover: shard.failover, failoverCause: null },
			nodes: rows.map((row) => this.nodeModel(row, shard)),
			order: underWay && { kind: underWay.order.kind, fresh: this.orders.isFresh(underWay) },
			ledBy: ordered ?? promoted?.id ?? null,
			orderProblem: failed ? { kind: newest.order.kind, message: result.message } : null,
			failoverTroubled: this.orders.isTroubled(id),
		};
	}

	private nodeModel(row: Row, shard: ShardRow): NodeModel {
		const { id, node, stored } = row;
		const observation = this.fleet.observation(id, stored);
		const believed = this.engines.flaws.reportsAreBelieved === true;
		return {
			id,
			clusterNodeId: clusterNodeIdOf(id),
			name: id,
			port: 6379,
			generation: 1,
			launchPermit: row.permit,
			reboot: row.reboot,
			rebootPending: row.rebootPending,
			asleep: false,
			replacesNodeId: row.replaces,
			...{ kind: KIND, memoryBytes: 512, dataBytes: 384, moveTo: null, placedByHand: false },
			...{ joining: false, leavesFirst: false },
			leavingAt: null,
			detached: false,
			host: this.hostModel(node.host),
			followsNodeId: shard.primaryId === id ? null : shard.primaryId,
			removed: false,
			observation,
			hasSynced: observation?.hasSynced ?? false,
			hasLed: believed || (observation?.hasLed ?? false),
			goneForCertain: this.fleet.isGoneForCertain(id),
		};
	}

	private hostModel({ id }: Host): HostModel {
		return {
			id,
			name: id,
			zone: id,
			address: id,
			online: this.fleet.isOnline(id),
			suspect: this.fleet.isSuspect(id),
			needsUpgrade: false,
			cordoned: false,
			draining: false,
			lost: this.isLost(id),
			lossConfirmed: false,
			engines: [],
		};
	}

	/** A host that was out of touch gets a notice once it is back, unless that is much later. */
	private notify(host: Host): void {
		if (!this.agents.talks(host)) return;
		const { held, notices } = this;
		for (const notice of notices.newer(host.id, held.get(host.id) ?? -1)) {
			if (notice.kind === "failover" && !this.orders.fetch(notice.order.id)) continue;
			this.agents.send(host, 1, () => {
				if (held !== this.held || notice.seq <= (held.get(host.id) ?? -1)) return;
				held.set(host.id, notice.seq);
				this.hear(host, notice);
			});
		}
	}

	private hear(host: Host, notice: Notice): void {
		if (notice.kind === "failover") this.agents.carryOut(notice.order, host);
		if (notice.kind !== "end-hung") return;
		const node = this.engines.node(notice.assignmentId);
		if (node !== undefined) this.agents.endHung(node, notice.pid);
	}

	/** A host in touch has the newest assignments a moment later, and drops nodes that were removed. */
	private tell(row: Row): void {
		const { engines } = this;
		const { node } = row;
		const shard = this.database.shards[node.shard];
		if (shard === undefined || engines.node(node.id) === undefined) return;
		if (engines.now <= row.sentAt || !this.agents.talks(node.host)) return;
		if (row.removed) {
			row.sentAt = engines.now + 1;
			this.agents.send(node.host, 1, () => {
				engines.end(node);
				engines.forget(node);
			});
			return;
		}
		const leads = shard.primaryId === row.id;
		const onExit = leads && this.database.members(node.shard).length > 1 ? "report" : "restart";
		const { assigned } = node;
		if (
			assigned.leader === shard.primaryId &&
			assigned.onExit === onExit &&
			assigned.permit === row.permit &&
			assigned.reboot === row.reboot
		)
			return;
		row.sentAt = engines.now + 1;
		const { permit, reboot } = row;
		const { primaryId: leader } = shard;
		this.agents.send(node.host, 1, () => {
			node.assigned = { leads, leader, onExit, permit, reboot };
			if (node.startsAt === Number.POSITIVE_INFINITY) node.startsAt = engines.now;
		});
	}
}
