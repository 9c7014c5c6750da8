"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { NODE_TYPES } from "../../../../server/contract/node-type.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { CALM_POLL_MS, useNodeTypes } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { type Draft, shardsOf } from "./draft.ts";
import { type Preview, previewPlacement } from "./preview-placement.ts";

/** The fleet's first hosts; a preview of more would tell no more. */
const HOSTS_SEEN = 100;

/** Where the draft's nodes would go now; null until hosts and node types are known. */
export function usePreview(draft: Draft): Preview | null {
	const trpc = useTRPC();
	const hosts = useQuery(
		trpc.hosts.list.queryOptions(
			{ limit: HOSTS_SEEN, status: "online" },
			{ refetchInterval: CALM_POLL_MS, placeholderData: keepPreviousData },
		),
	);
	const nodeTypes = useNodeTypes();
	const type = nodeTypes.data?.items.find(({ name }) => name === draft.nodeType);
	const memoryBytes = type?.memoryBytes ?? NODE_TYPES.get(draft.nodeType)?.memoryBytes;
	const isMemcached = draft.engine === "memcached";
	const shards = shardsOf(draft);
	const nodesPerShard = isMemcached ? draft.nodes : draft.replicas + 1;
	const { zones } = draft;
	const items = hosts.data?.items;
	return useMemo(() => {
		if (items === undefined || memoryBytes === undefined) return null;
		return previewPlacement({
			hosts: items.map((host) => ({
				...host,
				freeMemoryBytes: host.memoryBytes - host.memoryAssignedBytes,
			})),
			shards,
			nodesPerShard,
			isMemcached,
			nodeMemoryBytes: memoryBytes,
			zones,
			formatBytes,
		});
	}, [items, memoryBytes, shards, nodesPerShard, isMemcached, zones]);
}
