import { ENGINES } from "../../../server/contract/choices.ts";
import type { LabStrategy, LabWorkload } from "../../../server/contract/lab.ts";
import { LIMITS } from "../../../server/contract/limits.ts";
import { engineTitle } from "../../_lib/engines.ts";
import { oneOf } from "../../_lib/one-of.ts";

export const labPath = (id: string) => `/lab/${encodeURIComponent(id)}`;

/** "valkey 9.1" as people write it. */
export function engineWords(recorded: string): string {
	const [name = "", version = ""] = recorded.split(" ");
	const engine = oneOf(ENGINES, name);
	return engine === undefined ? recorded : engineTitle(engine, version);
}

export function labListInput(params: URLSearchParams) {
	const cursor = params.get("cursor");
	return { limit: LIMITS.pageSizeDefault, ...(cursor === null ? {} : { cursor }) };
}

/** What an application does with each strategy. */
export const STRATEGY_HINTS: Readonly<Record<LabStrategy, string>> = {
	"no-cache": "Every read and write goes to the database.",
	"cache-aside": "Reads fill the cache; each write invalidates its key.",
	"ttl-only": "Reads fill the cache; writes leave it alone until the TTL ends.",
	"early-refresh": "Like cache-aside, but values are loaded anew before they expire.",
	"write-through": "Each write goes to the database and into the cache.",
	"write-around": "Each write goes to the database, and the cache forgets the key.",
	"write-behind": "Writes go to the cache, and to the database later, together.",
};

export interface Preset {
	id: string;
	label: string;
	strategies: readonly LabStrategy[];
	workload: Partial<LabWorkload>;
}

export const PRESETS: readonly Preset[] = [
	{
		id: "catalog",
		label: "Product catalog",
		strategies: ["no-cache", "ttl-only", "cache-aside"],
		workload: { readShare: 0.95, keys: 20_000, ttlSeconds: 10 },
	},
	{
		id: "profiles",
		label: "User profiles",
		strategies: ["cache-aside", "write-through", "write-around"],
		workload: { readShare: 0.8, keys: 10_000, ttlSeconds: 30 },
	},
	{
		id: "counters",
		label: "Many writes",
		strategies: ["no-cache", "write-through", "write-behind"],
		workload: { readShare: 0.3, keys: 2_000, itemBytes: 100, ttlSeconds: 30 },
	},
	{
		id: "slow",
		label: "Slow database",
		strategies: ["no-cache", "cache-aside", "early-refresh"],
		workload: { databaseLatencyMs: 50, ttlSeconds: 2, operationsPerSecond: 400, clients: 32 },
	},
];
