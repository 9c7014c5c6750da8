import type { PreviewNode, PreviewShard } from "../../contract/index.ts";
import { allNodeRows, type FullCache } from "../../data/cache-mapping.ts";
import { shardName } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import type { PreviewDelta } from "./part-preview.ts";

/** The cache's shards and nodes as they will be, with what leaves marked instead of left out. */
export async function previewTopology(
	tx: Transaction,
	row: FullCache,
	deltas: readonly PreviewDelta[],
): Promise<PreviewShard[]> {
	const hosts = await tx.host.findMany({ select: { id: true, name: true, zone: true } });
	const placeOf = (hostId: string) => {
		const host = hosts.find(({ id }) => id === hostId);
		return { host: host?.name ?? hostId, zone: host?.zone ?? "" };
	};
	const shards = presentShards(row);
	const nodes = () => shards.flatMap((shard) => shard.nodes);
	for (const delta of deltas) {
		switch (delta.kind) {
			case "shard": {
				const { id, change, slots } = delta;
				const shard = shards.find((each) => each.id === id);
				if (shard === undefined) shards.push({ id, change, slotsBefore: "", slots, nodes: [] });
				else Object.assign(shard, { change, slots });
				break;
			}
			case "add-node": {
				const added = { node: null, role: delta.role, change: "added", from: null } as const;
				const shard = shards.find(({ id }) => id === delta.shard);
				shard?.nodes.push({ ...added, ...placeOf(delta.hostId) });
				break;
			}
			case "remove-node":
				change(nodes(), delta.node, () => ({ change: "removed" }));
				break;
			case "change-node":
				change(nodes(), delta.node, () => ({ change: "changed" }));
				break;
			case "replace-node":
				change(nodes(), delta.node, ({ host, from }) => {
					const place = placeOf(delta.hostId);
					if (place.host === host) return { change: "changed" };
					return { change: "moved", ...place, from: from ?? host };
				});
				break;
		}
	}
	return shards;
}

function presentShards(row: FullCache): PreviewShard[] {
	const rows = allNodeRows(row).filter(
		({ replacesNodeId, leavingAt }) => replacesNodeId === null && leavingAt === null,
	);
	return row.shards.map(({ id, index, slots, primaryNodeId }) => ({
		...{ id: shardName(index), change: "none", slotsBefore: slots, slots },
		nodes: rows
			.filter(({ shardId }) => shardId === id)
			.map((node) => ({
				node: node.name,
				role:
					row.engine === "memcached" ? "node" : node.id === primaryNodeId ? "primary" : "replica",
				...{ zone: node.host.zone, host: node.host.name, change: "none", from: null },
			})),
	}));
}

/** A node that leaves isn't also drawn as changed. */
function change(
	nodes: readonly PreviewNode[],
	name: string,
	difference: (node: PreviewNode) => Partial<PreviewNode>,
): void {
	const node = nodes.find((each) => each.node === name);
	if (node !== undefined && node.change !== "removed") Object.assign(node, difference(node));
}
