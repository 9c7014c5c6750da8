import { formatGib } from "../../contract/units.ts";

export interface PlacementHost {
	id: string;
	name: string;
	zone: string;
	freeMemoryBytes: number;
	usedPorts: ReadonlySet<number>;
}

export interface PlacementRequest {
	/** Online hosts only. */
	hosts: readonly PlacementHost[];
	nodeCount: number;
	nodeMemoryBytes: number;
	/** Insist on at least two zones. */
	multiAz: boolean;
	/** Port that the user named for the primary, or null to choose from the range. */
	port: number | null;
	portRange: { first: number; last: number };
}

export interface Placement {
	hostId: string;
	port: number;
}

export type PlacementResult = { ok: true; placements: Placement[] } | { ok: false; reason: string };

/**
 * Chooses hosts and ports for one shard; the first placement is the primary's.
 * Spread comes first (zones, then hosts), free memory second. Same input, same answer.
 */
export function placeNodes(request: PlacementRequest): PlacementResult {
	const { hosts, multiAz } = request;
	if (hosts.length === 0) {
		return {
			ok: false,
			reason:
				"No host is online. Start Larder's agent on a host, or add one with larder agent --join.",
		};
	}
	const zones = new Set(hosts.map((host) => host.zone));
	if (multiAz && zones.size < 2) {
		return {
			ok: false,
			reason: `Multi-AZ needs hosts online in two zones or more, and all are in ${[...zones].join(", ")}. Add a host in another zone with larder agent --join … --zone …; creation then goes on.`,
		};
	}
	const chosen = chooseHosts(request);
	if (chosen === null) return { ok: false, reason: explainShortage(request) };
	if (multiAz && new Set(chosen.map((host) => host.zone)).size < 2) {
		return {
			ok: false,
			reason: `Multi-AZ needs room for a ${formatGib(request.nodeMemoryBytes)} node in two zones, and only ${chosen[0]?.zone} has it. Delete caches or add a host in another zone; creation then goes on.`,
		};
	}
	const placements = choosePorts(chosen, request);
	if (placements === null) {
		return {
			ok: false,
			reason:
				request.port === null
					? `No client port from ${request.portRange.first} to ${request.portRange.last} is left on the hosts with room. Delete caches or add a host.`
					: `Port ${request.port} already serves another cache on every host with room. Delete that cache, add a host, or create this one with another port.`,
		};
	}
	return { ok: true, placements };
}

function chooseHosts(request: PlacementRequest): PlacementHost[] | null {
	const chosen: PlacementHost[] = [];
	const inZone = new Map<string, number>();
	const onHost = new Map<string, number>();
	for (let i = 0; i < request.nodeCount; i++) {
		const candidates = request.hosts.filter((host) => {
			const taken = (onHost.get(host.id) ?? 0) * request.nodeMemoryBytes;
			const portFree = i > 0 || request.port === null || !host.usedPorts.has(request.port);
			return portFree && host.freeMemoryBytes - taken >= request.nodeMemoryBytes;
		});
		candidates.sort(
			(a, b) =>
				(inZone.get(a.zone) ?? 0) - (inZone.get(b.zone) ?? 0) ||
				(onHost.get(a.id) ?? 0) - (onHost.get(b.id) ?? 0) ||
				b.freeMemoryBytes - a.freeMemoryBytes ||
				a.name.localeCompare(b.name),
		);
		const host = candidates[0];
		if (host === undefined) return null;
		chosen.push(host);
		inZone.set(host.zone, (inZone.get(host.zone) ?? 0) + 1);
		onHost.set(host.id, (onHost.get(host.id) ?? 0) + 1);
	}
	return chosen;
}

/** One port for the whole cache where the hosts allow it, because that is what people expect; else the next ones up. */
function choosePorts(chosen: PlacementHost[], request: PlacementRequest): Placement[] | null {
	const { first, last } = request.portRange;
	let base = request.port;
	for (let port = first; base === null && port <= last; port++) {
		if (chosen.every((host) => !host.usedPorts.has(port))) base = port;
	}
	if (base === null) return null;
	const taken = new Set<string>();
	const placements: Placement[] = [];
	for (const host of chosen) {
		const port = nextFreePort(host, base, taken, request.portRange);
		if (port === null) return null;
		taken.add(`${host.id}:${port}`);
		placements.push({ hostId: host.id, port });
	}
	return placements;
}

function nextFreePort(
	host: PlacementHost,
	wanted: number,
	taken: ReadonlySet<string>,
	range: { first: number; last: number },
): number | null {
	const free = (port: number) => !host.usedPorts.has(port) && !taken.has(`${host.id}:${port}`);
	if (free(wanted)) return wanted;
	for (let port = range.first; port <= range.last; port++) {
		if (free(port)) return port;
	}
	return null;
}

function explainShortage(request: PlacementRequest): string {
	const { hosts, nodeMemoryBytes, nodeCount } = request;
	const withPort =
		request.port === null ? hosts : hosts.filter((host) => !host.usedPorts.has(request.port ?? 0));
	if (withPort.length === 0) {
		return `Port ${request.port} already serves another cache on every host. Delete that cache, add a host, or create this one with another port.`;
	}
	const room = hosts.reduce(
		(sum, host) => sum + Math.max(0, Math.floor(host.freeMemoryBytes / nodeMemoryBytes)),
		0,
	);
	const free = hosts
		.map((host) => `${host.name} ${formatGib(Math.max(0, host.freeMemoryBytes))}`)
		.join(", ");
	return `No capacity: ${nodeCount} node${nodeCount === 1 ? "" : "s"} of ${formatGib(nodeMemoryBytes)} wanted, room for ${room} (free: ${free}). Delete caches, or add a host with larder agent --join; creation then goes on.`;
}
