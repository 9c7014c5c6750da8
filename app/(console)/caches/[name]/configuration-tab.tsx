"use client";

import type { ReactNode } from "react";
import type { Cache } from "../../../../server/contract/cache.ts";
import { NODE_TYPES } from "../../../../server/contract/node-type.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { DataTable } from "../../../_ui/data-table.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { Time } from "../../../_ui/time.tsx";
import { topologyWords } from "./cache-header.tsx";

function facts(cache: Cache): [string, ReactNode][] {
	const type = NODE_TYPES[cache.nodeType];
	return [
		["Name", cache.name],
		["Description", cache.description === "" ? "–" : cache.description],
		["Engine", `Valkey ${cache.engineVersion}`],
		["Kind", "Provisioned"],
		["Node type", `${cache.nodeType} · ${type.vcpus} vCPU, ${formatBytes(type.memoryBytes)}`],
		["Topology", topologyWords(cache)],
		["Cluster mode", cache.clusterMode],
		["Multi-AZ", cache.multiAz ? "On" : "Off"],
		["Automatic failover", cache.automaticFailover ? "On" : "Off"],
		[
			"Authentication",
			cache.auth.mode === "none"
				? "None"
				: `Password${cache.auth.username === null ? "" : `, user ${cache.auth.username}`}`,
		],
		["Port", cache.port === null ? "Not given yet" : String(cache.port)],
		["Created", <Time key="created" value={cache.createdAt} />],
		["First available", <Time key="available" value={cache.availableAt} />],
	];
}

export function ConfigurationTab({ cache }: { cache: Cache }) {
	const tags = Object.entries(cache.tags).map(([key, value]) => ({ key, value }));
	return (
		<div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
			<Panel title="Configuration">
				<dl className="grid gap-x-6 gap-y-2.5 sm:grid-cols-2">
					{facts(cache).map(([label, value]) => (
						<div key={label} className="min-w-0">
							<dt className="text-[0.8125rem] text-muted">{label}</dt>
							<dd className="break-words">{value}</dd>
						</div>
					))}
				</dl>
			</Panel>
			<Panel title="Tags" flush>
				{tags.length === 0 ? (
					<p className="px-4 pt-2 pb-4 text-sm text-muted">
						This cache has no tags. They are given when a cache is created.
					</p>
				) : (
					<div className="pt-2">
						<DataTable
							label="Tags"
							columns={[
								{ id: "key", header: "Key", lead: true, cell: (tag) => tag.key },
								{ id: "value", header: "Value", cell: (tag) => tag.value },
							]}
							rows={tags}
							rowKey={(tag) => tag.key}
						/>
					</div>
				)}
			</Panel>
		</div>
	);
}
