import { setTimeout as delay } from "node:timers/promises";
import { Command } from "commander";
import {
	type DrainPreview,
	drainPreviewSchema,
	type Host,
	hostSchema,
} from "../../../server/contract/index.ts";
import type { ApiClient } from "../../api/client.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { CliError, EXIT } from "../../exit-codes.ts";
import { positiveSeconds } from "../../option-values.ts";
import { formatDuration, linesWithNames, plural } from "../../terminal/format.ts";
import { createStepsView } from "../../terminal/steps-view.ts";
import { formatTable } from "../../terminal/table.ts";
import { waitByDefaultOptions } from "../caches/wait-for-cache.ts";

const POLL_MS = 200;
/** Each node copies its data: the time depends on how much there is. */
const DEFAULT_TIMEOUT_SECONDS = 3_600;

interface DrainOptions extends ApiOptions {
	wait: boolean;
	/** Seconds. */
	timeout: number;
	dryRun?: boolean;
	partial?: boolean;
}

export function drainCommand(): Command {
	const command = new Command("drain")
		.summary("move a host's nodes to other hosts")
		.description(
			"Move all nodes of a host and their data to other hosts, one node per shard at a time. Primaries hand over first, so no write is lost. Waits until the host is empty. Cancel the drain with: larder hosts uncordon <name>",
		)
		.argument("<name>")
		.option("--dry-run", "show where each node would go, and change nothing")
		.option("--partial", "drain even if some nodes have nowhere to go; those wait for room")
		.option(
			"--timeout <seconds>",
			"how long to wait; exit code 7 after that",
			positiveSeconds,
			DEFAULT_TIMEOUT_SECONDS,
		);
	return withApiOptions(waitByDefaultOptions(command))
		.addHelpText(
			"after",
			`
Examples:
  larder hosts drain host-b --dry-run
  larder hosts drain host-b`,
		)
		.action(run);
}

async function run(name: string, options: DrainOptions): Promise<void> {
	const api = await connect(options);
	const path = `/hosts/${encodeURIComponent(name)}`;
	const forecast = await api.call({ method: "GET", path: `${path}/drain` });
	const preview = drainPreviewSchema.parse(forecast);
	if (options.dryRun === true) {
		if (options.json) printJson(forecast);
		else print(describePreview(preview));
		return;
	}
	if (options.partial !== true) requirePlaces(preview);
	const accepted = await api.call({ method: "POST", path: `${path}/drain`, body: {} });
	const answer = options.wait ? await waitUntilEmpty(api, path, options.timeout) : accepted;
	if (options.json) printJson(answer);
	else print(describeDrain(hostSchema.parse(answer)));
}

/** Where each node would go, and why some can't move. */
export function describePreview({ host, nodes }: DrainPreview): string {
	if (nodes.length === 0) return `${host} has no node to move.`;
	const table = formatTable(nodes, [
		{ title: "NODE", value: ({ node }) => node },
		{ title: "ROLE", value: ({ role }) => role },
		{ title: "GOES TO", value: ({ to }) => to ?? "nowhere" },
		{ title: "DATA", value: ({ losesData, to }) => (to !== null && losesData ? "lost" : "kept") },
	]);
	const stuck = stuckLines(nodes);
	return stuck.length === 0 ? table : `${table}\n\n${stuck.join("\n")}`;
}

/** Throws if the drain couldn't finish, so that it doesn't start. */
export function requirePlaces({ host, nodes }: DrainPreview): void {
	const stuck = stuckLines(nodes);
	if (stuck.length === 0) return;
	const count = nodes.filter(({ to }) => to === null).length;
	const who =
		nodes.length === 1
			? `The only node on ${host} has`
			: `${count} of ${nodes.length} nodes on ${host} ${count === 1 ? "has" : "have"}`;
	const others =
		count === nodes.length ? "To drain anyway and wait for room" : "To move the others now";
	throw new CliError(
		`${who} nowhere to go, so the drain couldn't finish. Nothing was changed.`,
		EXIT.conflict,
		[...stuck, `${others}: larder hosts drain ${host} --partial`],
	);
}

/** One line per reason, with the nodes that share it. */
function stuckLines(nodes: DrainPreview["nodes"]): string[] {
	return linesWithNames(
		nodes
			.filter(({ to }) => to === null)
			.map(({ node, reason, remedy }) => ({ name: node, line: `${reason} ${remedy}` })),
	);
}

async function waitUntilEmpty(
	api: ApiClient,
	path: string,
	timeoutSeconds: number,
): Promise<unknown> {
	const startedAt = performance.now();
	const view = createStepsView(process.stderr);
	try {
		for (;;) {
			const answer = await api.call({ method: "GET", path });
			const host = hostSchema.parse(answer);
			if (host.nodeCount === 0) {
				view.end(`${host.name} is empty (${formatDuration(performance.now() - startedAt)})`);
				return answer;
			}
			view.show([], host.statusReason);
			if (!host.draining) {
				throw new CliError(`The drain of ${host.name} was canceled.`, EXIT.conflict);
			}
			if (performance.now() - startedAt > timeoutSeconds * 1_000) {
				throw new CliError(describeDrain(host), EXIT.timedOut, [
					...(host.statusReason === null ? [] : [host.statusReason]),
					`Larder continues with it; cancel it with: larder hosts uncordon ${host.name}`,
				]);
			}
			await delay(POLL_MS);
		}
	} finally {
		view.end();
	}
}

/** How far along a drain is, in a sentence. */
export function describeDrain(host: Host): string {
	if (host.nodeCount === 0) {
		return `${host.name} is drained: stop its agent and remove it with larder hosts remove ${host.name}, or let it accept nodes again with larder hosts uncordon ${host.name}`;
	}
	return `${host.name} has ${plural(host.nodeCount, "node")} still to move; see: larder hosts show ${host.name}`;
}
