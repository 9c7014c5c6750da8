import { readFileSync } from "node:fs";
import { availableParallelism, hostname } from "node:os";
import { isAbsolute, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { offeredMemoryBytes } from "../platform/machine-memory.ts";
import { hostNameSchema, zoneSchema } from "../server/contract/host.ts";
import { DNS_PORT_DEFAULT, dnsPortSchema } from "../server/contract/names.ts";

/** Every user of a machine can read the arguments of its programs, so the join token has no flag of its own. */
const JOIN_TOKEN_VARIABLE = "LARDER_JOIN_TOKEN";

/** Where each setting comes from: a flag beats the environment. */
const SOURCES = {
	controlPlaneUrl: { flag: "join", variable: "LARDER_CONTROL_PLANE_URL" },
	joinTokenFile: { flag: "join-token-file", variable: "LARDER_JOIN_TOKEN_FILE" },
	name: { flag: "name", variable: "LARDER_AGENT_NAME" },
	zone: { flag: "zone", variable: "LARDER_AGENT_ZONE" },
	bindAddress: { flag: "address", variable: "LARDER_AGENT_ADDRESS" },
	advertisedAddress: { flag: "advertised-address", variable: "LARDER_AGENT_ADVERTISED_ADDRESS" },
	memoryBytes: { flag: "memory-bytes", variable: "LARDER_AGENT_MEMORY_BYTES" },
	homeDir: { flag: "home", variable: "LARDER_AGENT_HOME" },
	gateway: { flag: "gateway", variable: "LARDER_AGENT_GATEWAY" },
	forwarding: { flag: "forwarding", variable: "LARDER_GATEWAY" },
	sentinel: { flag: "sentinel", variable: "LARDER_AGENT_SENTINEL" },
	busGuard: { flag: "bus-guard", variable: "LARDER_BUS_GUARD" },
	dnsPort: { flag: "dns-port", variable: "LARDER_DNS_PORT" },
	importDirectories: { flag: "import-directories", variable: "LARDER_IMPORT_DIRECTORIES" },
} as const;
type Setting = keyof typeof SOURCES;

const configSchema = z.object({
	controlPlaneUrl: z.url({
		protocol: /^https?$/,
		error: "must be the control plane's address, such as http://10.0.0.1:3000",
	}),
	joinTokenFile: z.string().min(1).optional(),
	name: hostNameSchema,
	zone: zoneSchema,
	bindAddress: z.ipv4("must be an IPv4 address of this machine, on which engines listen"),
	advertisedAddress: z.string().min(1).max(253),
	memoryBytes: z.coerce.number("must be a number of bytes").int().positive(),
	homeDir: z
		.string()
		.min(1)
		.transform((path) => resolve(path)),
	/** `off` if another agent on this address serves the endpoints: they have the same ports everywhere. */
	gateway: z.enum(["on", "off"], "must be on or off").default("on"),
	/** What forwards connections to endpoints: HAProxy alone, or also the kernel (gateway/kernel). */
	forwarding: z
		.enum(["auto", "kernel", "haproxy"], "must be auto, kernel or haproxy")
		.default("auto"),
	/** `off` if this host should not vote on failovers while the control plane is away. */
	sentinel: z.enum(["on", "off"], "must be on or off").default("on"),
	/** `off` leaves the bus ports of cluster nodes open to all machines (cluster-bus). */
	busGuard: z.enum(["on", "off"], "must be on or off").default("on"),
	/** The port on which the agent answers DNS, once the control plane has a zone. */
	dnsPort: dnsPortSchema.default(DNS_PORT_DEFAULT),
	/** Below these, files may be read that the control plane asks for. None unless the operator names some. */
	importDirectories: z
		.string()
		.default("")
		.transform((text) => text.split(":").filter((directory) => directory !== ""))
		.refine(
			(directories) => directories.every(isAbsolute),
			"must be absolute paths with colons between them, such as /var/lib/redis:/srv/dumps",
		),
});
export interface AgentConfig extends Omit<z.output<typeof configSchema>, "joinTokenFile"> {
	/** Needed until the host has joined. */
	joinToken?: string;
}

/** Settings are missing or wrong. The message lists each with its flag and variable. */
export class ConfigError extends Error {
	constructor(message: string) {
		super(message);
		this.name = "ConfigError";
	}
}

/** Reads flags and environment. Throws ConfigError. */
export function readAgentConfig(
	args: readonly string[],
	environment: NodeJS.ProcessEnv = process.env,
): AgentConfig {
	const flags = parseFlags(args);
	const given: Partial<Record<Setting, string | number>> = {};
	for (const setting of Object.keys(SOURCES) as Setting[]) {
		const { flag, variable } = SOURCES[setting];
		const value = flags[flag] ?? (environment[variable] || undefined);
		if (value !== undefined) given[setting] = value;
	}
	const parsed = configSchema.safeParse({
		name: hostname().toLowerCase(),
		memoryBytes: offeredMemoryBytes(1),
		advertisedAddress: given.bindAddress,
		...given,
	});
	if (parsed.success) {
		const { joinTokenFile, ...config } = parsed.data;
		const joinToken = environment[JOIN_TOKEN_VARIABLE] || readTokenFile(joinTokenFile);
		return { ...config, ...(joinToken !== undefined && { joinToken }) };
	}
	const problems = parsed.error.issues.map((issue) => {
		const setting = String(issue.path[0]) as Setting;
		const { flag, variable } = SOURCES[setting];
		const what = given[setting] === undefined ? "is required" : issue.message;
		return `  --${flag} (or ${variable}) ${what}`;
	});
	throw new ConfigError(`The agent can't start:\n${[...new Set(problems)].join("\n")}`);
}

function readTokenFile(path: string | undefined): string | undefined {
	if (path === undefined) return undefined;
	let token: string;
	try {
		token = readFileSync(path, "utf8").trim();
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		throw new ConfigError(`The agent can't start:\n  --join-token-file can't be read: ${why}`);
	}
	if (token !== "") return token;
	throw new ConfigError(
		`The agent can't start:\n  --join-token-file ${path} is empty. Put a token from \`larder hosts join-token\` into it`,
	);
}

function parseFlags(args: readonly string[]): Record<string, string | undefined> {
	const options = Object.fromEntries(
		Object.values(SOURCES).map(({ flag }) => [flag, { type: "string" as const }]),
	);
	try {
		return parseArgs({ args: [...args], options }).values as Record<string, string | undefined>;
	} catch (error) {
		throw new ConfigError(error instanceof Error ? error.message : String(error));
	}
}

/** Processors that the system lets this process use. */
export function countCpus(): number {
	return availableParallelism();
}
