import { allNodeRows, type FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { chooseEndpointPorts } from "../../domain/placement/choose-endpoint-ports.ts";
import { bumpRoutes, wakeGateways } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { quarantineStart } from "../../services/free-ports.ts";

type EndpointPorts =
	| { ok: true; port: number; readerPort: number | null }
	| { ok: false; reason: string };

/** Ports for the cache's endpoints; those that it has now count as taken, since it asks for others. */
export async function findEndpointPorts(
	resources: Resources,
	tx: Transaction,
	cache: FullCache,
): Promise<EndpointPorts> {
	const { clientPorts, memcachedPorts, clock } = resources;
	const caches = await tx.cache.findMany({
		where: cache.portRequested ? { id: { not: cache.id } } : {},
		select: { port: true, readerPort: true },
	});
	const nodes = await tx.node.findMany({ select: { port: true } });
	const released = await tx.releasedPort.findMany({
		where: { hostId: "", releasedAt: { gt: quarantineStart(clock.now()) } },
		select: { port: true, cacheName: true },
	});
	const hasReader = cache.engine !== "memcached" && cache.clusterMode === "disabled";
	const result = chooseEndpointPorts({
		cacheName: cache.name,
		requested: cache.portRequested ? cache.port : null,
		count: hasReader ? 2 : 1,
		range: cache.engine === "memcached" ? memcachedPorts : clientPorts,
		used: new Set([
			...caches.flatMap((row) => [row.port ?? [], row.readerPort ?? []].flat()),
			...nodes.map((node) => node.port),
		]),
		quarantined: released,
	});
	if (!result.ok) return result;
	const [port, readerPort] = result.ports;
	return { ok: true, port, readerPort: readerPort ?? null };
}

/** Gives a placed cache endpoint ports, or others than it has. Returns the reason if there are none. */
export async function assignPorts(resources: Resources, cache: FullCache): Promise<string | null> {
	const reason = await resources.db.$transaction(async (tx) => {
		const ports = await findEndpointPorts(resources, tx, cache);
		if (!ports.ok) return ports.reason;
		await tx.cache.update({
			where: { id: cache.id },
			data: { port: ports.port, readerPort: ports.readerPort },
		});
		await bumpRoutes(tx, cache.id);
		return null;
	});
	wakeGateways(resources);
	return reason;
}

/** Keeps the ports of a cache that goes from other caches for a while. */
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

/** The same for single ports; `hostId` is empty for those of endpoints. */
export async function keepPorts(
	tx: Transaction,
	rows: { hostId: string; port: number; cacheName: string; releasedAt: Date }[],
): Promise<void> {
	for (const { hostId, port, ...data } of rows) {
		await tx.releasedPort.upsert({
			where: { hostId_port: { hostId, port } },
			create: { hostId, port, ...data },
			update: data,
		});
	}
}
