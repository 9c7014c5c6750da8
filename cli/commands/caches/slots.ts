import { Command, Option } from "commander";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { collectText } from "../../option-values.ts";
import { printPreview } from "./print-preview.ts";
import { type WaitOptions, waitOptions, waitUntilAvailable } from "./wait-for-cache.ts";

interface RebalanceOptions extends ApiOptions, WaitOptions {
	slots?: string[];
	by?: string;
	dryRun?: boolean;
}

export function rebalanceCommand(): Command {
	const command = new Command("rebalance")
		.summary("spread a cache's slots evenly over its shards")
		.description(
			"Spread a cache's slots evenly over its shards, or as --slots says. Keys move with their slots while the cache serves.",
		)
		.argument("<name>")
		.option(
			"--slots <ranges>",
			"of one shard, such as 0-5460; given once for each shard, in order",
			collectText,
		)
		.addOption(
			new Option("--by <weight>", "spread them by their number or by what they hold")
				.choices(["slots", "bytes"])
				.conflicts("slots"),
		)
		.option("--dry-run", "show what would happen, and change nothing")
		.addHelpText(
			"after",
			`
Examples:
  larder caches rebalance carts --dry-run
  larder caches rebalance carts --wait
  larder caches rebalance carts --by bytes
  larder caches rebalance carts --slots 0-999 --slots 1000-9999 --slots 10000-16383`,
		);
	return waitOptions(withApiOptions(command)).action(rebalance);
}

async function rebalance(name: string, options: RebalanceOptions): Promise<void> {
	const api = await connect(options);
	const startedAt = performance.now();
	const path = `/caches/${encodeURIComponent(name)}`;
	const { slots } = options;
	if (options.dryRun) {
		return await printPreview(api, `${path}/slots`, { slots, weightBy: options.by }, options);
	}
	const accepted =
		slots === undefined
			? await api.call({
					method: "POST",
					path: `${path}/rebalance`,
					body: { weightBy: options.by },
				})
			: await api.call({ method: "PUT", path: `${path}/slots`, body: { slots } });
	const answer = options.wait ? await waitUntilAvailable(api, name, options, startedAt) : accepted;
	if (options.json) printJson(answer);
	else if (!options.wait) print(`The slots of ${name} are being moved.`);
}

export function cancelCommand(): Command {
	const command = new Command("cancel")
		.summary("cancel the current change to a cache")
		.description(
			"Cancel the current change to a cache: slots that have moved move back with their keys, new shards and nodes are removed, and nodes get their previous type back.",
		)
		.argument("<name>");
	return waitOptions(withApiOptions(command)).action(cancel);
}

async function cancel(name: string, options: ApiOptions & WaitOptions): Promise<void> {
	const api = await connect(options);
	const startedAt = performance.now();
	const path = `/caches/${encodeURIComponent(name)}/operation/cancel`;
	const accepted = await api.call({ method: "POST", path, body: {} });
	const answer = options.wait ? await waitUntilAvailable(api, name, options, startedAt) : accepted;
	if (options.json) printJson(answer);
	else if (!options.wait) print(`The change to ${name} is being canceled.`);
}
