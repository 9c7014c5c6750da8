import type { Route } from "../../server/contract/routes.ts";
import { isSameRoute } from "./gateway-observation.ts";

/** How long HAProxy may lack endpoints that the kernel opens: starting engines need the processor more than a reload does. */
const FOLLOW_WITHIN_MS = 1_000;

/**
 * Decides how long a reload may wait, so that one reload brings HAProxy all endpoints that appear at about the
 * same time.
 */
export class ReloadDelay {
	private lacksSince: number | null = null;

	/**
	 * Milliseconds until HAProxy must have these routes; 0 if it needs them now. It may wait while it lacks only new
	 * endpoints that are open without it.
	 */
	leftMs(
		routes: readonly Route[],
		inForce: ReadonlyMap<string, Route>,
		isOpenWithoutIt: (route: Route) => boolean,
		now: number,
	): number {
		const lacking = routes.filter(({ cacheId }) => !inForce.has(cacheId));
		this.lacksSince = lacking.length === 0 ? null : (this.lacksSince ?? now);
		if (this.lacksSince === null || !lacking.every(isOpenWithoutIt)) return 0;
		const others = routes.filter((route) => !lacking.includes(route));
		const isUnchanged =
			others.length === inForce.size &&
			others.every((route) => isSameRoute(route, inForce.get(route.cacheId)));
		return isUnchanged ? Math.max(0, this.lacksSince + FOLLOW_WITHIN_MS - now) : 0;
	}
}
