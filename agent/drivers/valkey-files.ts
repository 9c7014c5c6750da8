import { createHash } from "node:crypto";
import type { Assignment } from "../../server/contract/agent.ts";
import type { LaunchContext } from "./driver.ts";

/** Commands that belong to whoever manages the node: with them a client could leave the cache's topology or settings. */
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
/** What an application may ask about itself, though its command is one of the above. */
const HARMLESS_SUBCOMMANDS = ["acl|whoami", "acl|cat", "acl|genpass"];

/**
 * The engine's user file: clients as `default`, without management commands, and the system user of agents and
 * replicas. It holds hashes only.
 */
export function renderAcl(auth: Assignment["auth"]): string {
	const clientSecret =
		auth.clientPasswordSha256 === null ? "nopass" : `#${auth.clientPasswordSha256}`;
	const systemSecret = createHash("sha256").update(auth.systemPassword).digest("hex");
	const rules = [
		"~* &* +@all",
		...MANAGEMENT_COMMANDS.map((command) => `-${command}`),
		...HARMLESS_SUBCOMMANDS.map((subcommand) => `+${subcommand}`),
	];
	return [
		`user default on ${clientSecret} ${rules.join(" ")}`,
		`user ${auth.systemUsername} on #${systemSecret} ~* &* +@all`,
		"",
	].join("\n");
}

/** A replica that has no primary yet: an address where nothing answers, which makes it read-only from its first moment. */
export const NO_PRIMARY_YET = { host: "127.0.0.1", port: 1 } as const;

/** The engine's configuration. It holds the system password, so its file is private. */
export function renderConfiguration(context: LaunchContext): string {
	const { assignment, paths } = context;
	const settings: [string, ...(string | number)[]][] = [
		["bind", context.bindAddress],
		["port", assignment.port],
		// This mode only refuses strangers when clients need no password. Who may come in is the cache's own setting.
		["protected-mode", "no"],
		["aclfile", paths.acl],
		["daemonize", "no"],
		["pidfile", paths.pidFile],
		["logfile", paths.log],
		["dir", paths.data],
		["tcp-keepalive", 60],
		["maxmemory", assignment.maxmemoryBytes],
		["maxmemory-policy", "volatile-lru"],
		["save", ""],
		["appendonly", "no"],
		["masteruser", assignment.auth.systemUsername],
		["masterauth", assignment.auth.systemPassword],
		["replica-announce-ip", context.advertisedAddress],
		["replica-announce-port", assignment.port],
		// These five together bring a replica of 1 GiB into sync in 4 s instead of 26 s.
		["repl-diskless-sync", "yes"],
		["repl-diskless-sync-delay", 0],
		["rdbcompression", "no"],
		["rdb-del-sync-files", "yes"],
		["repl-diskless-load", "on-empty-db"],
		["dual-channel-replication-enabled", "yes"],
	];
	const primary = configuredPrimary(context);
	if (primary !== null) settings.push(["replicaof", primary.host, primary.port]);
	return settings.map(([name, ...values]) => `${name} ${values.map(quote).join(" ")}\n`).join("");
}

/**
 * Every launch of a replica is a launch as a replica, so that it never is an empty primary that takes writes. The
 * first one names an address where nothing answers: an engine tries the address of its configuration once, then waits
 * 1 s, while the agent can name the real one in the very moment in which it accepts.
 */
function configuredPrimary(context: LaunchContext): { host: string; port: number } | null {
	const { role } = context.assignment;
	if (role.kind === "primary") return null;
	return context.firstLaunch ? NO_PRIMARY_YET : role.of;
}

/** A value in the engine's own quoting, whatever characters it has. */
function quote(value: string | number): string {
	if (typeof value === "number" || /^[A-Za-z0-9_./:@-]+$/.test(value)) return String(value);
	const escaped = [...Buffer.from(value, "utf8")].map((byte) => {
		const character = String.fromCharCode(byte);
		if (character === '"' || character === "\\") return `\\${character}`;
		return byte >= 0x20 && byte < 0x7f ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
	});
	return `"${escaped.join("")}"`;
}
