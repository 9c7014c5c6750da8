import { Command } from "commander";
import { cacheSchema } from "../../../server/contract/index.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { describeCache } from "./describe-cache.ts";

export function showCommand(): Command {
	const command = new Command("show")
		.description("Show a cache: status, endpoints, nodes")
		.argument("<name>");
	return withApiOptions(command).action(run);
}

async function run(name: string, options: ApiOptions): Promise<void> {
	const api = await connect(options);
	const answer = await api.call({ method: "GET", path: `/caches/${encodeURIComponent(name)}` });
	if (options.json) printJson(answer);
	else print(describeCache(cacheSchema.parse(answer)));
}
