import type { Resources } from "../services/context.ts";

/** Wakes the hosts that changed routes concern: all hosts where there are names, which each of them answers for. */
export function wakeForRoutes(
	{ dns, routes, signals }: Resources,
	concerned: Iterable<string>,
): void {
	const woken = dns === null ? concerned : routes.settledHostIds;
	for (const hostId of woken) signals.notify(`host:${hostId}`);
}
