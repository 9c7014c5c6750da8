import type { RateCard } from "../contract/node-type.ts";
import type { Database } from "../data/database.ts";
import type { FailoverOrders } from "../data/failover-orders.ts";
import type { FleetState } from "../data/fleet-state.ts";
import type { Inventories } from "../data/inventories.ts";
import type { Notices } from "../data/notices.ts";
import type { Clock } from "../platform/clock.ts";
import type { SecretBox } from "../platform/secrets.ts";
import type { Signals } from "../platform/signals.ts";

export interface PortRange {
	first: number;
	last: number;
}

/** What use cases work with. */
export interface Resources {
	db: Database;
	fleet: FleetState;
	/** The caller wakes the hosts with `signals`: "notices" for all of them. */
	notices: Notices;
	orders: FailoverOrders;
	inventories: Inventories;
	secrets: SecretBox;
	/** `host:<id>` wakes that host's watch. */
	signals: Signals;
	clock: Clock;
	/** Asks the reconciler to look at a cache. */
	wakeCache(cacheId: string): void;
	clientPorts: PortRange;
	memcachedPorts: PortRange;
	/** Of nodes, on each host. */
	nodePorts: PortRange;
	/** How much more memory and processors than a host has may be given to nodes: 1 is none. */
	overcommit: number;
	/** How long a host is silent before its nodes are replaced. */
	hostLostMs: number;
	rateCard: RateCard;
	version: string;
}

/** Who asks, and how the request is known. */
export interface Caller {
	kind: "user" | "token" | "machine";
	/** Stable: stands in audit rows and owns idempotency keys. */
	actor: string;
	name: string;
	email: string | null;
	requestId: string;
	idempotencyKey: string | null;
}
