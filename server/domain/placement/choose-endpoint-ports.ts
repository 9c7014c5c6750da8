/** A deleted cache's port that clients may still use. */
export interface QuarantinedPort {
	port: number;
	cacheName: string;
}

export interface EndpointPortsRequest {
	cacheName: string;
	/** The port that the user insists on, for the first endpoint. */
	requested: number | null;
	/** 1, or 2 with a reader endpoint. */
	count: 1 | 2;
	range: { first: number; last: number };
	/** Ports of other caches' endpoints and of nodes on any host: any host may come to serve the cache. */
	used: ReadonlySet<number>;
	quarantined: readonly QuarantinedPort[];
	/** Ports that another program holds on some host. */
	refused: ReadonlySet<number>;
}

export type EndpointPortsResult =
	| { ok: true; ports: [number, ...number[]] }
	| { ok: false; reason: string };

/**
 * Endpoint ports of a cache: the lowest free ones of the range. A port in quarantine goes only to a cache of
 * the same name, because clients that still know it would reach another cache. A port that the user insists on
 * is given even if a host refused it: the user may stop that other program.
 */
export function chooseEndpointPorts(request: EndpointPortsRequest): EndpointPortsResult {
	const { requested, count, range, used, quarantined, refused, cacheName } = request;
	const kept = new Set(
		quarantined.filter((entry) => entry.cacheName !== cacheName).map((entry) => entry.port),
	);
	const chosen: number[] = [];
	if (requested !== null) {
		if (used.has(requested)) {
			return {
				ok: false,
				reason: `Port ${requested} already serves another cache or node. Delete that cache, or create this one with another port.`,
			};
		}
		if (kept.has(requested)) {
			const before = quarantined.find((entry) => entry.port === requested)?.cacheName;
			return {
				ok: false,
				reason: `Cache ${before} used port ${requested} until a few minutes ago, and its clients may still connect to it. Creation continues when the port is free. To avoid the wait, create this cache with another port.`,
			};
		}
		chosen.push(requested);
	}
	for (let port = range.first; port <= range.last && chosen.length < count; port++) {
		const isFree = !used.has(port) && !kept.has(port) && !refused.has(port);
		if (isFree && !chosen.includes(port)) chosen.push(port);
	}
	const [first, ...rest] = chosen;
	if (first === undefined || chosen.length < count) {
		return {
			ok: false,
			reason: `No endpoint port from ${range.first} to ${range.last} is left${heldByOthers(range, refused)}. Delete caches, or start the control plane with a larger range (LARDER_CLIENT_PORTS or LARDER_MEMCACHED_PORTS).`,
		};
	}
	return { ok: true, ports: [first, ...rest] };
}

/** For the sentence that says why no port is left. */
function heldByOthers(
	range: { first: number; last: number },
	refused: ReadonlySet<number>,
): string {
	const count = [...refused].filter((port) => port >= range.first && port <= range.last).length;
	if (count === 0) return "";
	return ` (other programs on the hosts hold ${count === 1 ? "one of them" : `${count} of them`})`;
}
