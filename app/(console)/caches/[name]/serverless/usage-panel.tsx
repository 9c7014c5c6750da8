"use client";

import { Button } from "@heroui/react";
import { useState } from "react";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import { FLOOR_BYTES } from "../../../../../server/contract/serverless.ts";
import { formatBytes } from "../../../../_lib/format/bytes.ts";
import { exactCount, formatCount, formatPercent, plural } from "../../../../_lib/format/count.ts";
import { ForAdministrators } from "../../../../_ui/for-administrators.tsx";
import { Freshness } from "../../../../_ui/freshness.tsx";
import { Banner } from "../../../../_ui/notices.tsx";
import { Panel } from "../../../../_ui/panel.tsx";
import {
	EVICTION_HINTS,
	formatGb,
	MEMCACHED_EVICTION_HINT,
	storageBytes,
} from "../../serverless-words.ts";
import { dataNodesOf } from "../../topology-words.ts";
import { LimitsDialog } from "../lazy-dialogs.tsx";
import { LimitMeter } from "./limit-meter.tsx";
import type { ServerlessCache } from "./serverless-cache.ts";

const ecpus = (value: number) => `${Math.round(value).toLocaleString("en-US")}/s`;
/** maxmemory stays a little below a maximum, so use never quite reaches it. */
const FULL_FROM = 0.95;

const inBytes = (gb: number | null) => (gb === null ? null : storageBytes(gb));

/** What the cache uses now, against its limits. */
export function UsagePanel({
	cache,
	updatedAtMs,
}: {
	cache: ServerlessCache;
	updatedAtMs: number;
}) {
	const [isModifying, setModifying] = useState(false);
	const { usage, capacity, limits } = cache;
	const { dataStorageGb, ecpuPerSecond } = limits;
	return (
		<Panel
			title="Usage and limits"
			aside={
				<span className="flex flex-wrap items-center gap-3">
					<Freshness updatedAtMs={updatedAtMs} />
					<ForAdministrators>
						<Button
							variant="outline"
							size="sm"
							isDisabled={cache.status === "deleting"}
							onPress={() => setModifying(true)}
						>
							Modify limits
						</Button>
					</ForAdministrators>
				</span>
			}
		>
			<div className="grid gap-x-8 gap-y-6 md:grid-cols-2">
				<LimitMeter
					label="Data storage"
					used={usage.dataStorageBytes}
					capacity={capacity.memoryBytes}
					min={inBytes(dataStorageGb.min)}
					max={inBytes(dataStorageGb.max)}
					format={formatBytes}
					formatLimit={(bytes) => formatGb(bytes / storageBytes(1))}
				>
					<Keys cache={cache} />
					<Idle cache={cache} />
				</LimitMeter>
				<LimitMeter
					label="Requests, in ECPU"
					used={usage.ecpuPerSecond}
					capacity={null}
					min={ecpuPerSecond.min}
					max={ecpuPerSecond.max}
					format={ecpus}
				>
					<p className="mt-2 text-xs text-pretty text-muted">
						1 ECPU is a simple command of up to 1 KB; larger and heavier ones count more.
					</p>
				</LimitMeter>
			</div>
			<Limited cache={cache} />
			{isModifying && <LimitsDialog cache={cache} onClose={() => setModifying(false)} />}
		</Panel>
	);
}

/** Why its capacity is below that of its engines, which the charts show. */
function Idle({ cache: { capacity, sleep } }: { cache: ServerlessCache }) {
	if (sleep !== null || capacity.memoryBytes >= capacity.shards * FLOOR_BYTES) return null;
	return (
		<p className="mt-2 text-xs text-pretty text-muted">
			No client is connected, so Larder reserves only this much. It reserves{" "}
			{formatBytes(capacity.shards * FLOOR_BYTES)} again, which the engines may use already, when a
			client connects.
		</p>
	);
}

function Keys({ cache }: { cache: Cache }) {
	const samples = dataNodesOf(cache).flatMap(({ metrics }) => metrics ?? []);
	if (samples.length === 0) return null;
	const keys = samples.reduce((sum, metrics) => sum + metrics.keys, 0);
	const evictions = samples.reduce((sum, metrics) => sum + metrics.evictionsPerSecond, 0);
	return (
		<p className="mt-2 text-xs text-muted tabular-nums">
			<span title={exactCount(keys)}>
				{formatCount(keys)} {keys === 1 ? "key" : "keys"}
			</span>
			{evictions > 0 && ` · ${formatCount(evictions)} evicted per second`}
		</p>
	);
}

/** A maximum that holds the cache back, and what that means for clients. */
function Limited({ cache }: { cache: ServerlessCache }) {
	const { usage, limits, evictionPolicy } = cache;
	const maxBytes = inBytes(limits.dataStorageGb.max);
	const isFull = maxBytes !== null && (usage.dataStorageBytes ?? 0) >= maxBytes * FULL_FROM;
	const throttledPercent = usage.throttledPercent ?? 0;
	if (!isFull && throttledPercent === 0) return null;
	return (
		<div className="mt-4 flex flex-col gap-3">
			{isFull && (
				<Banner tone="warning" title="Data storage is at its maximum">
					{evictionPolicy === null ? MEMCACHED_EVICTION_HINT : EVICTION_HINTS[evictionPolicy]}
				</Banner>
			)}
			{throttledPercent > 0 && (
				<Banner tone="warning" title="Requests are at the ECPU maximum">
					In the last few seconds, clients waited {formatPercent(throttledPercent / 100)} of the
					time. Raise the maximum of {plural(limits.ecpuPerSecond.max ?? 0, "ECPU")} per second, or
					send fewer requests.
				</Banner>
			)}
		</div>
	);
}
