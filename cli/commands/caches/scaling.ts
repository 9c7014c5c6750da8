import { Command } from "commander";
import {
	type Cache,
	cacheInterfaceSchema,
	type ScalingDecision,
	scalingPageSchema,
} from "../../../server/contract/index.ts";
import type { ApiClient } from "../../api/client.ts";
import { type ApiOptions, connect, withApiOptions } from "../../command-context.ts";
import { type PageOptions, pageOptions, printPage } from "../../print-page.ts";
import { formatBytes } from "../../terminal/format.ts";
import type { Column } from "../../terminal/table.ts";

const DEFAULT_LIMIT = "50";

export function scalingCommand(): Command {
	const command = new Command("scaling")
		.description("List how a serverless cache was scaled, and why, newest first")
		.argument("<name>");
	return pageOptions(withApiOptions(command), DEFAULT_LIMIT).action(run);
}

async function run(name: string, options: ApiOptions & PageOptions): Promise<void> {
	const api = await connect(options);
	await printPage(
		api,
		{ ...options, limit: options.limit ?? DEFAULT_LIMIT },
		{
			path: `/caches/${encodeURIComponent(name)}/scaling`,
			schema: scalingPageSchema,
			empty: "No scaling yet.",
			columns: scalingColumns(options.json === true ? "shard" : await partNameOf(api, name)),
		},
	);
}

/** What a cache's capacity is counted in. */
export type PartName = "shard" | "node";

export function partName(engine: Cache["engine"]): PartName {
	return engine === "memcached" ? "node" : "shard";
}

export async function partNameOf(api: ApiClient, name: string): Promise<PartName> {
	const path = `/caches/${encodeURIComponent(name)}`;
	return partName(cacheInterfaceSchema.parse(await api.call({ method: "GET", path })).engine);
}

export function scalingColumns(part: PartName): readonly Column<ScalingDecision>[] {
	return [
		{ title: "AT", value: ({ at }) => at },
		{ title: "TRIGGER", value: ({ trigger }) => trigger },
		{ title: "FROM", value: ({ from }) => capacity(from, part), align: "right" },
		{ title: "TO", value: ({ to }) => capacity(to, part), align: "right" },
		{ title: "REASON", value: ({ reason }) => reason },
	];
}

/** `512 MiB`, `2 GiB in 2 shards`. */
export function capacity({ memoryBytes, shards }: ScalingDecision["to"], part: PartName): string {
	return `${formatBytes(memoryBytes)}${shards === 1 ? "" : ` in ${shards} ${part}s`}`;
}
