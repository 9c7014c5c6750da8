import type { FailoverOrder } from "../../contract/desired-state.ts";
import type { FailoverOrders } from "../../data/failover-orders.ts";
import type { FleetState } from "../../data/fleet-state.ts";
import type { Notices } from "../../data/notices.ts";
import type { FailoverAction, PlanAction } from "../../domain/cache/model.ts";
import type { Clock } from "../../platform/clock.ts";
import { type Database, newNode, newRow, type Row } from "./database.ts";
import type { Engines } from "./engines.ts";
import type { Host } from "./fleet.ts";

/** Carries out what a plan names, as the reconciler's steps do. */
export class Deeds {
	private readonly engines: Engines;
	private readonly hosts: readonly Host[];
	private readonly database: Database;
	private readonly fleet: FleetState;
	private readonly orders: FailoverOrders;
	private readonly notices: Notices;
	private readonly clock: Clock;
	private number = 0;

	constructor(options: {
		engines: Engines;
		hosts: readonly Host[];
		database: Database;
		fleet: FleetState;
		orders: FailoverOrders;
		notices: Notices;
		clock: Clock;
	}) {
		this.engines = options.engines;
		this.hosts = options.hosts;
		this.database = options.database;
		this.fleet = options.fleet;
		this.orders = options.orders;
		this.notices = options.notices;
		this.clock = options.clock;
	}

	/** Whether the next plan may see something else because of it. */
	apply(action: PlanAction): boolean {
		switch (action.kind) {
			case "order-failover":
				this.order(action);
				return false;
			case "adopt-primary":
				this.adopt(action.nodeId);
				return true;
			case "end-hung": {
				const row = this.database.row(action.nodeId);
				const pid = row && this.fleet.observation(row.id, null)?.pid;
				if (row === undefined || pid == null) return false;
				this.notices.add([row.node.host.id], { kind: "end-hung", assignmentId: row.id, pid });
				return false;
			}
			case "drop-failover":
				Object.assign(this.database.shards[Number(action.shardId)] ?? {}, { failover: null });
				this.orders.drop(action.shardId);
				return true;
			case "request-failover": {
				const shard = this.database.shards[Number(action.shardId)];
				const { toNodeId } = action;
				if (shard !== undefined) shard.failover ??= { toNodeId };
				return true;
			}
			case "permit-launch":
				this.change(action.nodeId, (row) => ({ permit: row.permit + 1 }));
				return true;
			case "reboot":
				this.change(action.nodeId, ({ reboot }) => ({ reboot: reboot + 1, rebootPending: false }));
				return true;
			case "add-replacement":
				return this.replace(action.nodeId, action.empty);
			case "retire":
				this.retire(action.nodeId);
				return true;
			default:
				throw new Error(`the model has no ${action.kind}`);
		}
	}

	private adopt(nodeId: string): void {
		const shard = this.database.shardOf(nodeId);
		if (shard === undefined) return;
		const lastFailoverAt = this.clock.now().getTime();
		Object.assign(shard, { primaryId: nodeId, failover: null, lastFailoverAt });
		this.orders.forget(String(shard.index));
	}

	private change(id: string, change: (row: Row) => Partial<Row>): void {
		const row = this.database.row(id);
		if (row !== undefined) Object.assign(row, change(row));
	}

	private order(action: FailoverAction): void {
		const shard = this.database.shards[Number(action.shardId)];
		const [first] = action.candidateIds;
		const host = this.database.row(first ?? null)?.node.host;
		if (shard === undefined || host === undefined) return;
		const member = (nodeId: string) => ({
			...{ nodeId, clusterNodeId: nodeId, name: nodeId, host: nodeId, port: 6379 },
		});
		const order: FailoverOrder = {
			...{ id: this.nextId(), cacheId: "c", cacheName: "orders", kind: action.failover },
			clusterMode: this.engines.cluster ? "enabled" : "disabled",
			...{ from: member(shard.primaryId), fromState: action.fromState },
			...{ sentinels: [], receivers: [] },
			...{ candidates: action.candidateIds.map(member), takeover: action.takeover },
			others: this.database
				.members(shard.index)
				.filter(({ id }) => id !== shard.primaryId && !action.candidateIds.includes(id))
				.map(({ id }) => member(id)),
		};
		const { shardId, cause } = action;
		this.orders.add({ order, shardId, cause, noticedAt: this.clock.now().getTime() });
		this.notices.add([host.id], { kind: "failover", order });
	}

	private replace(id: string, empty: boolean): boolean {
		const { database } = this;
		const old = database.row(id);
		const shard = database.shardOf(id);
		if (old === undefined || old.removed || shard === undefined) return false;
		const others = database.members(shard.index);
		const isFree = (host: Host) => !others.some(({ node }) => node.host === host);
		const host = this.hosts.find((each) => isFree(each) && this.fleet.isOnline(each.id));
		if (host === undefined || others.some(({ replaces }) => replaces === id)) return false;
		const node = newNode(`s${shard.index}-r${this.nextId()}`, shard.index, host);
		this.engines.add(node);
		database.rows.push(newRow(node, empty ? old.replaces : id));
		if (!empty) return true;
		this.remove(old);
		shard.primaryId = node.id;
		shard.failover = null;
		return true;
	}

	private retire(id: string): void {
		const row = this.database.row(id);
		if (row === undefined || row.removed || this.database.shardOf(id)?.primaryId === id) return;
		this.remove(row);
		for (const each of this.database.rows) if (each.replaces === id) each.replaces = null;
	}

	private remove(row: Row): void {
		row.removed = true;
		row.replaces = null;
	}

	private nextId(): string {
		return `${this.engines.now}-${++this.number}`;
	}
}
