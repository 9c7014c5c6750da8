import { Command } from "commander";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { type WaitOptions, waitOptions, waitUntilAvailable } from "./wait-for-cache.ts";

export function promoteCommand(): Command {
	const command = new Command("promote")
		.summary("promote a replica after its primary has died")
		.description(
			"Promote the best replica after the primary has died. For caches with automatic failover off.",
		)
		.argument("<name>");
	return waitOptions(withApiOptions(command)).action(run);
}

async function run(name: string, options: ApiOptions & WaitOptions): Promise<void> {
	const api = await connect(options);
	const startedAt = performance.now();
	const path = `/caches/${encodeURIComponent(name)}/promote`;
	const accepted = await api.call({ method: "POST", path });
	const answer = options.wait ? await waitUntilAvailable(api, name, options, startedAt) : accepted;
	if (options.json) printJson(answer);
	else if (!options.wait) print(`A replica of ${name} is taking over.`);
}
