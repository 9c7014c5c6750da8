import type { Failover } from "./cache-view.ts";

/** Both leaders for a sentence: a node that moved has handed over to itself, so the hosts distinguish them. */
export function failoverEnds({ from, to, fromHost, toHost }: Failover): {
	from: string;
	to: string;
} {
	if (from !== to || fromHost === null || toHost === null) return { from, to };
	return { from: `${from} on ${fromHost}`, to: `${to} on ${toHost}` };
}
