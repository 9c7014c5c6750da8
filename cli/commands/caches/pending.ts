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
import { printable } from "../../terminal/format.ts";
import { formatFields } from "../../terminal/table.ts";
import { pendingFields } from "./pending-fields.ts";

interface PendingOptions extends ApiOptions {
	apply?: boolean;
	cancel?: boolean;
}

export function pendingCommand(): Command {
	const command = new Command("pending")
		.summary("show, apply or cancel changes that wait for the maintenance window")
		.description(
			"Show the changes to a cache that wait for its maintenance window, apply them now, or cancel them.",
		)
		.argument("<name>")
		.option("--apply", "start them now")
		.option("--cancel", "cancel them")
		.addHelpText(
			"after",
			`
Examples:
  larder caches modify orders --engine-version 9 --window
  larder caches pending orders
  larder caches pending orders --apply`,
		);
	return withApiOptions(command).action(run);
}

async function run(name: string, options: PendingOptions): Promise<void> {
	if (options.apply && options.cancel) {
		throw new CliError("Use either --apply or --cancel, not both.", EXIT.invalidInput);
	}
	const api = await connect(options);
	const path = `/caches/${encodeURIComponent(name)}`;
	const pending = `${path}/pending-changes`;
	const answer = options.apply
		? await api.call({ method: "POST", path: `${pending}/apply`, body: {} })
		: options.cancel
			? await api.call({ method: "DELETE", path: pending })
			: await api.call({ method: "GET", path });
	if (options.json) return printJson(answer);
	if (options.apply) print(`${name} is being modified.`);
	else if (options.cancel)
		print(`Canceled the changes to ${name} that were waiting for its maintenance window.`);
	else {
		const cache = cacheInterfaceSchema.parse(answer);
		if (cache.pendingChanges === null) {
			print(`No change to ${name} waits for its maintenance window.`);
		}
		const fields = pendingFields(cache);
		print(formatFields(fields.map(([label, value]) => [printable(label), printable(value)])));
	}
}
