import type { Route, RouteTable } from "../../server/contract/routes.ts";

/** How long a notice outweighs newer tables that still name the earlier primary. */
const OUTWEIGHS_FOR_MS = 30_000;

interface Preference {
	readonly nodeId: string;
	/** Revision of the table that was held when the notice arrived, and the primary that it named. */
	readonly revision: number;
	readonly named: string | null;
	readonly at: number;
}

/**
 * The primaries according to notices, which arrive before the route table says the same. A table made before
 * the failover may still arrive after its notice, even with a higher revision, if another cache changed in
 * between. So a notice outweighs the current table, older ones, and for some time newer ones that name the
 * same node as the current one: those don't include the failover yet. A table that names any other node is
 * newer than the notice.
 */
export class LeaderPreferences {
	private readonly byCache = new Map<string, Preference>();

	note(cacheId: string, nodeId: string, held: RouteTable | null, now: number): void {
		const route = held?.routes.find((each) => each.cacheId === cacheId);
		this.byCache.set(cacheId, {
			nodeId,
			revision: held?.revision ?? -1,
			named: route === undefined ? null : leaderIn(route),
			at: now,
		});
	}

	/** The routes of a table of that revision, with the primaries that notices name. */
	applyTo(routes: readonly Route[], revision: number, now: number): readonly Route[] {
		if (this.byCache.size === 0) return routes;
		return routes.map((route) => {
			const preference = this.byCache.get(route.cacheId);
			if (preference === undefined || !holds(preference, route, revision, now)) return route;
			const { nodeId } = preference;
			if (!route.servers.some((server) => server.nodeId === nodeId)) return route;
			const servers = route.servers.map((server) => ({
				...server,
				leads: server.nodeId === nodeId,
			}));
			return { ...route, servers };
		});
	}
}

function holds({ at, named, ...held }: Preference, route: Route, revision: number, now: number) {
	if (revision === held.revision) return true;
	if (now - at > OUTWEIGHS_FOR_MS) return false;
	return revision < held.revision || leaderIn(route) === named;
}

function leaderIn({ servers }: Route): string | null {
	return servers.find((server) => server.leads)?.nodeId ?? null;
}
