import type { Route, RouteTable } from "../../server/contract/agent.ts";

/** How long a notice outweighs newer tables that still say what was said before it. */
const OUTWEIGHS_FOR_MS = 30_000;

interface Preference {
	readonly nodeId: string;
	/** Of the table that was held when the notice came, and whom it named. */
	readonly revision: number;
	readonly named: string | null;
	readonly at: number;
}

/**
 * Who leads by notices, which come before the route table says the same. A table that was made before the failover may
 * still arrive after its notice, even with a higher revision, when another cache changed in between. So a notice holds
 * against the table that was held, against older ones, and for some time against newer ones that name whom the held one
 * named: those don't know of the failover yet. A table that names anyone else knows more than the notice.
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

	/** These routes of a table of that revision, with whom notices name as leaders. */
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
