"use client";

import { useMemo } from "react";
import { NODE_TYPES } from "../../../../server/contract/node-type-catalog.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { useNodeTypes } from "../../../_lib/queries.ts";
import { type Draft, type FleetFacts, hasMultiAz, shardsOf } from "./draft.ts";
import { type Preview, previewPlacement } from "./preview-placement.ts";
import { useOnlineHosts } from "./use-online-hosts.ts";

/** Where the draft's nodes would go now; null until hosts and node types are known. */
export function usePreview(draft: Draft, fleet: FleetFacts): Preview | null {
	const nodeTypes = useNodeTypes();
	const type = nodeTypes.data?.items.find(({ name }) => name === draft.nodeType);
	const size = type ?? NODE_TYPES.get(draft.nodeType);
	const memoryBytes = size?.memoryBytes;
	const cpuMillis = size?.cpuMillis;
	const multiAz = hasMultiAz(draft, fleet);
	const isMemcached = draft.engine === "memcached";
	const shards = shardsOf(draft);
	const nodesPerShard = isMemcached ? draft.nodes : draft.replicas + 1;
	const { zones } = draft;
	const items = useOnlineHosts();
	return useMemo(() => {
		if (items === undefined || memoryBytes === undefined || cpuMillis === undefined) return null;
		return previewPlacement({
			hosts: items.map((host) => ({
				...host,
				freeMemoryBytes: host.memoryBytes - host.memoryAssignedBytes,
				freeCpuMillis: host.cpus * 1_000 - host.cpuMillisAssigned,
			})),
			shards,
			nodesPerShard,
			isMemcached,
			multiAz,
			nodeMemoryBytes: memoryBytes,
			nodeCpuMillis: cpuMillis,
			zones,
			formatBytes,
		});
	}, [items, memoryBytes, cpuMillis, multiAz, shards, nodesPerShard, isMemcached, zones]);
}
