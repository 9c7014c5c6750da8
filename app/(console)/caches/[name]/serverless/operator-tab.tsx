"use client";

import { NodesTab } from "../nodes-tab.tsx";
import { Topology } from "../topology.tsx";
import type { ServerlessCache } from "./serverless-cache.ts";

interface OperatorTabProps {
	cache: ServerlessCache;
	updatedAtMs: number;
}

/** What Larder runs for a serverless cache, for those who look after hosts. */
export function OperatorTab({ cache, updatedAtMs }: OperatorTabProps) {
	return (
		<div className="flex flex-col gap-4">
			<p className="max-w-3xl text-[0.8125rem] text-pretty text-muted">
				What Larder runs for this cache now. Clients don't depend on it: as the load changes, Larder
				changes the number of nodes and their memory.
			</p>
			<Topology cache={cache} updatedAtMs={updatedAtMs} />
			<div>
				<NodesTab cache={cache} />
			</div>
		</div>
	);
}
