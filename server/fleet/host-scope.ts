import type { AlertInput } from "../contract/host-alert.ts";
import type { OrderResult, ReportInput } from "../contract/host-report.ts";

/** What the rule below must know about the reporting host and about what it names. */
export interface HostScope {
	hostId: string;
	now: Date;
	/** The host that runs a node; null for a node that doesn't exist (any more). */
	ownerOf(nodeId: string): string | null;
	/** The nodes of a failover order, and the one whose host carries it out; null for an unknown order. */
	orderOf(orderId: string): { executor: string; members: readonly string[] } | null;
	hasCache(cacheId: string): boolean;
	/** Whether this host's gateway is one of those that should serve the cache. */
	serves(cacheId: string): boolean;
	/** Whether this host's Sentinel is one of those that should watch the cache. */
	watches(cacheId: string): boolean;
	/** Whether the host has proved that it was once given the node that it has set aside. */
	isProven(aside: ReportInput["setAside"][number]): boolean;
}

/** A host's report about something that belongs to another host. */
export interface Overreach {
	/** Such as `metrics[].assignmentId`. */
	field: string;
	id: string;
}

/** How far the time of a metric may be ahead of this clock. */
const AHEAD_MS = 60_000;
/** Agents keep 10,000 undelivered samples: for a host with one node, those of about half a day. */
const METRICS_KEPT_MS = 24 * 3_600_000;

/**
 * The one rule for everything that a host reports: it may report on its own nodes, its own gateway and
 * Sentinel, and the orders that it was given. Reports about another host's nodes are left out and named in
 * `refused`. Reports about anything that no longer exists are left out silently, because honest hosts send
 * those too.
 */
export class HostRule {
	readonly refused: Overreach[] = [];
	readonly #scope: HostScope;

	constructor(scope: HostScope) {
		this.#scope = scope;
	}

	alert(alert: AlertInput): AlertInput {
		return {
			...alert,
			ended: this.#own("ended[].assignmentId", alert.ended),
			...(alert.growing !== undefined && {
				growing: this.#own("growing[].assignmentId", alert.growing),
			}),
			...(alert.waking !== undefined && { waking: alert.waking.filter(this.#scope.serves) }),
			orders: this.orders(alert.orders),
		};
	}

	report(report: ReportInput): ReportInput {
		const { observations, gateway, sentinel } = report;
		const { serves, watches } = this.#scope;
		return {
			...report,
			orders: this.orders(report.orders),
			observations: observations && this.#own("observations[].assignmentId", observations),
			setAside: this.#setAside(report.setAside),
			events: this.#events(report.events),
			metrics: this.#own("metrics[].assignmentId", report.metrics).filter(({ at }) =>
				this.#isCredible(at),
			),
			usage: this.#own("usage[].assignmentId", report.usage).filter(({ at }) =>
				this.#isCredible(at),
			),
			// A gateway that served a cache until a moment ago still names it, and so does a Sentinel.
			gateway: gateway && {
				...gateway,
				routes: gateway.routes.filter(({ cacheId }) => serves(cacheId)),
			},
			sentinel: sentinel && {
				...sentinel,
				caches: sentinel.caches.filter(({ cacheId }) => watches(cacheId)),
			},
		};
	}

	orders(results: readonly OrderResult[]): OrderResult[] {
		return results.filter((result) => {
			const order = this.#scope.orderOf(result.id);
			if (order === null) return false;
			if (!this.#isOwn("orders[].id", order.executor)) return false;
			const { leaderNodeId } = result;
			if (leaderNodeId === null || order.members.includes(leaderNodeId)) return true;
			this.refused.push({ field: "orders[].leaderNodeId", id: leaderNodeId });
			return false;
		});
	}

	#events(events: ReportInput["events"]): ReportInput["events"] {
		const { now, ownerOf } = this.#scope;
		return events.flatMap((event) => {
			const { assignmentId } = event;
			const exists = assignmentId !== null && ownerOf(assignmentId) !== null;
			if (exists && !this.#isOwn("events[].assignmentId", assignmentId)) return [];
			const at = new Date(event.at) > now ? now.toISOString() : event.at;
			return [{ ...event, at, assignmentId: exists ? assignmentId : null }];
		});
	}

	#setAside(setAside: ReportInput["setAside"]): ReportInput["setAside"] {
		const { ownerOf, hasCache, isProven } = this.#scope;
		return setAside.flatMap((aside) => {
			const { assignmentId, was } = aside;
			if (ownerOf(assignmentId) !== null && !this.#isOwn("setAside[].assignmentId", assignmentId)) {
				return [];
			}
			// The name of a cache that doesn't exist is information for people, and changes nothing.
			if (was === null || !hasCache(was.cacheId) || isProven(aside)) return [aside];
			this.refused.push({ field: "setAside[].was", id: was.cacheId });
			return [{ ...aside, was: null }];
		});
	}

	#own<T extends { assignmentId: string }>(field: string, items: readonly T[]): T[] {
		return items.filter(({ assignmentId }) => this.#isOwn(field, assignmentId));
	}

	#isOwn(field: string, nodeId: string): boolean {
		const owner = this.#scope.ownerOf(nodeId);
		if (owner === this.#scope.hostId) return true;
		if (owner !== null) this.refused.push({ field, id: nodeId });
		return false;
	}

	#isCredible(at: string): boolean {
		const aheadMs = new Date(at).getTime() - this.#scope.now.getTime();
		return aheadMs <= AHEAD_MS && -aheadMs <= METRICS_KEPT_MS;
	}
}
