import type { DesiredState, WatchResult } from "../../server/contract/desired-state.ts";
import type { RouteChanges, RouteTable } from "../../server/contract/routes.ts";
import { heldNames } from "../names/held-names.ts";

/**
 * What an agent holds once it has applied an answer: the state with all routes and names. Null before the first
 * state, which routes and names never precede.
 */
export function takeAnswer(
	held: DesiredState | null,
	{ desired, routes, names }: NonNullable<WatchResult>,
): DesiredState | null {
	const state = desired ?? held;
	if (state === null) return null;
	const heldTable = held?.routeTable ?? null;
	return {
		...state,
		routeTable: routes ? takeChanges(heldTable, routes) : heldTable,
		names: heldNames(held?.names ?? null, names),
	};
}

/** The routes that an agent holds once it has applied changes. */
export function takeChanges(held: RouteTable | null, changes: RouteChanges): RouteTable {
	const { revision, whole, routes, gone, sentinelPassword } = changes;
	const replaced = new Set([...gone, ...routes.map(({ cacheId }) => cacheId)]);
	const kept = whole ? [] : (held?.routes ?? []);
	return {
		revision,
		routes: [...kept.filter(({ cacheId }) => !replaced.has(cacheId)), ...routes].sort((a, b) =>
			a.cacheId < b.cacheId ? -1 : 1,
		),
		sentinelPassword,
	};
}
