import { allNodeRows, type FullCache, hasPrimaryEndpoint } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Transaction } from "../../data/database.ts";
import { readEndpointPorts, readNodePorts } from "../../data/host-room.ts";
import { chooseEndpointPorts } from "../../domain/placement/choose-endpoint-ports.ts";
import { bumpRoutes, wakeGateways } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { quarantineStart } from "../../services/free-ports.ts";
import { keepPorts } from "../../services/keep-ports.ts";

type EndpointPorts =
	| { ok: true; port: number; readerPort: number | null }
	| { ok: false; reason: string };

/** Ports for the cache's endpoints. Its current ones count as free, unless a host has refused them. */
export async function findEndpointPorts(
	resources: Resources,
	tx: Transaction,
	cache: FullCache,
): Promise<EndpointPorts> {
	const { clientPorts, memcachedPorts, clock, fleet } = resources;
	const endpoints = await readEndpointPorts(tx, cache.id);
	const nodes = await readNodePorts(tx);
	const released = await tx.releasedPort.findMany({
		where: { hostId: "", releasedAt: { gt: quarantineStart(clock.now()) } },
		select: { port: true, cacheName: true },
	});
	const abandoned = await tx.abandonedNode.findMany({
		select: { cacheName: true, endpointPorts: true },
	});
	const result = chooseEndpointPorts({
		cacheName: cache.name,
		requested: cache.portRequested ? cache.port : null,
		count: hasPrimaryEndpoint(cache) ? 2 : 1,
		range: cache.engine === "memcached" ? memcachedPorts : clientPorts,
		used: new Set([...endpoints, ...nodes]),
		quarantined: [
			...released,
			...abandoned.flatMap(({ cacheName, endpointPorts }) =>
				endpointPorts.map((port) => ({ port, cacheName })),
			),
		],
		refused: fleet.refusedPorts.anywhere(),
	});
	if (!result.ok) return result;
	const [port, readerPort] = result.ports;
	return { ok: true, port, readerPort: readerPort ?? null };
}

/** Gives a placed cache endpoint ports, or different ones. Returns the reason if there are none. */
export async function assignPorts(resources: Resources, cache: FullCache): Promise<string | null> {
	const reason = await writeInCharge(resources, async (tx) => {
		const ports = await findEndpointPorts(resources, tx, cache);
		if (!ports.ok) return ports.reason;
		await tx.cache.update({
			where: { id: cache.id },
			data: { port: ports.port, readerPort: ports.readerPort },
		});
		await bumpRoutes(tx, [cache.id]);
		return null;
	});
	wakeGateways(resources);
	return reason;
}

/** Keeps the ports of a removed cache from other caches for a while. */
export async function quarantinePorts(
	tx: Transaction,
	cache: FullCache,
	releasedAt: Date,
): Promise<void> {
	const endpoints = [cache.port, cache.readerPort].flatMap((port) => port ?? []);
	await keepPorts(tx, [
		...endpoints.map((port) => ({ hostId: "", port, cacheName: cache.name, releasedAt })),
		...allNodeRows(cache).map(({ hostId, port }) => ({
			hostId,
			port,
			cacheName: cache.name,
			releasedAt,
		})),
	]);
}
