import type { Route, RouteChanges } from "../contract/routes.ts";
import type { NamedCache } from "../domain/names/name-records.ts";

/** A cache's route as it is in the database. */
export interface StoredRoute {
	readonly cacheId: string;
	/** The revision in which it last changed. */
	readonly revision: number;
	/** Hosts whose gateways serve it. */
	readonly hostIds: readonly string[];
	/** Null for a cache without endpoints: one that is being deleted, or isn't placed. */
	readonly route: Route | null;
	readonly nodes: NamedCache["nodes"];
}

/** What has changed for a host since a revision that it holds. */
interface View {
	since: number;
	/** Revisions in which routes last changed, by cache. Includes caches that the host no longer serves. */
	readonly changedAt: Map<string, number>;
}

/**
 * All caches' routes in memory, and which changes concern which host. Everything in it is read from the
 * database (fleet/read-routes.ts).
 */
export class RouteRegistry {
	readonly #routes = new Map<string, StoredRoute>();
	/** No entry for a host that hasn't asked yet: it gets all of its routes. */
	readonly #views = new Map<string, View>();
	#revision = -1;
	/** The hosts, with their zones, among which each cache's hosts have been chosen. */
	#settled: ReadonlyMap<string, string> = new Map();

	#changes = 0;

	/** The newest revision that it contains; -1 before the first reading. */
	get revision(): number {
		return this.#revision;
	}

	/** Rises with each change of routes, and when hosts have come or gone. */
	get changes(): number {
		return this.#changes;
	}

	/** Takes everything that has changed up to a revision. Returns the hosts that this concerns. */
	take(changed: readonly StoredRoute[], revision: number): Set<string> {
		const concerned = new Set<string>();
		for (const stored of changed) {
			const { cacheId, route } = stored;
			const after = route === null ? [] : stored.hostIds;
			for (const hostId of [...this.hostsOf(cacheId), ...after]) {
				this.#views.get(hostId)?.changedAt.set(cacheId, stored.revision);
				concerned.add(hostId);
			}
			if (route === null) this.#routes.delete(cacheId);
			else this.#routes.set(cacheId, stored);
		}
		this.#revision = revision;
		this.#changes++;
		return concerned;
	}

	/**
	 * What a host that holds its routes of a revision (-1: none) must receive; null for nothing. A host that holds an
	 * older revision than it held before gets all of its routes.
	 */
	newer(hostId: string, held: number): Omit<RouteChanges, "sentinelPassword"> | null {
		// Nothing has been decided yet for a host that was lost until now: it keeps what it serves.
		if (!this.#settled.has(hostId)) return null;
		const view = this.#views.get(hostId);
		if (view === undefined || held < view.since) return this.#whole(hostId);
		for (const [cacheId, at] of view.changedAt) if (at <= held) view.changedAt.delete(cacheId);
		view.since = held;
		if (view.changedAt.size === 0) return null;
		const changed = [...view.changedAt.keys()];
		return {
			...{ revision: this.#revision, whole: false },
			routes: changed.flatMap((cacheId) => this.#routeFor(hostId, cacheId) ?? []),
			gone: changed.filter((cacheId) => !this.serves(hostId, cacheId)),
		};
	}

	/** Hosts whose gateways serve a cache. */
	hostsOf(cacheId: string): readonly string[] {
		return this.#routes.get(cacheId)?.hostIds ?? [];
	}

	serves(hostId: string, cacheId: string): boolean {
		return this.hostsOf(cacheId).includes(hostId);
	}

	/** Whether the host's Sentinel should watch the cache. */
	watches(hostId: string, cacheId: string): boolean {
		return this.#routes.get(cacheId)?.route?.sentinel?.hosts.includes(hostId) === true;
	}

	/** What names are made from. */
	*named(): Iterable<NamedCache> {
		for (const { route, hostIds, nodes } of this.#routes.values()) {
			if (route === null) continue;
			yield { name: route.cacheName, ports: route.ports, servedBy: hostIds, nodes };
		}
	}

	get settledHostIds(): Iterable<string> {
		return this.#settled.keys();
	}

	isSettledFor(hosts: readonly { id: string; zone: string }[]): boolean {
		return (
			hosts.length === this.#settled.size &&
			hosts.every(({ id, zone }) => this.#settled.get(id) === zone)
		);
	}

	/**
	 * Records that each cache's hosts have been chosen from these. Returns the ids of those that weren't among them
	 * before.
	 */
	settle(hosts: readonly { id: string; zone: string }[]): string[] {
		const before = this.#settled;
		this.#settled = new Map(hosts.map(({ id, zone }) => [id, zone]));
		this.#changes++;
		for (const id of this.#views.keys()) if (!this.#settled.has(id)) this.#views.delete(id);
		return [...this.#settled.keys()].filter((id) => !before.has(id));
	}

	#whole(hostId: string): Omit<RouteChanges, "sentinelPassword"> {
		this.#views.set(hostId, { since: this.#revision, changedAt: new Map() });
		return {
			...{ revision: this.#revision, whole: true, gone: [] },
			routes: [...this.#routes.keys()].flatMap((id) => this.#routeFor(hostId, id) ?? []),
		};
	}

	/** Without the login of a Sentinel that the host doesn't run for this cache. */
	#routeFor(hostId: string, cacheId: string): Route | null {
		const { route = null } = this.#routes.get(cacheId) ?? {};
		if (route === null || !this.serves(hostId, cacheId)) return null;
		return this.watches(hostId, cacheId) ? route : { ...route, sentinel: null };
	}
}
