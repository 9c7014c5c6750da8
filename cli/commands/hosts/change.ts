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
import { type ConfirmOptions, confirmByName, yesOption } from "../../terminal/confirm-by-name.ts";
import { plural } from "../../terminal/format.ts";

export function cordonCommand(): Command {
	return changeCommand("cordon", {
		summary: "stop placing new nodes on a host",
		description: "Stop placing new nodes on a host. Its own nodes stay and keep serving.",
		done: (host) => `${host.name} accepts no new nodes.`,
	});
}

export function uncordonCommand(): Command {
	return changeCommand("uncordon", {
		summary: "let a host accept nodes again; cancels a drain",
		description:
			"Let a host accept nodes again. Also cancels a drain: some nodes that have already left return later if that spreads a cache better.",
		done: (host) => `${host.name} accepts nodes again.`,
	});
}

function changeCommand(
	action: "cordon" | "uncordon",
	words: { summary: string; description: string; done: (host: Host) => string },
): Command {
	const command = new Command(action)
		.summary(words.summary)
		.description(words.description)
		.argument("<name>");
	return withApiOptions(command).action(async (name: string, options: ApiOptions) => {
		const api = await connect(options);
		const path = `/hosts/${encodeURIComponent(name)}/${action}`;
		const answer = await api.call({ method: "POST", path, body: {} });
		if (options.json) printJson(answer);
		else print(words.done(hostSchema.parse(answer)));
	});
}

export function removeCommand(): Command {
	const command = new Command("remove")
		.summary("take a host out of the fleet")
		.description(
			"Take a host out of the fleet; Larder then refuses its agent. Drain a host that has nodes first.",
		)
		.argument("<name>")
		.option(
			"--lost",
			"the host is offline and won't come back: replace its nodes on other hosts, and give up the data that only it holds",
		);
	return withApiOptions(yesOption(command)).action(
		async (name: string, options: ApiOptions & ConfirmOptions & { lost?: boolean }) => {
			const api = await connect(options);
			if (options.lost === true) await confirmLoss(api, name, options);
			const answer = await api.call({
				method: "DELETE",
				path: `/hosts/${encodeURIComponent(name)}`,
				query: { lost: options.lost === true ? "true" : undefined },
			});
			if (options.json) printJson(answer);
			else print(describeRemoval(hostSchema.parse(answer)));
		},
	);
}

/**
 * Only giving up an offline host with nodes can lose data. In all other cases the API refuses, or removes the host
 * without harm.
 */
async function confirmLoss(api: ApiClient, name: string, options: ConfirmOptions): Promise<void> {
	const answer = await api.call({ method: "GET", path: `/hosts/${encodeURIComponent(name)}` });
	const { nodeCount, status } = hostSchema.parse(answer);
	if (nodeCount === 0 || status === "online") return;
	await confirmByName(options, {
		name,
		warning: `Data that only host ${name} holds will be lost for good.`,
		scripted: `larder hosts remove ${name} --lost --yes`,
	});
}

/** `host` is its last known state. */
export function describeRemoval(host: Host): string {
	return host.nodeCount === 0
		? `Removed ${host.name}. Run \`larder stop\` on its machine to end its gateway and Sentinel.`
		: `Larder has given up ${host.name}: it is replacing its ${plural(host.nodeCount, "node")} on other hosts and will then remove it.`;
}
