import { SERVERLESS_NODE_TYPE } from "../contract/serverless.ts";
import type { FullNode } from "../data/cache-mapping.ts";
import type { Transaction } from "../data/database.ts";
import { RoomClaims } from "../domain/placement/room-claims.ts";
import type { Resources } from "./context.ts";
import type { NodeColumns } from "./node-columns.ts";

/**
 * Whether the node can become that size where it runs. A cordoned host keeps the nodes that it has, in any size. A
 * running Memcached gives memory back only if its agent helps it to, as with serverless ones. Otherwise a smaller one
 * needs a new process.
 */
export async function mayResize(
	{ overcommit }: Resources,
	tx: Transaction,
	node: FullNode,
	wanted: Pick<NodeColumns, "memoryBytes" | "cpuMillis">,
	claims = new RoomClaims(),
): Promise<boolean> {
	const host = await tx.host.findUniqueOrThrow({
		where: { id: node.hostId },
		include: { nodes: { where: { id: { not: node.id } } } },
	});
	const claimed = claims.on(host.id);
	const memoryBytes = host.nodes.reduce(
		(sum, each) => sum + Number(each.memoryBytes),
		claimed.memoryBytes,
	);
	const cpuMillis = host.nodes.reduce((sum, each) => sum + each.cpuMillis, claimed.cpuMillis);
	const isFixed = node.engine === "memcached" && node.nodeType !== SERVERLESS_NODE_TYPE;
	if (isFixed && wanted.memoryBytes < node.memoryBytes) return false;
	const isSmaller = wanted.memoryBytes <= node.memoryBytes && wanted.cpuMillis <= node.cpuMillis;
	return (
		isSmaller ||
		(memoryBytes + Number(wanted.memoryBytes) <= Number(host.memoryBytes) * overcommit &&
			cpuMillis + wanted.cpuMillis <= host.cpus * 1_000 * overcommit)
	);
}
