import { Command } from "commander";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { type WaitOptions, waitOptions, waitUntilGone } from "./wait-for-cache.ts";

export function deleteCommand(): Command {
	const command = new Command("delete")
		.summary("delete a cache and its data")
		.description("Delete a cache, its processes and all its data. There is no way back.")
		.argument("<name>");
	return waitOptions(withApiOptions(command)).action(run);
}

async function run(name: string, options: ApiOptions & WaitOptions): Promise<void> {
	const api = await connect(options);
	const startedAt = performance.now();
	const answer = await api.call({ method: "DELETE", path: `/caches/${encodeURIComponent(name)}` });
	if (options.wait) await waitUntilGone(api, name, options, startedAt);
	if (options.json) printJson(answer);
	else if (!options.wait) print(`${name} is being deleted.`);
}
