/** A port that a deleted cache had and that clients may still use. */
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
	/** Ports of other caches' endpoints and of nodes on any host: gateways listen on all hosts. */
	used: ReadonlySet<number>;
	quarantined: readonly QuarantinedPort[];
}

export type EndpointPortsResult =
	| { ok: true; ports: [number, ...number[]] }
	| { ok: false; reason: string };

/**
 * Endpoint ports of a cache, the lowest free ones of the range. A port in quarantine goes to no other cache than one
 * of the same name: clients that still know it would talk to a stranger.
 */
export function chooseEndpointPorts(request: EndpointPortsRequest): EndpointPortsResult {
	const { requested, count, range, used, quarantined, cacheName } = request;
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
				reason: `Port ${requested} was that of cache ${before} until a few minutes ago, whose clients may still use it. Creation goes on when it is free; or create this cache with another port.`,
			};
		}
		chosen.push(requested);
	}
	for (let port = range.first; port <= range.last && chosen.length < count; port++) {
		if (!used.has(port) && !kept.has(port) && !chosen.includes(port)) chosen.push(port);
	}
	const [first, ...rest] = chosen;
	if (first === undefined || chosen.length < count) {
		return {
			ok: false,
			reason: `No endpoint port from ${range.first} to ${range.last} is left. Delete caches, or start the control plane with a larger range.`,
		};
	}
	return { ok: true, ports: [first, ...rest] };
}
