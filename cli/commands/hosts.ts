import { Command } from "commander";
import { type Host, hostPageSchema, joinTokenSchema } from "../../server/contract/index.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { wholeNumber } from "../option-values.ts";
import { type PageOptions, pageOptions, printPage } from "../print-page.ts";
import { formatBytes } from "../terminal/format.ts";
import { cordonCommand, removeCommand, uncordonCommand } from "./hosts/change.ts";
import { drainCommand } from "./hosts/drain.ts";

export function hostsCommand(): Command {
	const hosts = new Command("hosts").description("Hosts: machines that run caches");
	hosts.addCommand(listCommand());
	hosts.addCommand(joinTokenCommand());
	hosts.addCommand(cordonCommand());
	hosts.addCommand(uncordonCommand());
	hosts.addCommand(drainCommand());
	hosts.addCommand(removeCommand());
	return hosts;
}

/** Such as "online, draining". */
export function describeState(host: Host): string {
	const draining = host.nodeCount === 0 ? "drained" : "draining";
	return [
		host.status,
		...(host.lost ? ["lost"] : []),
		...(host.draining ? [draining] : host.cordoned ? ["cordoned"] : []),
	].join(", ");
}

function listCommand(): Command {
	const command = new Command("list")
		.description("List hosts")
		.option("--zone <zone>", "only those of a zone");
	return pageOptions(withApiOptions(command)).action(
		async (options: ApiOptions & PageOptions & { zone?: string }) => {
			await printPage(await connect(options), options, {
				path: "/hosts",
				query: { zone: options.zone },
				schema: hostPageSchema,
				empty: "No hosts. See: larder agent --help",
				columns: [
					{ title: "NAME", value: (host) => host.name },
					{ title: "ZONE", value: (host) => host.zone },
					{ title: "STATUS", value: describeState },
					{ title: "ADDRESS", value: (host) => host.address },
					{ title: "NODES", value: (host) => String(host.nodeCount), align: "right" },
					{
						title: "MEMORY",
						value: (host) =>
							`${formatBytes(host.memoryAssignedBytes)} of ${formatBytes(host.memoryBytes)}`,
						align: "right",
					},
					{
						title: "ENGINES",
						value: (host) =>
							host.engines.map((each) => `${each.engine} ${each.version}`).join(", ") || "-",
					},
				],
			});
		},
	);
}

function joinTokenCommand(): Command {
	const command = new Command("join-token")
		.summary("make a token that lets hosts join")
		.description(
			"Make a token with which other machines can join, and print the command to run there.",
		)
		.option("--expires-in-hours <hours>", "how long it is good for (default: 24)", wholeNumber);
	return withApiOptions(command).action(
		async (options: ApiOptions & { expiresInHours?: number }) => {
			const api = await connect(options);
			const answer = await api.call({
				method: "POST",
				path: "/hosts/join-tokens",
				body:
					options.expiresInHours === undefined ? {} : { expiresInHours: options.expiresInHours },
			});
			if (options.json) {
				printJson(answer);
				return;
			}
			const token = joinTokenSchema.parse(answer);
			print(`On the new host, in a checkout of Larder (good until ${token.expiresAt}):\n`);
			print(`  ${token.command}`);
		},
	);
}
