import { Command } from "commander";
import { type ApiOptions, connect, printJson, withApiOptions } from "../../command-context.ts";
import { printCache } from "./print-cache.ts";

export function showCommand(): Command {
	const command = new Command("show")
		.description("Show a cache: status, endpoints, shards and nodes, cost")
		.argument("<name>");
	return withApiOptions(command).action(run);
}

async function run(name: string, options: ApiOptions): Promise<void> {
	const api = await connect(options);
	const answer = await api.call({ method: "GET", path: `/caches/${encodeURIComponent(name)}` });
	if (options.json) printJson(answer);
	else await printCache(api, answer);
}
