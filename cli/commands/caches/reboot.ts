import { Command } from "commander";
import { type Cache, cacheInterfaceSchema } from "../../../server/contract/index.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { type WaitOptions, waitOptions, waitUntilAvailable } from "./wait-for-cache.ts";
import { withNodes } from "./with-nodes.ts";

export function rebootCommand(): Command {
	const command = new Command("reboot")
		.summary("reboot nodes of a cache")
		.description(
			"Reboot nodes, one per shard at a time. Nodes keep their data, except Memcached nodes.",
		)
		.argument("<name>")
		.argument("[nodes...]", "such as orders-001 (default: all)")
		.addHelpText(
			"after",
			`
Examples:
  larder caches reboot orders --wait
  larder caches reboot orders orders-002`,
		);
	return waitOptions(withApiOptions(command)).action(run);
}

async function run(
	name: string,
	nodes: string[],
	options: ApiOptions & WaitOptions,
): Promise<void> {
	const api = await connect(options);
	const startedAt = performance.now();
	const path = `/caches/${encodeURIComponent(name)}/reboot`;
	const accepted = await api.call({
		method: "POST",
		path,
		body: nodes.length === 0 ? {} : { nodes },
	});
	const before = await withNodes(api, cacheInterfaceSchema.parse(accepted));
	const answer = options.wait
		? await waitUntilAvailable(api, name, options, startedAt, async (now) => {
				return haveRebooted(before, await withNodes(api, now), nodes);
			})
		: accepted;
	if (options.json) printJson(answer);
	else if (!options.wait)
		print(`${nodes.length === 0 ? name : nodes.join(", ")} will be rebooted.`);
}

/** True once every chosen node runs as a new process. The cache may look available until the reboot starts. */
export function haveRebooted(before: Cache, now: Cache, chosen: readonly string[]): boolean {
	const earlier = new Map(nodesOf(before).map((node) => [node.id, node.pid]));
	return nodesOf(now)
		.filter((node) => chosen.length === 0 || chosen.includes(node.id))
		.every((node) => node.pid !== null && node.pid !== earlier.get(node.id));
}

function nodesOf(cache: Cache) {
	return cache.shards.flatMap((shard) => shard.nodes);
}
