import { setTimeout as delay } from "node:timers/promises";
import { Command } from "commander";
import { type Host, hostSchema } from "../../../server/contract/index.ts";
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
import { formatDuration } from "../../terminal/format.ts";
import { createStepsView } from "../../terminal/steps-view.ts";

const POLL_MS = 200;
/** Each node copies its data: that takes as long as there is much of it. */
const DEFAULT_TIMEOUT_SECONDS = 3_600;

interface DrainOptions extends ApiOptions {
	wait: boolean;
	/** Seconds. */
	timeout: number;
}

export function drainCommand(): Command {
	const command = new Command("drain")
		.summary("move a host's nodes to other hosts")
		.description(
			"Move all nodes of a host to other hosts with their data, one of a shard at a time; primaries hand over first, which loses no write. Waits until the host is empty. Call it off with: larder hosts uncordon <name>",
		)
		.argument("<name>")
		.option("--no-wait", "come back as soon as it is asked for")
		.option(
			"--timeout <seconds>",
			"how long to wait; exit code 7 after that",
			positiveSeconds,
			DEFAULT_TIMEOUT_SECONDS,
		);
	return withApiOptions(command).action(run);
}

async function run(name: string, options: DrainOptions): Promise<void> {
	const api = await connect(options);
	const path = `/hosts/${encodeURIComponent(name)}`;
	const accepted = await api.call({ method: "POST", path: `${path}/drain`, body: {} });
	const answer = options.wait ? await waitUntilEmpty(api, path, options.timeout) : accepted;
	if (options.json) printJson(answer);
	else print(describeDrain(hostSchema.parse(answer)));
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
				throw new CliError(`The drain of ${host.name} was called off.`, EXIT.conflict);
			}
			if (performance.now() - startedAt > timeoutSeconds * 1_000) {
				throw new CliError(describeDrain(host), EXIT.timedOut, [
					...(host.statusReason === null ? [] : [host.statusReason]),
					`Larder goes on with it; call it off with: larder hosts uncordon ${host.name}`,
				]);
			}
			await delay(POLL_MS);
		}
	} finally {
		view.end();
	}
}

/** In a sentence, how far a drain has come. */
export function describeDrain(host: Host): string {
	if (host.nodeCount === 0) {
		return `${host.name} is drained: stop its agent and remove it with larder hosts remove ${host.name}, or let it take nodes again with larder hosts uncordon ${host.name}`;
	}
	return `${host.name} has ${host.nodeCount} node${host.nodeCount === 1 ? "" : "s"} still to be moved; see: larder hosts list`;
}
