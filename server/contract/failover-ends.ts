import type { Failover } from "./cache-view.ts";

/**
 * The former and the new primary, as a sentence names them. A node that moves to another host keeps its name, so the
 * hosts tell the two apart.
 */
export function failoverEnds({ from, to, fromHost, toHost }: Failover): {
	from: string;
	to: string;
} {
	if (from !== to || fromHost === null || toHost === null) return { from, to };
	return { from: `${from} on ${fromHost}`, to: `${to} on ${toHost}` };
}
