import { Command } from "commander";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { printPreview } from "./print-preview.ts";
import { acceptedWords, type SizeOptions, sizeOf, sizeOptions } from "./size-options.ts";
import { type WaitOptions, waitOptions, waitUntilAvailable } from "./wait-for-cache.ts";

interface ScaleOptions extends ApiOptions, WaitOptions, SizeOptions {
	nodeType?: string;
	window?: boolean;
	dryRun?: boolean;
}

export function scaleCommand(): Command {
	const command = new Command("scale")
		.summary("change how many nodes a cache has, and how large they are")
		.description("Scale a cache while it serves: shards, replicas, Memcached nodes and node type.")
		.argument("<name>")
		.option("--node-type <type>", "such as cache.t4g.small")
		.option("--window", "change nodes in the maintenance window, not now")
		.option("--dry-run", "show what would happen, and change nothing")
		.addHelpText(
			"after",
			`
Examples:
  larder caches scale carts --shards 4 --wait
  larder caches scale carts --shards 4 --replicas 2 --node-type cache.t4g.small --dry-run
  larder caches scale orders --remove orders-003
  larder caches scale sessions --nodes 5`,
		);
	return waitOptions(withApiOptions(sizeOptions(command))).action(run);
}

async function run(name: string, options: ScaleOptions): Promise<void> {
	const api = await connect(options);
	const startedAt = performance.now();
	const path = `/caches/${encodeURIComponent(name)}`;
	const body = {
		...sizeOf(options),
		nodeType: options.nodeType,
		apply: options.window ? "window" : undefined,
	};
	if (options.dryRun) return await printPreview(api, path, body, options);
	const accepted = await api.call({ method: "PATCH", path, body });
	const answer = options.wait ? await waitUntilAvailable(api, name, options, startedAt) : accepted;
	if (options.json) printJson(answer);
	else if (!options.wait) print(acceptedWords(name, options));
}
