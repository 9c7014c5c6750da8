import { createHash } from "node:crypto";
import type { Assignment } from "../../server/contract/agent.ts";
import { flavourOf } from "./valkey-flavour.ts";

/**
 * Commands that belong to whoever manages the node: with them a client could leave the cache's topology or settings.
 * ElastiCache's node-based caches deny the same ones; KEYS, MONITOR and SLOWLOG it leaves to clients.
 */
const MANAGEMENT_COMMANDS = [
	"acl",
	"bgrewriteaof",
	"bgsave",
	"cluster",
	"config",
	"debug",
	"failover",
	"migrate",
	"module",
	"psync",
	"replconf",
	"replicaof",
	"save",
	"shutdown",
	"slaveof",
	"sync",
];
/** What an application may ask, though its command is one of the above: who it is, and where a cluster's slots are. */
const HARMLESS_SUBCOMMANDS = [
	"acl|whoami",
	"acl|cat",
	"acl|genpass",
	"cluster|slots",
	"cluster|shards",
	"cluster|nodes",
	"cluster|info",
	"cluster|keyslot",
	"cluster|myid",
	"cluster|links",
	"cluster|countkeysinslot",
	"cluster|getkeysinslot",
	"cluster|count-failure-reports",
];

/** What Sentinel's documentation asks for. With it one can make another node lead, and neither read nor write data. */
const SENTINEL_COMMANDS = [
	...["ping", "info", "role", "publish", "subscribe", "multi", "exec", "slaveof"],
	...["config|rewrite", "client|setname", "client|kill", "script|kill"],
];

/**
 * The engine's user file: clients as `default`, without management commands; the system user of agents and replicas;
 * the gateway's, which may ask for role and health alone; and Sentinel's. It holds hashes only. One subcommand that the
 * engine doesn't know, and the whole file is refused.
 */
export function renderAcl({ engine, auth }: Pick<Assignment, "engine" | "auth">): string {
	const clientSecret =
		auth.clientPasswordSha256 === null ? "nopass" : `#${auth.clientPasswordSha256}`;
	const systemSecret = createHash("sha256").update(auth.systemPassword).digest("hex");
	const harmless = [...HARMLESS_SUBCOMMANDS, ...flavourOf(engine).extraSubcommands];
	const client = [
		"~* &* +@all",
		...MANAGEMENT_COMMANDS.map((command) => `-${command}`),
		...harmless.map((subcommand) => `+${subcommand}`),
	];
	const gateway = "resetkeys resetchannels -@all +ping +role +cluster|info";
	const sentinel = [
		"resetkeys resetchannels &* -@all",
		...SENTINEL_COMMANDS.map((command) => `+${command}`),
	];
	return [
		`user default on ${clientSecret} ${client.join(" ")}`,
		`user ${auth.systemUsername} on #${systemSecret} ~* &* +@all`,
		`user ${auth.gatewayUsername} on #${auth.gatewayPasswordSha256} ${gateway}`,
		`user ${auth.sentinelUsername} on #${auth.sentinelPasswordSha256} ${sentinel.join(" ")}`,
		"",
	].join("\n");
}
