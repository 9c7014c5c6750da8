import { PORT_QUARANTINE_MS } from "../contract/limits.ts";
import type { Transaction } from "../data/database.ts";
import type { Resources } from "./context.ts";

/** Ports released before this time are free for other caches now. */
export function quarantineStart(now: Date): Date {
	return new Date(now.getTime() - PORT_QUARANTINE_MS);
}

/**
 * The next port on that host, after the given node's own, that no node has and no other program was seen
 * to hold; null if none is left.
 */
export async function nextFreePort(
	{ nodePorts, clock, fleet }: Resources,
	tx: Transaction,
	node: { hostId: string; port: number },
): Promise<number | null> {
	const onHost = await tx.node.findMany({
		where: { hostId: node.hostId },
		select: { port: true },
	});
	const released = await tx.releasedPort.findMany({
		where: { hostId: node.hostId, releasedAt: { gt: quarantineStart(clock.now()) } },
		select: { port: true },
	});
	const abandoned = await tx.abandonedNode.findMany({
		where: { hostId: node.hostId },
		select: { port: true },
	});
	const used = new Set([
		...[...onHost, ...released, ...abandoned].map((other) => other.port),
		...fleet.refusedPorts.on(node.hostId),
	]);
	const { first, last } = nodePorts;
	const range = Array.from({ length: last - first + 1 }, (_, index) => first + index);
	const isFree = (port: number) => port !== node.port && !used.has(port);
	return range.find((port) => port > node.port && isFree(port)) ?? range.find(isFree) ?? null;
}
