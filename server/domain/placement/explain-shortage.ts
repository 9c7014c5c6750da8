import { formatCpus, formatGib } from "../../contract/units.ts";
import type { Alternative, PlacementHost, PlacementRequest } from "./request.ts";

/** Why this many nodes of this size don't fit, and what would. */
export function explainShortage(request: PlacementRequest): string {
	const { hosts, shards, nodeMemoryBytes, nodeCpuMillis, multiAz } = request;
	const wanted = shards.reduce((sum, members) => sum + members, 0);
	const size = { name: "", memoryBytes: nodeMemoryBytes, cpuMillis: nodeCpuMillis };
	const room = hosts.reduce((sum, host) => sum + roomFor(host, size), 0);
	const what = `${formatGib(nodeMemoryBytes)} and ${formatCpus(nodeCpuMillis)}`;
	const zonesWithRoom = new Set(
		hosts.filter((host) => roomFor(host, size) > 0).map((host) => host.zone),
	);
	const wayOut = suggest(request, wanted, room);
	if (multiAz && room >= wanted) {
		const where =
			zonesWithRoom.size === 1
				? `only zone ${[...zonesWithRoom].join(", ")} has it`
				: `the free hosts can't be paired across zones (${describe(hosts, size)})`;
		return `Multi-AZ needs room for nodes of ${what} in two zones for every shard, and ${where}. ${wayOut}`;
	}
	return `No capacity: ${wanted} node${wanted === 1 ? "" : "s"} of ${what} wanted, room for ${room} (free: ${describe(hosts, size)}). ${wayOut}`;
}

/** Why a node can't go anywhere, and what would let it, a sentence or two each. */
export interface NoMove {
	reason: string;
	remedy: string;
}

/** Why no other host can take a node. `eligible` are the hosts that may take it. */
export function explainNoMove(
	request: Pick<PlacementRequest, "hosts" | "nodeMemoryBytes" | "nodeCpuMillis" | "zones">,
	eligible: readonly PlacementHost[],
): NoMove {
	const { hosts, nodeMemoryBytes, nodeCpuMillis, zones } = request;
	const where = zones === null ? "" : ` in zone ${zones.join(" or ")}`;
	const what = `${formatGib(nodeMemoryBytes)} and ${formatCpus(nodeCpuMillis)}`;
	const add = `Add a host${where} with ${what} free, or uncordon one`;
	if (eligible.length === 0) {
		const others = hosts.map((host) => `${host.name} (zone ${host.zone})`).join(", ");
		const reason =
			others === ""
				? "No other host accepts nodes now."
				: `No other host is suitable: each already has a node of the same shard, or is in a zone that doesn't help (${others}).`;
		return { reason, remedy: `${add}.` };
	}
	const size = { name: "", memoryBytes: nodeMemoryBytes, cpuMillis: nodeCpuMillis };
	return {
		reason: `No capacity: the node needs ${what}, and no other host has that free (${describe(eligible, size)}).`,
		remedy: `${add}; or delete caches on ${eligible.map(({ name }) => name).join(" or ")}.`,
	};
}

function roomFor(host: PlacementHost, size: Alternative): number {
	return Math.max(
		0,
		Math.min(
			Math.floor(host.freeMemoryBytes / size.memoryBytes),
			Math.floor(host.freeCpuMillis / size.cpuMillis),
		),
	);
}

/** Each host with its free room, and how many such nodes fit there. */
function describe(hosts: readonly PlacementHost[], size: Alternative): string {
	return hosts
		.map((host) => {
			const nodes = roomFor(host, size);
			return `${host.name} ${formatGib(Math.max(0, host.freeMemoryBytes))} and ${formatCpus(Math.max(0, host.freeCpuMillis))}: ${nodes === 0 ? "none" : nodes}`;
		})
		.join(", ");
}

export const CONTINUES = {
	creation: "creation then continues",
	growth: "the change then continues",
} as const;

function suggest(request: PlacementRequest, wanted: number, room: number): string {
	const ways: string[] = [];
	const smaller = request.alternatives
		.filter((type) => type.memoryBytes < request.nodeMemoryBytes)
		.sort((a, b) => b.memoryBytes - a.memoryBytes)
		.find((type) => request.hosts.reduce((sum, host) => sum + roomFor(host, type), 0) >= wanted);
	if (smaller !== undefined) ways.push(`choose ${smaller.name}, which would fit`);
	if (room > 0 && room < wanted) {
		ways.push(`ask for at most ${room} node${room === 1 ? "" : "s"}`);
	}
	const others = ways.length === 0 ? "" : ` Or ${ways.join(", or ")}, in a new request.`;
	return `Delete caches, or add a host; ${CONTINUES[request.purpose]}.${others}`;
}
