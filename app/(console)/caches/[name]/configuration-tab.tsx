"use client";

import type { ReactNode } from "react";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import type { NodeType } from "../../../../server/contract/node-type.ts";
import { engineName } from "../../../_lib/engines.ts";
import { asSentence } from "../../../_lib/form-issues.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { plural } from "../../../_lib/format/count.ts";
import { useNodeTypes } from "../../../_lib/queries.ts";
import { ButtonLink } from "../../../_ui/button-link.tsx";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { PageLink } from "../../../_ui/page-link.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { TagList } from "../../../_ui/tag-list.tsx";
import { Time } from "../../../_ui/time.tsx";
import { MultiAzStatus } from "../multi-az-status.tsx";
import { PERSISTENCE_WORDS, persistenceObstacle } from "../persistence-words.ts";
import {
	ecpuLimitWords,
	KINDS,
	PROTOCOL_WORDS,
	sleepWords,
	storageLimitWords,
} from "../serverless-words.ts";
import { topologyWords } from "../topology-words.ts";
import { modifyPath } from "./modify/modify-path.ts";
import { isServerless, type ServerlessCache } from "./serverless/serverless-cache.ts";

function nodeTypeWords(name: string, type: NodeType | undefined): string {
	if (type === undefined) return name;
	return `${name} · ${type.vcpus} vCPU, ${formatBytes(type.memoryBytes)}`;
}

function facts(cache: Cache, type: NodeType | undefined): [string, ReactNode][] {
	return [
		["Name", cache.name],
		["Description", cache.description === "" ? "–" : cache.description],
		["Engine", `${engineName(cache.engine)} ${cache.engineVersion}`],
		...(isServerless(cache) ? serverlessFacts(cache) : provisionedFacts(cache, type)),
		[
			"Authentication",
			cache.auth.mode === "none"
				? "None"
				: `Password${cache.auth.username === null ? "" : `, user name ${cache.auth.username}`}`,
		],
		["Port", cache.port === null ? "Not assigned yet" : String(cache.port)],
		["Deletion protection", cache.deletionProtection ? "On" : "Off"],
		["Maintenance window", `${cache.maintenanceWindow} UTC`],
		...(cache.engine === "memcached"
			? []
			: [["Daily snapshots", dailyWords(cache)] satisfies [string, string]]),
		["Persistence", persistenceWords(cache)],
		["Created", <Time key="created" value={cache.createdAt} />],
		["First available", <Time key="available" value={cache.availableAt} />],
	];
}

function dailyWords({ snapshotRetentionDays: days, snapshotWindow }: Cache): string {
	return days === 0 ? "Off" : `${snapshotWindow} UTC, kept for ${plural(days, "day")}`;
}

function persistenceWords(cache: Cache): string {
	const obstacle = persistenceObstacle(cache);
	if (obstacle !== null) return `Not available. ${obstacle}`;
	return asSentence(PERSISTENCE_WORDS[cache.persistence].short).slice(0, -1);
}

function provisionedFacts(cache: Cache, type: NodeType | undefined): [string, ReactNode][] {
	const isMemcached = cache.engine === "memcached";
	return [
		["Node type", nodeTypeWords(cache.nodeType, type)],
		["Topology", topologyWords(cache)],
		[
			"Cluster mode",
			isMemcached ? "Not supported by Memcached" : cache.clusterMode === "enabled" ? "On" : "Off",
		],
		[
			"Multi-AZ",
			<span key="multi-az">
				<MultiAzStatus cache={cache} />
				{cache.multiAzReason !== null && (
					<span className="block text-[0.8125rem] text-pretty text-muted">
						{asSentence(cache.multiAzReason)}
					</span>
				)}
			</span>,
		],
		[
			"Automatic failover",
			isMemcached ? "Not supported by Memcached" : cache.automaticFailover ? "On" : "Off",
		],
		["Zones", cache.zones === null ? "Any" : cache.zones.join(", ")],
		[
			"Parameter group",
			<PageLink
				key="group"
				href={`/parameter-groups/${cache.parameterGroup.name}`}
				className="hover:underline"
			>
				{cache.parameterGroup.name}
			</PageLink>,
		],
	];
}

/** What a serverless cache is, in its user's terms. */
function serverlessFacts(cache: ServerlessCache): [string, ReactNode][] {
	const { protocol, evictionPolicy, limits } = cache;
	return [
		["Kind", KINDS.serverless.label],
		...(protocol === null
			? []
			: [["Protocol", PROTOCOL_WORDS[protocol].label] satisfies [string, string]]),
		["Data storage", storageLimitWords(limits)],
		["ECPU per second", ecpuLimitWords(limits)],
		["When it is full", evictionPolicy ?? "evicts what was used least recently"],
		["Scale to zero", sleepWords(cache)],
	];
}

export function ConfigurationTab({ cache }: { cache: Cache }) {
	const nodeTypes = useNodeTypes();
	const type = nodeTypes.data?.items.find(({ name }) => name === cache.nodeType);
	const tags = Object.entries(cache.tags);
	const modify = (label: string) => (
		<ForAdministrators>
			{cache.status !== "deleting" && (
				<ButtonLink href={modifyPath(cache.name)} size="sm" variant="outline">
					{label}
				</ButtonLink>
			)}
		</ForAdministrators>
	);
	return (
		<div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
			<Panel title="Configuration" aside={modify("Modify")}>
				<dl className="grid gap-x-6 gap-y-2.5 sm:grid-cols-2">
					{facts(cache, type).map(([label, value]) => (
						<div key={label} className="min-w-0">
							<dt className="text-[0.8125rem] text-muted">{label}</dt>
							<dd className="break-words">{value}</dd>
						</div>
					))}
				</dl>
			</Panel>
			<Panel title="Tags" aside={modify("Edit tags")}>
				{tags.length === 0 ? (
					<p className="text-sm text-muted">
						This cache has no tags. Use tags to organize caches, for example by team, project or
						environment.
					</p>
				) : (
					<TagList tags={tags} />
				)}
			</Panel>
		</div>
	);
}
