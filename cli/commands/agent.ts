import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { offeredMemoryBytes } from "../../platform/machine-memory.ts";
import { hostNameSchema } from "../../server/contract/host.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { builtProgram, currentHome } from "../installation/checkout.ts";
import { findOwnAddress } from "../installation/own-address.ts";
import { runInForeground } from "../installation/run-in-foreground.ts";
import { collectText } from "../option-values.ts";
import { parseBytes } from "../terminal/format.ts";

interface AgentOptions {
	join: string;
	token?: string;
	joinTokenFile?: string;
	zone: string;
	name?: string;
	address?: string;
	advertisedAddress?: string;
	memory?: number;
	gateway?: string;
	sentinel?: string;
	dnsPort?: string;
	importDirectory?: string[];
}

export function agentCommand(): Command {
	return new Command("agent")
		.summary("make this machine a host that runs caches")
		.description(
			"Run a host agent in the foreground: it joins a control plane and runs the caches that are placed here. They keep serving when it stops.",
		)
		.requiredOption("--join <address>", "the control plane, such as http://10.0.0.5:3000")
		.option(
			"--join-token-file <path>",
			"a file that holds the join token (default: LARDER_JOIN_TOKEN); needed the first time only",
		)
		.addOption(new Option("--token <token>").hideHelp())
		.requiredOption("--zone <zone>", "what fails together with this host: a rack, a room, a site")
		.option("--name <name>", "name of the host (default: the machine's)")
		.option(
			"--address <ip>",
			"IPv4 address that caches listen on (default: the one that faces the control plane)",
		)
		.option("--advertised-address <address>", "address that clients are given (default: --address)")
		.option(
			"--memory <size>",
			"memory for caches, such as 4GiB (default: 90% of the machine's)",
			size,
		)
		.addOption(
			new Option(
				"--gateway <mode>",
				"off if another agent on the same address serves the endpoints (default: on)",
			).choices(["on", "off"]),
		)
		.addOption(
			new Option(
				"--sentinel <mode>",
				"off: this host doesn't vote on failovers while the control plane is down (default: on)",
			).choices(["on", "off"]),
		)
		.option(
			"--dns-port <port>",
			"port on which it answers DNS queries for caches, if the control plane has a DNS zone (default: 10053)",
		)
		.option(
			"--import-directory <path>",
			"below it, the agent may read RDB files that administrators import; may be given several times (default: LARDER_IMPORT_DIRECTORIES, or none)",
			collectText,
		)
		.addHelpText(
			"after",
			`
Make a join token in the console under Hosts, or with \`larder hosts join-token\` where the control plane runs.
The host's files are in $LARDER_HOME/agents/<name>.

Example:
  LARDER_JOIN_TOKEN=larder_join_… larder agent --join http://10.0.0.5:3000 --zone rack-2 --memory 16GiB`,
		)
		.action(run);
}

async function run(options: AgentOptions): Promise<void> {
	if (!URL.canParse(options.join)) {
		throw new CliError(
			`--join: "${options.join}" isn't an address such as http://10.0.0.5:3000.`,
			EXIT.invalidInput,
		);
	}
	const name = options.name ?? hostname().toLowerCase();
	const checked = hostNameSchema.safeParse(name);
	if (!checked.success) {
		const why = checked.error.issues[0]?.message ?? "it isn't a valid host name";
		throw new CliError(`--name: "${name}": ${why}.`, EXIT.invalidInput);
	}
	const address = options.address ?? (await findOwnAddress(options.join));
	const token = readToken(options);
	await runInForeground(builtProgram("agent"), {
		...process.env,
		LARDER_CONTROL_PLANE_URL: options.join.replace(/\/+$/, ""),
		...(token !== undefined && { LARDER_JOIN_TOKEN: token }),
		LARDER_AGENT_NAME: name,
		LARDER_AGENT_ZONE: options.zone,
		LARDER_AGENT_ADDRESS: address,
		LARDER_AGENT_ADVERTISED_ADDRESS: options.advertisedAddress ?? address,
		LARDER_AGENT_MEMORY_BYTES: String(options.memory ?? offeredMemoryBytes(1)),
		LARDER_AGENT_HOME: currentHome().agentDir(name),
		...(options.gateway !== undefined && { LARDER_AGENT_GATEWAY: options.gateway }),
		...(options.sentinel !== undefined && { LARDER_AGENT_SENTINEL: options.sentinel }),
		...(options.dnsPort !== undefined && { LARDER_DNS_PORT: options.dnsPort }),
		...(options.importDirectory !== undefined && {
			LARDER_IMPORT_DIRECTORIES: options.importDirectory
				.map((directory) => resolve(directory))
				.join(":"),
		}),
		NODE_ENV: "production",
	});
}

function readToken(options: AgentOptions): string | undefined {
	if (options.token !== undefined) {
		throw new CliError(
			"--token isn't accepted: every user of this machine can read a program's arguments. Treat this token as leaked.",
			EXIT.invalidInput,
			[
				"Revoke it and make another. Set LARDER_JOIN_TOKEN to the new one, or write it to a file and pass --join-token-file <path>",
			],
		);
	}
	if (options.joinTokenFile === undefined) return process.env.LARDER_JOIN_TOKEN;
	try {
		return readFileSync(options.joinTokenFile, "utf8").trim();
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		throw new CliError(`--join-token-file can't be read: ${why}`, EXIT.invalidInput, [], {
			cause: error,
		});
	}
}

function size(text: string): number {
	const bytes = parseBytes(text);
	if (bytes === null || bytes === 0)
		throw new InvalidArgumentError("Write a size such as 4GiB or 512MiB.");
	return bytes;
}
