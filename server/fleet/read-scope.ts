import { type ReportInput, type SetAside, setAsideProofText } from "../contract/host-report.ts";
import { equalHex, sha256Hex } from "../platform/secrets.ts";
import type { Resources } from "../services/context.ts";
import type { HostScope } from "./host-scope.ts";
import { readRoutes } from "./read-routes.ts";

/** What memory alone knows: every node that any host has reported, and all orders. */
export function scopeInMemory(
	{ fleet, orders, clock, routes }: Resources,
	hostId: string,
): HostScope {
	return {
		hostId,
		now: clock.now(),
		ownerOf: (nodeId) => fleet.placeOf(nodeId)?.hostId ?? null,
		orderOf(orderId) {
			const order = orders.find(orderId);
			if (order === null) return null;
			const { candidates, others, from } = order;
			const members = [...candidates, ...others, from].map(({ nodeId }) => nodeId);
			return { executor: candidates[0]?.nodeId ?? "", members };
		},
		hasCache: () => false,
		serves: (cacheId) => routes.serves(hostId, cacheId),
		watches: (cacheId) => routes.watches(hostId, cacheId),
		isProven: () => false,
	};
}

/** The same, with what only the database knows; most heartbeats need nothing from it. */
export async function scopeOf(
	resources: Resources,
	hostId: string,
	report: ReportInput,
): Promise<HostScope> {
	const memory = scopeInMemory(resources, hostId);
	const owners = await readOwners(resources, report, memory);
	const caches = await readCaches(resources, report);
	if (report.gateway !== null || report.sentinel !== null) await readRoutes(resources);
	return {
		...memory,
		ownerOf: (nodeId) => memory.ownerOf(nodeId) ?? owners.get(nodeId) ?? null,
		hasCache: (cacheId) => caches.has(cacheId),
		isProven({ assignmentId, was }: SetAside) {
			const systemPassword = was === null ? undefined : caches.get(was.cacheId);
			if (was === null || systemPassword === undefined) return false;
			const expected = sha256Hex(setAsideProofText(assignmentId, systemPassword()));
			return equalHex(was.proof, expected);
		},
	};
}

async function readOwners({ db }: Resources, report: ReportInput, memory: HostScope) {
	const named = [
		...(report.observations ?? []),
		...report.setAside,
		...report.events,
		...report.metrics,
		...report.usage,
	].flatMap(({ assignmentId }) => assignmentId ?? []);
	const unknown = [...new Set(named)].filter((nodeId) => memory.ownerOf(nodeId) === null);
	if (unknown.length === 0) return new Map<string, string>();
	const nodes = await db.node.findMany({
		where: { id: { in: unknown } },
		select: { id: true, hostId: true },
	});
	return new Map(nodes.map((node) => [node.id, node.hostId]));
}

/** The existing caches of nodes that are set aside, with a function that opens their system password. */
async function readCaches({ db, secrets }: Resources, { setAside }: ReportInput) {
	const named = setAside.flatMap(({ was }) => was?.cacheId ?? []);
	if (named.length === 0) return new Map<string, () => string>();
	const caches = await db.cache.findMany({
		where: { id: { in: [...new Set(named)] } },
		select: { id: true, systemPassword: true },
	});
	return new Map(
		caches.map(({ id, systemPassword }) => [
			id,
			() => secrets.open(systemPassword, `cache:${id}:system`),
		]),
	);
}
