import { PORT_QUARANTINE_MS } from "../contract/limits.ts";
import type { Transaction } from "../data/database.ts";
import type { Resources } from "./context.ts";

/** When ports that are free for other caches by now were released at the latest. */
export function quarantineStart(now: Date): Date {
	return new Date(now.getTime() - PORT_QUARANTINE_MS);
}

/** The next port that no node has on that host, from the given node's own on; its own if all are taken. */
export async function nextFreePort(
	{ nodePorts, clock }: Resources,
	tx: Transaction,
	node: { hostId: string; port: number },
): Promise<number> {
	const onHost = await tx.node.findMany({
		where: { hostId: node.hostId },
		select: { port: true },
	});
	const released = await tx.releasedPort.findMany({
		where: { hostId: node.hostId, releasedAt: { gt: quarantineStart(clock.now()) } },
		select: { port: true },
	});
	const used = new Set([...onHost, ...released].map((other) => other.port));
	const { first, last } = nodePorts;
	const span = last - first + 1;
	let port = node.port;
	for (let i = 0; i < span && used.has(port); i++) {
		port = port + 1 > last || port + 1 < first ? first : port + 1;
	}
	return port;
}
