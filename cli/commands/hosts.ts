import { Command } from "commander";
import { hostPageSchema } from "../../server/contract/index.ts";
import { type ApiOptions, connect, withApiOptions } from "../command-context.ts";
import { type PageOptions, pageOptions, printPage } from "../print-page.ts";
import { formatBytes } from "../terminal/format.ts";
import { cordonCommand, removeCommand, uncordonCommand } from "./hosts/change.ts";
import { describeClock, describeState, describeWarnings } from "./hosts/describe-host.ts";
import { drainCommand } from "./hosts/drain.ts";
import { joinTokenCommand, joinTokensCommand } from "./hosts/join-tokens.ts";
import { showCommand } from "./hosts/show.ts";

export function hostsCommand(): Command {
	const hosts = new Command("hosts").description("Hosts: machines that run caches");
	hosts.addCommand(listCommand());
	hosts.addCommand(showCommand());
	hosts.addCommand(joinTokenCommand());
	hosts.addCommand(joinTokensCommand());
	hosts.addCommand(cordonCommand());
	hosts.addCommand(uncordonCommand());
	hosts.addCommand(drainCommand());
	hosts.addCommand(removeCommand());
	return hosts;
}

function listCommand(): Command {
	const command = new Command("list")
		.description("List hosts")
		.option("--zone <zone>", "only hosts in this zone");
	return pageOptions(withApiOptions(command)).action(
		async (options: ApiOptions & PageOptions & { zone?: string }) => {
			await printPage(await connect(options), options, {
				path: "/hosts",
				query: { zone: options.zone },
				schema: hostPageSchema,
				empty: "No hosts. See: larder agent --help",
				notes: describeWarnings,
				columns: [
					{ title: "NAME", value: (host) => host.name },
					{ title: "ZONE", value: (host) => host.zone },
					{ title: "STATUS", value: describeState },
					{ title: "CLOCK", value: describeClock, align: "right" },
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
