import { availableParallelism } from "node:os";
import { BACKSTOP_TIMING, CLUSTER_BUS_OFFSET } from "../../server/contract/limits.ts";
import { fsyncOf } from "./append-files.ts";
import type { LaunchContext } from "./driver.ts";
import { leadSettings } from "./lead-permission.ts";
import { replicationLogin } from "./replication-login.ts";
import { flavorOf } from "./valkey-flavor.ts";
import { writableParameters } from "./valkey-parameters.ts";

/**
 * For a primary, a replica and a process that saves: how much sooner than other programs the kernel ends
 * each.
 */
const OOM_SCORES = [0, 200, 800] as const;

type Setting = readonly [string, ...(string | number)[]];

/**
 * For a replica that has no primary yet: an address where nothing answers, which makes it read-only from the
 * start.
 */
export const NO_PRIMARY_YET = { host: "127.0.0.1", port: 1 } as const;

/**
 * The engine's configuration: Larder's defaults, then the cache's parameters, then the settings that Larder
 * depends on. It contains the replicas' password, so its file is private. `announcedAddress` is the
 * advertised address, as an IP address if the node is in a cluster.
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

/**
 * Threads for clients' connections. The main thread is one of them, and the kernel and others need a
 * processor too.
 */
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

function ownSettings(context: LaunchContext): Setting[] {
	const { assignment, paths, bindAddress } = context;
	const replication = replicationLogin(assignment.auth);
	return [
		...leadSettings(assignment, assignment.role.kind === "primary"),
		["bind", bindAddress],
		["port", assignment.port],
		// This mode only refuses strangers when clients need no password. The cache's own setting decides who may
		// connect.
		["protected-mode", "no"],
		["aclfile", paths.acl],
		["daemonize", "no"],
		["pidfile", paths.pidFile],
		["logfile", paths.log],
		["dir", paths.data],
		["maxmemory", assignment.maxmemoryBytes],
		["save", ""],
		// Out of memory, the kernel ends the process that saves or syncs first, then replicas, and primaries last.
		["oom-score-adj", "relative"],
		["oom-score-adj-values", ...OOM_SCORES],
		// With these files, an engine loads nothing else. So it starts without them, and its agent turns them on.
		["appendonly", context.fromAppendFiles ? "yes" : "no"],
		["appendfsync", fsyncOf(assignment.persistence)],
		["masteruser", replication.username],
		["masterauth", replication.password],
		// An idle replica can tell a silent primary from a quiet one within 2 s.
		["repl-ping-replica-period", 1],
		// These together bring a replica of 1 GiB into sync in 4 s instead of 26 s.
		["repl-diskless-sync", "yes"],
		["repl-diskless-sync-delay", 0],
		["rdbcompression", "no"],
		["rdb-del-sync-files", "yes"],
		["repl-diskless-load", "on-empty-db"],
		...flavorOf(assignment.engine).extraSettings,
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
		// How the cluster fails over without the control plane: about 4 s from a death to a new primary.
		["cluster-node-timeout", BACKSTOP_TIMING.clusterNodeTimeoutMs],
		// Replicas stay where the control plane put them.
		["cluster-allow-replica-migration", "no"],
		// A future primary keeps the start of its history until its replicas ask for it.
		["repl-backlog-ttl", 0],
	];
}

/**
 * A replica starts as a replica at every launch, so it is never an empty primary that takes writes. The first
 * launch names an address where nothing answers: an engine tries the configured address once and then waits
 * 1 s, while the agent can name the real one as soon as that one accepts.
 */
function configuredPrimary({ assignment, kind }: LaunchContext) {
	if (assignment.role.kind !== "replica") return null;
	return kind === "first" ? NO_PRIMARY_YET : assignment.role.of;
}

/** Some settings take several values, which the file lists separately. */
function words(name: string, value: string): string[] {
	return name === "client-output-buffer-limit" ? value.split(/\s+/) : [value];
}

/** A value in the engine's own quoting, with any characters. */
function quote(value: string | number): string {
	if (typeof value === "number" || /^[A-Za-z0-9_./:@-]+$/.test(value)) return String(value);
	const escaped = [...Buffer.from(value, "utf8")].map((byte) => {
		const character = String.fromCharCode(byte);
		if (character === '"' || character === "\\") return `\\${character}`;
		return byte >= 0x20 && byte < 0x7f ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
	});
	return `"${escaped.join("")}"`;
}
