"use client";

import type { ReactNode } from "react";
import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { engineTitle } from "../../../_lib/engines.ts";
import { formatDuration } from "../../../_lib/format/time.ts";
import { CopyButton } from "../../../_ui/copy-button.tsx";
import { Facts } from "../../../_ui/facts.tsx";
import { PageLink } from "../../../_ui/page-link.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { Bytes, Count } from "../../../_ui/quantity.tsx";
import { Time } from "../../../_ui/time.tsx";
import { PERSISTENCE_WORDS } from "../../caches/persistence-words.ts";
import { KINDS } from "../../caches/serverless-words.ts";
import { SNAPSHOT_KIND_WORDS } from "../snapshot-words.ts";

/** What the snapshot is, and what its cache was, as far as that is known: imported files don't say it. */
export function SnapshotFacts({ snapshot }: { snapshot: Snapshot }) {
	return (
		<>
			<Panel title="Snapshot">
				<Facts facts={factsOf(snapshot)} />
			</Panel>
			<Panel title={snapshot.cache === "" ? "Its files" : "Its cache, as it was"}>
				<Facts facts={cacheFactsOf(snapshot)} />
			</Panel>
		</>
	);
}

function factsOf(snapshot: Snapshot): [string, ReactNode][] {
	const { createdAt, availableAt, expiresAt, spreadMs } = snapshot;
	const tookMs = availableAt === null ? null : Date.parse(availableAt) - Date.parse(createdAt);
	return [
		["Keys", <Count key="keys" value={snapshot.keys} />],
		["Size of its files", <Bytes key="bytes" value={snapshot.bytes} />],
		["Memory that the data took", <Bytes key="data" value={snapshot.dataBytes} />],
		["Kind", SNAPSHOT_KIND_WORDS[snapshot.kind]],
		["Requested", <Time key="created" value={createdAt} />],
		["Taken in", tookMs === null ? "–" : formatDuration(tookMs)],
		["Store", snapshot.store],
		[
			"Directory in the store",
			<span key="directory" className="inline-flex max-w-full items-center gap-1">
				<code className="min-w-0 truncate font-mono text-xs" title={snapshot.directory}>
					{snapshot.directory}
				</code>
				<CopyButton text={snapshot.directory} label="Copy directory" />
			</span>,
		],
		["Expires", expiresAt === null ? "Never" : <Time key="expires" value={expiresAt} />],
		["Shards are apart by", spreadMs === null ? "–" : formatDuration(spreadMs)],
	];
}

function cacheFactsOf(snapshot: Snapshot): [string, ReactNode][] {
	const { cache, cacheKind, engine, engineVersion, clusterMode } = snapshot;
	const known: [string, ReactNode][] = [
		[
			"Cache",
			cache === "" ? "None: its files were imported" : <CacheLink key="cache" name={cache} />,
		],
		["Engine", engineTitle(engine, engineVersion)],
		["Cluster mode", clusterMode === "enabled" ? "On" : "Off"],
	];
	if (cache === "") return known;
	return [
		...known,
		...(cacheKind === "serverless"
			? [["How it is sized", KINDS.serverless.label] satisfies [string, string]]
			: ([
					["Node type", snapshot.nodeType],
					["Replicas per shard", String(snapshot.replicasPerShard)],
					["Persistence", PERSISTENCE_WORDS[snapshot.persistence].label],
				] satisfies [string, string][])),
	];
}

function CacheLink({ name }: { name: string }) {
	return (
		<PageLink href={`/caches/${name}`} className="hover:underline">
			{name}
		</PageLink>
	);
}
