import { Command } from "commander";
import { cacheInterfaceSchema } from "../../../server/contract/index.ts";
import { type ApiOptions, connect, printJson, withApiOptions } from "../../command-context.ts";
import { printCache } from "./print-cache.ts";
import { withNodes } from "./with-nodes.ts";

export function showCommand(): Command {
	const command = new Command("show")
		.description("Show a cache: status, endpoints, shards and nodes, cost")
		.argument("<name>")
		.option("--nodes", "also the shards and nodes that Larder runs for a serverless cache");
	return withApiOptions(command).action(run);
}

async function run(name: string, options: ApiOptions & { nodes?: boolean }): Promise<void> {
	const api = await connect(options);
	const path = `/caches/${encodeURIComponent(name)}`;
	const cache = cacheInterfaceSchema.parse(await api.call({ method: "GET", path }));
	const answer = options.nodes ? await withNodes(api, cache) : cache;
	if (options.json) printJson(answer);
	else await printCache(api, answer);
}
