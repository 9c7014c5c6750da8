"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { NODE_TYPES } from "../../../../server/contract/node-type.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { CALM_POLL_MS, useNodeTypes } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { type Draft, type FleetFacts, hasMultiAz, shardsOf } from "./draft.ts";
import { type Preview, previewPlacement } from "./preview-placement.ts";

/** The fleet's first hosts; a preview of more would tell no more. */
const HOSTS_SEEN = 100;

/** Where the draft's nodes would go now; null until hosts and node types are known. */
export function usePreview(draft: Draft, fleet: FleetFacts): Preview | null {
	const trpc = useTRPC();
	const hosts = useQuery(
		trpc.hosts.list.queryOptions(
			{ limit: HOSTS_SEEN, status: "online" },
			{ refetchInterval: CALM_POLL_MS, placeholderData: keepPreviousData },
		),
	);
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
	const items = hosts.data?.items;
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
