import { Command } from "commander";
import { cacheInterfaceSchema } from "../../../server/contract/index.ts";
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
		.option("--final-snapshot <name>", "take a snapshot first; if it fails, the cache stays")
		.option(
			"--skip-final-snapshot",
			"delete the data even if deletion protection was on within the last hour",
		);
	return waitOptions(withApiOptions(yesOption(command)))
		.addHelpText(
			"after",
			`
Examples:
  larder caches delete orders
  larder caches delete orders --final-snapshot orders-last
  larder caches delete orders --yes --wait`,
		)
		.action(run);
}

async function run(
	name: string,
	options: ApiOptions &
		WaitOptions &
		ConfirmOptions & { finalSnapshot?: string; skipFinalSnapshot?: boolean },
): Promise<void> {
	const api = await connect(options);
	const path = `/caches/${encodeURIComponent(name)}`;
	// Report a missing cache before asking anything.
	const cache = cacheInterfaceSchema.parse(await api.call({ method: "GET", path }));
	const { status, deletionProtection, finalSnapshotRequired } = cache;
	const { finalSnapshot, skipFinalSnapshot = false } = options;
	if (deletionProtection) {
		throw new CliError(`Cache ${name} has deletion protection on.`, EXIT.conflict, [
			`Turn it off first: larder caches modify ${name} --no-deletion-protection`,
		]);
	}
	if (status !== "deleting" && finalSnapshotRequired && !finalSnapshot && !skipFinalSnapshot) {
		throw new CliError(
			`Cache ${name} had deletion protection on within the last hour, so its data must be kept.`,
			EXIT.conflict,
			[
				`Take a snapshot first: larder caches delete ${name} --final-snapshot ${name}-final`,
				"To give the data up, pass --skip-final-snapshot",
			],
		);
	}
	if (status !== "deleting") {
		await confirmByName(options, {
			name,
			warning:
				finalSnapshot === undefined
					? `Cache ${name} and all its data will be deleted for good.`
					: `Cache ${name} will be deleted. Snapshot ${finalSnapshot} keeps its data.`,
			scripted: `larder caches delete ${name} --yes`,
		});
	}
	const startedAt = performance.now();
	const query = {
		finalSnapshot,
		...(skipFinalSnapshot && { skipFinalSnapshot: "true" }),
	};
	const answer = await api.call({ method: "DELETE", path, query });
	if (options.wait) await waitUntilGone(api, name, options, startedAt);
	if (options.json) printJson(answer);
	else if (!options.wait) print(`${name} is being deleted.`);
}
