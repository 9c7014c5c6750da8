import type { Cache, CacheInterface, Limits } from "../../../server/contract/index.ts";
import { formatBytes } from "../../terminal/format.ts";
import { capacity, partName } from "./scaling.ts";

/** What a serverless cache has in place of node types, shards and replicas. */
export function serverlessFields({
	name,
	engine,
	protocol,
	capacity: present,
	usage,
	limits,
	evictionPolicy,
	scaleToZero,
	sleep,
}: CacheInterface): [label: string, value: string][] {
	const used = usage?.dataStorageBytes ?? null;
	const ecpus = usage?.ecpuPerSecond ?? null;
	const throttled = usage?.throttledPercent ?? 0;
	return [
		["Serverless", `${protocol ?? "Memcached"}; see: larder caches scaling ${name}`],
		["Capacity", present === null ? "-" : capacity(present, partName(engine))],
		["Data", used === null ? "-" : formatBytes(used)],
		...(ecpus === null
			? []
			: [
					["ECPUs per second", Math.round(ecpus).toLocaleString("en-US")] satisfies [
						string,
						string,
					],
				]),
		...(throttled === 0
			? []
			: [["Throttled", `${throttled.toFixed(0)}% of the time`] satisfies [string, string]]),
		["Storage limits", limits === null ? "-" : bounds(limits.dataStorageGb, " GB")],
		["ECPU limits", limits === null ? "-" : bounds(limits.ecpuPerSecond, " per second")],
		["When full", evictionPolicy ?? "evicts what was used least recently"],
		["Scale to zero", scaleToZero === null ? "never" : sleepText(scaleToZero, sleep)],
	];
}

function sleepText({ afterMinutes }: { afterMinutes: number }, sleep: Cache["sleep"]): string {
	const minutes = `after ${afterMinutes} minute${afterMinutes === 1 ? "" : "s"} without clients`;
	return sleep === null ? minutes : `${minutes}; ${sleep.state} since ${sleep.since}`;
}

function bounds({ min, max }: Limits["dataStorageGb"], unit: string): string {
	const of = (value: number) => `${value.toLocaleString("en-US")}${unit}`;
	const both = [
		min === null ? null : `at least ${of(min)}`,
		max === null ? null : `at most ${of(max)}`,
	];
	return both.filter((text) => text !== null).join(", ") || "none";
}
