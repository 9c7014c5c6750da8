import { Command } from "commander";
import { type ScalingDecision, scalingPageSchema } from "../../../server/contract/index.ts";
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
	await printPage(
		await connect(options),
		{ ...options, limit: options.limit ?? DEFAULT_LIMIT },
		{
			path: `/caches/${encodeURIComponent(name)}/scaling`,
			schema: scalingPageSchema,
			empty: "No scaling yet.",
			columns: SCALING_COLUMNS,
		},
	);
}

export const SCALING_COLUMNS: readonly Column<ScalingDecision>[] = [
	{ title: "AT", value: ({ at }) => at },
	{ title: "TRIGGER", value: ({ trigger }) => trigger },
	{ title: "FROM", value: ({ from }) => capacity(from), align: "right" },
	{ title: "TO", value: ({ to }) => capacity(to), align: "right" },
	{ title: "REASON", value: ({ reason }) => reason },
];

/** `512 MiB`, `2 GiB in 2 shards`. */
export function capacity({ memoryBytes, shards }: ScalingDecision["to"]): string {
	return `${formatBytes(memoryBytes)}${shards === 1 ? "" : ` in ${shards} shards`}`;
}
