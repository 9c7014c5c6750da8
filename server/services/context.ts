import type { Access } from "../contract/access.ts";
import type { DnsSettings } from "../contract/names.ts";
import type { RateCardView } from "../contract/rate-card.ts";
import type { Charge } from "../data/charge.ts";
import type { Database } from "../data/database.ts";
import type { FailoverOrders } from "../data/failover-orders.ts";
import type { FleetState } from "../data/fleet-state.ts";
import type { Inventories } from "../data/inventories.ts";
import type { Notices } from "../data/notices.ts";
import type { RouteRegistry } from "../data/route-registry.ts";
import type { Clock } from "../platform/clock.ts";
import type { Rush } from "../platform/rush.ts";
import type { SecretBox } from "../platform/secrets.ts";
import type { Signals } from "../platform/signals.ts";
import type { LabDesk } from "./lab/lab-desk.ts";
import type { StoreShelf } from "./stores/store-shelf.ts";
import type { TransferDesk } from "./stores/transfer-desk.ts";

export interface PortRange {
	first: number;
	last: number;
}

/** An engine or a host has died, or another node leads: recovery overtakes all other work. */
export type Urgency = "urgent";

/** The dependencies of use cases. */
export interface Resources {
	db: Database;
	/** For `writeInCharge`. */
	charge: Charge;
	fleet: FleetState;
	/** The caller must wake the hosts with `wakeForNotices`. */
	notices: Notices;
	routes: RouteRegistry;
	orders: FailoverOrders;
	inventories: Inventories;
	/** On while many caches wait for failovers. */
	rush: Rush;
	secrets: SecretBox;
	stores: StoreShelf;
	transfers: TransferDesk;
	lab: LabDesk;
	/** `host:<id>` and `notices:<id>` wake that host's watch. */
	signals: Signals;
	clock: Clock;
	/** Makes the reconciler look at a cache. */
	wakeCache(cacheId: string, urgency?: Urgency): void;
	clientPorts: PortRange;
	memcachedPorts: PortRange;
	/** Ports for nodes, on each host. */
	nodePorts: PortRange;
	/**
	 * How many times over a host's memory and processors may be assigned to nodes: 1 means no overcommitment.
	 */
	overcommit: number;
	/** How long a host is silent before its nodes are replaced. */
	hostLostMs: number;
	/** Whether the disk with the control plane's own files has no room left. */
	isDiskFull(): boolean;
	/** The operator's, as it is now (services/costs/set-rate-card.ts). */
	rateCard: RateCardView;
	/** The DNS zone in which hosts answer for caches, and the port on which they do; null without one. */
	dns: DnsSettings | null;
	version: string;
}

/** Who asked for a change; the request may have ended long ago. */
export type Requester = Pick<Caller, "name">;

/** Who makes the request, and what identifies the request. */
export interface Caller {
	kind: "user" | "token" | "machine";
	/** Stable: recorded in audit rows, and owns idempotency keys. */
	actor: string;
	name: string;
	email: string | null;
	access: Access;
	/** The caller, or the owner of the token; null for the machine and for tokens that it made. */
	userId: string | null;
	/** The session that a user calls with; null for others. */
	session: { id: string; userId: string } | null;
	requestId: string;
	/** Of the client; null if no request came from outside. */
	address: string | null;
	idempotencyKey: string | null;
}
