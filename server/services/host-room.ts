import type { FullNode } from "../data/cache-mapping.ts";
import type { Transaction } from "../data/database.ts";
import type { Resources } from "./context.ts";
import type { NodeColumns } from "./node-columns.ts";

/**
 * Whether the node can become that size where it runs. A cordoned host keeps the nodes that it has, in any size. A
 * running Memcached never gives memory back, so a smaller one needs a new process.
 */
export async function mayResize(
	{ overcommit }: Resources,
	tx: Transaction,
	node: FullNode,
	wanted: Pick<NodeColumns, "memoryBytes" | "cpuMillis">,
): Promise<boolean> {
	const host = await tx.host.findUniqueOrThrow({
		where: { id: node.hostId },
		include: { nodes: { where: { id: { not: node.id } } } },
	});
	const memoryBytes = host.nodes.reduce((sum, each) => sum + Number(each.memoryBytes), 0);
	const cpuMillis = host.nodes.reduce((sum, each) => sum + each.cpuMillis, 0);
	if (node.engine === "memcached" && wanted.memoryBytes < node.memoryBytes) return false;
	const isSmaller = wanted.memoryBytes <= node.memoryBytes && wanted.cpuMillis <= node.cpuMillis;
	return (
		isSmaller ||
		(memoryBytes + Number(wanted.memoryBytes) <= Number(host.memoryBytes) * overcommit &&
			cpuMillis + wanted.cpuMillis <= host.cpus * 1_000 * overcommit)
	);
}
