import type { Resources } from "../services/context.ts";

/** Wakes the hosts that changed routes concern. With DNS these are all hosts, because each answers for all names. */
export function wakeForRoutes(
	{ dns, routes, signals }: Resources,
	concerned: Iterable<string>,
): void {
	const woken = dns === null ? concerned : routes.settledHostIds;
	for (const hostId of woken) signals.notify(`host:${hostId}`);
}
