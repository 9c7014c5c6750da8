import { Command, Option } from "commander";
import {
	cacheKindSchema,
	cachePageInterfaceSchema,
	cacheStatusSchema,
	engineSchema,
} from "../../../server/contract/index.ts";
import { type ApiOptions, connect, withApiOptions } from "../../command-context.ts";
import { type PageOptions, pageOptions, printPage } from "../../print-page.ts";
import { formatBytes } from "../../terminal/format.ts";
import { formatEndpoint } from "./describe-cache.ts";

interface ListOptions extends ApiOptions, PageOptions {
	status?: string;
	kind?: string;
	engine?: string;
	search?: string;
}

export function listCommand(): Command {
	const command = new Command("list")
		.description("List caches")
		.option("--search <text>", "part of a name or description")
		.addOption(new Option("--status <status>", "only these").choices(cacheStatusSchema.options))
		.addOption(new Option("--kind <kind>", "only these").choices(cacheKindSchema.options))
		.addOption(new Option("--engine <engine>", "only these").choices(engineSchema.options));
	return pageOptions(withApiOptions(command)).action(run);
}

async function run(options: ListOptions): Promise<void> {
	await printPage(await connect(options), options, {
		path: "/caches",
		query: {
			status: options.status,
			kind: options.kind,
			engine: options.engine,
			search: options.search,
		},
		schema: cachePageInterfaceSchema,
		empty: "No caches. Create one: larder caches create <name> --wait",
		columns: [
			{ title: "NAME", value: (cache) => cache.name },
			{ title: "STATUS", value: (cache) => cache.status },
			{ title: "ENGINE", value: (cache) => `${cache.engine} ${cache.engineVersion}` },
			{ title: "NODE TYPE", value: ({ nodeType, kind }) => nodeType ?? kind },
			{
				title: "NODES",
				value: ({ nodeCount }) => String(nodeCount ?? "-"),
				align: "right",
			},
			{
				title: "MEMORY",
				value: (cache) =>
					`${cache.memoryUsedBytes === null ? "-" : formatBytes(cache.memoryUsedBytes)} of ${formatBytes(cache.memoryMaxBytes)}`,
				align: "right",
			},
			{
				title: "ENDPOINT",
				value: ({ endpoints }) => formatEndpoint(endpoints.configuration ?? endpoints.primary),
			},
		],
	});
}
