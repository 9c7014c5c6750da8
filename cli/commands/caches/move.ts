import { Command } from "commander";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { printPreview } from "./print-preview.ts";
import { type WaitOptions, waitOptions, waitUntilAvailable } from "./wait-for-cache.ts";

interface MoveOptions extends ApiOptions, WaitOptions {
	host?: string;
	zone?: string;
	dryRun?: boolean;
}

export function moveCommand(): Command {
	const command = new Command("move")
		.summary("move a node to another host or zone")
		.description(
			"Move a node to another host or zone. Another process copies its data first; a primary hands over to it. Memcached nodes start empty.",
		)
		.argument("<name>")
		.argument("<node>", "such as orders-002")
		.option("--host <host>", "host to move to; the node's current host cancels its move")
		.option("--zone <zone>", "zone to move to, on any host with room")
		.option("--dry-run", "show what would happen, and change nothing")
		.addHelpText(
			"after",
			`
Examples:
  larder caches move orders orders-002 --host h3 --dry-run
  larder caches move orders orders-002 --zone b --wait`,
		);
	return waitOptions(withApiOptions(command)).action(run);
}

async function run(name: string, node: string, options: MoveOptions): Promise<void> {
	const api = await connect(options);
	const startedAt = performance.now();
	const path = `/caches/${encodeURIComponent(name)}`;
	const body = { moves: [{ node, host: options.host, zone: options.zone }] };
	if (options.dryRun) return await printPreview(api, path, body, options);
	const accepted = await api.call({ method: "PATCH", path, body });
	const answer = options.wait
		? await waitUntilAvailable(api, name, options, startedAt, () => true)
		: accepted;
	if (options.json) printJson(answer);
	else if (!options.wait) print(`${node} will move.`);
}
