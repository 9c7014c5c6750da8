import type { StoredObservation } from "../../data/stored-observation.ts";
import type { CacheModel, ShardModel } from "../../domain/cache/model.ts";
import type { Engines } from "./engines.ts";
import type { Host, Node } from "./fleet.ts";

/** A node as the database has it. */
export interface Row {
	readonly id: string;
	readonly node: Node;
	permit: number;
	reboot: number;
	rebootPending: boolean;
	removed: boolean;
	replaces: string | null;
	stored: StoredObservation | null;
	/** When its host was last sent its assignment, in steps. */
	sentAt: number;
}

export interface ShardRow {
	readonly index: number;
	primaryId: string;
	failover: ShardModel["failover"];
	/** In milliseconds. */
	lastFailoverAt: number;
}

/** What outlives a restart of the control plane. */
export class Database {
	readonly rows: Row[];
	readonly shards: ShardRow[];
	/** When each silent host's lease expired, in steps, by host id. */
	readonly silentSince = new Map<string, number>();
	everAvailable: boolean;
	status: CacheModel["status"] = "creating";

	constructor(engines: Engines, born: boolean) {
		this.everAvailable = !born;
		this.rows = engines.nodes.map((node) => newRow(node, null));
		this.shards = Array.from({ length: engines.shards }, (_, index) => ({
			index,
			primaryId: `s${index}-1`,
			failover: null,
			lastFailoverAt: -1,
		}));
	}

	row(id: string | null): Row | undefined {
		return this.rows.find((row) => row.id === id);
	}

	members(shard: number): Row[] {
		return this.rows.filter(({ node, removed }) => node.shard === shard && !removed);
	}

	shardOf(id: string): ShardRow | undefined {
		return this.shards[this.row(id)?.node.shard ?? -1];
	}
}

export function newRow(node: Node, replaces: string | null): Row {
	return {
		...{ id: node.id, node, permit: 1, reboot: 0, rebootPending: false, removed: false },
		...{ replaces, stored: null, sentAt: Number.NEGATIVE_INFINITY },
	};
}

export function newNode(id: string, shard: number, host: Host): Node {
	return {
		...{ id, shard, host, process: null, phase: "waiting", launches: 0, launchedPermit: -1 },
		...{ rebooted: 0, kept: null, ledByFile: false, followedByFile: null, identityLost: false },
		...{ silentSince: null, startsAt: Number.POSITIVE_INFINITY },
		assigned: { leads: false, leader: "", onExit: "restart", permit: 1, reboot: 0 },
	};
}
