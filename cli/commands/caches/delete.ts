import { Command } from "commander";
import { cacheSchema } from "../../../server/contract/index.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { CliError, EXIT } from "../../exit-codes.ts";
import { type ConfirmOptions, confirmByName, yesOption } from "../../terminal/confirm-by-name.ts";
import { type WaitOptions, waitOptions, waitUntilGone } from "./wait-for-cache.ts";

export function deleteCommand(): Command {
	const command = new Command("delete")
		.summary("delete a cache and its data")
		.description(
			"Delete a cache, its processes and all its data. This can't be undone. On a terminal, the command asks for the cache's name first.",
		)
		.argument("<name>")
		.option("--final-snapshot <name>", "take a snapshot first; if it fails, the cache stays");
	return waitOptions(withApiOptions(yesOption(command)))
		.addHelpText(
			"after",
			`
Examples:
  larder caches delete orders
  larder caches delete orders --yes --wait`,
		)
		.action(run);
}

async function run(
	name: string,
	options: ApiOptions & WaitOptions & ConfirmOptions & { finalSnapshot?: string },
): Promise<void> {
	const api = await connect(options);
	const path = `/caches/${encodeURIComponent(name)}`;
	// Report a missing cache before asking anything.
	const { status, deletionProtection } = cacheSchema.parse(await api.call({ method: "GET", path }));
	if (deletionProtection) {
		throw new CliError(`Cache ${name} has deletion protection on.`, EXIT.conflict, [
			`Turn it off first: larder caches modify ${name} --no-deletion-protection`,
		]);
	}
	if (status !== "deleting") {
		await confirmByName(options, {
			name,
			warning:
				options.finalSnapshot === undefined
					? `Cache ${name} and all its data will be deleted for good.`
					: `Cache ${name} will be deleted. Snapshot ${options.finalSnapshot} keeps its data.`,
			scripted: `larder caches delete ${name} --yes`,
		});
	}
	const startedAt = performance.now();
	const query = { finalSnapshot: options.finalSnapshot };
	const answer = await api.call({ method: "DELETE", path, query });
	if (options.wait) await waitUntilGone(api, name, options, startedAt);
	if (options.json) printJson(answer);
	else if (!options.wait) print(`${name} is being deleted.`);
}
