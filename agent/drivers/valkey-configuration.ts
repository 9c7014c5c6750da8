import { availableParallelism } from "node:os";
import { CLUSTER_BUS_OFFSET } from "../../server/contract/limits.ts";
import type { LaunchContext } from "./driver.ts";
import { flavourOf } from "./valkey-flavour.ts";
import { writableParameters } from "./valkey-parameters.ts";

type Setting = readonly [string, ...(string | number)[]];

/** A replica that has no primary yet: an address where nothing answers, which makes it read-only from its first moment. */
export const NO_PRIMARY_YET = { host: "127.0.0.1", port: 1 } as const;

/**
 * The engine's configuration: Larder's defaults, then the cache's parameters, then what Larder's own work rests on. It
 * holds the system password, so its file is private. `announcedAddress` is the advertised one, as an IP address where
 * the node is in a cluster.
 */
export function renderConfiguration(context: LaunchContext, announcedAddress: string): string {
	const { assignment, refusedParameters } = context;
	const parameters = writableParameters(assignment.parameters)
		.filter(({ name, value }) => refusedParameters[name] !== value)
		.map(({ name, value }): Setting => [name, ...words(name, value)]);
	const settings = [
		...defaultSettings(context),
		...parameters,
		...ownSettings(context),
		...(assignment.cluster === null
			? replicationSettings(context)
			: clusterSettings(assignment.port, announcedAddress)),
	];
	return settings.map(([name, ...values]) => `${name} ${values.map(quote).join(" ")}\n`).join("");
}

/** Threads for clients' connections. The main thread is one of them, and the kernel and others want a processor too. */
export function ioThreads(vcpus: number): number {
	const threads = Math.min(vcpus, availableParallelism());
	if (threads < 4) return 1;
	return threads < 8 ? threads - 1 : threads - 2;
}

function defaultSettings({ assignment }: LaunchContext): Setting[] {
	const settings: Setting[] = [
		["tcp-keepalive", 60],
		["maxmemory-policy", "volatile-lru"],
		["io-threads", ioThreads(assignment.vcpus)],
	];
	if (assignment.cluster !== null) settings.push(["cluster-require-full-coverage", "yes"]);
	return settings;
}

function ownSettings({ assignment, paths, bindAddress }: LaunchContext): Setting[] {
	return [
		["bind", bindAddress],
		["port", assignment.port],
		// This mode only refuses strangers when clients need no password. Who may come in is the cache's own setting.
		["protected-mode", "no"],
		["aclfile", paths.acl],
		["daemonize", "no"],
		["pidfile", paths.pidFile],
		["logfile", paths.log],
		["dir", paths.data],
		["maxmemory", assignment.maxmemoryBytes],
		["save", ""],
		["appendonly", "no"],
		["masteruser", assignment.auth.systemUsername],
		["masterauth", assignment.auth.systemPassword],
		// An idle replica can tell a silent primary from a quiet one within 2 s.
		["repl-ping-replica-period", 1],
		// These together bring a replica of 1 GiB into sync in 4 s instead of 26 s.
		["repl-diskless-sync", "yes"],
		["repl-diskless-sync-delay", 0],
		["rdbcompression", "no"],
		["rdb-del-sync-files", "yes"],
		["repl-diskless-load", "on-empty-db"],
		...flavourOf(assignment.engine).extraSettings,
	];
}

function replicationSettings(context: LaunchContext): Setting[] {
	const settings: Setting[] = [
		["replica-announce-ip", context.advertisedAddress],
		["replica-announce-port", context.assignment.port],
	];
	const primary = configuredPrimary(context);
	if (primary !== null) settings.push(["replicaof", primary.host, primary.port]);
	return settings;
}

function clusterSettings(port: number, announcedAddress: string): Setting[] {
	return [
		["cluster-enabled", "yes"],
		["cluster-config-file", "nodes.conf"],
		["cluster-port", port + CLUSTER_BUS_OFFSET],
		["cluster-announce-ip", announcedAddress],
		["cluster-announce-port", port],
		["cluster-announce-bus-port", port + CLUSTER_BUS_OFFSET],
		// What the cluster does without us when the control plane is away: some 4 s from a death to a new primary.
		["cluster-node-timeout", 2_000],
		// Replicas stay where the control plane put them.
		["cluster-allow-replica-migration", "no"],
		// A primary-to-be keeps the beginning of its history until its replicas come for it.
		["repl-backlog-ttl", 0],
	];
}

/**
 * Every launch of a replica is a launch as a replica, so that it never is an empty primary that takes writes. The
 * first one names an address where nothing answers: an engine tries the address of its configuration once, then waits
 * 1 s, while the agent can name the real one in the very moment in which it accepts.
 */
function configuredPrimary({ assignment, kind }: LaunchContext) {
	if (assignment.role.kind !== "replica") return null;
	return kind === "first" ? NO_PRIMARY_YET : assignment.role.of;
}

/** Some settings take several values, which the file wants apart. */
function words(name: string, value: string): string[] {
	return name === "client-output-buffer-limit" ? value.split(/\s+/) : [value];
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
