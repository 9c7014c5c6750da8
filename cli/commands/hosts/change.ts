import { Command } from "commander";
import { type Host, hostSchema } from "../../../server/contract/index.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";

export function cordonCommand(): Command {
	return changeCommand("cordon", {
		summary: "keep new nodes from a host",
		description: "Keep new nodes from a host. Those that it has stay and go on serving.",
		done: (host) => `${host.name} takes no new nodes.`,
	});
}

export function uncordonCommand(): Command {
	return changeCommand("uncordon", {
		summary: "let a host take nodes again; calls off a drain",
		description:
			"Let a host take nodes again. Calls off a drain too: nodes that have gone stay where they are.",
		done: (host) => `${host.name} takes nodes again.`,
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
			"Take a host out of the fleet; its agent is refused from then on. One that has nodes has to be drained first.",
		)
		.argument("<name>")
		.option(
			"--lost",
			"it is offline and won't come back: others take its nodes' places, and data that only it holds is given up",
		);
	return withApiOptions(command).action(
		async (name: string, options: ApiOptions & { lost?: boolean }) => {
			const api = await connect(options);
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

/** `host` is as it was last seen. */
export function describeRemoval(host: Host): string {
	return host.nodeCount === 0
		? `${host.name} is removed.`
		: `${host.name} is given up: other hosts take the places of its ${host.nodeCount} node${host.nodeCount === 1 ? "" : "s"}, and then it is removed.`;
}
