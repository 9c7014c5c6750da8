import type { EngineParameter } from "../../server/contract/desired-state.ts";
import type { AppliedSettings } from "./driver.ts";
import { EngineCommandError } from "./engine-connection.ts";
import type { RespValue } from "./resp-parser.ts";

/** Settings that Larder depends on: no parameter changes them. */
const OWN_SETTINGS: ReadonlySet<string> = new Set([
	...["bind", "bind-source-addr", "port", "unixsocket", "unixsocketperm", "protected-mode", "dir"],
	...["aclfile", "user", "requirepass", "rename-command", "include", "loadmodule", "supervised"],
	...["daemonize", "pidfile", "logfile", "dbfilename", "save", "appendonly", "maxmemory"],
	...["masteruser", "masterauth", "primaryuser", "primaryauth", "replicaof", "slaveof"],
	...["replica-priority", "slave-priority"],
	...["repl-diskless-sync", "repl-diskless-sync-delay", "repl-diskless-load", "rdbcompression"],
	...["rdb-del-sync-files", "dual-channel-replication-enabled", "set-proc-title"],
	...["enable-protected-configs", "enable-debug-command", "enable-module-command"],
]);
const OWN_PREFIXES = ["tls-", "replica-announce-", "slave-announce-"];
/** Cluster settings that a cache may change; the rest of `cluster-…` belongs to Larder. */
const FREE_CLUSTER_SETTINGS: ReadonlySet<string> = new Set([
	"cluster-require-full-coverage",
	"cluster-allow-reads-when-down",
	"cluster-allow-pubsubshard-when-down",
	"cluster-replica-validity-factor",
	"cluster-slot-stats-enabled",
	"cluster-databases",
]);

/** The parameters that the engine may be given. A name that isn't a word could smuggle in another line. */
export function writableParameters(parameters: readonly EngineParameter[]): EngineParameter[] {
	return parameters.filter(({ name }) => {
		if (!/^[a-z][a-z0-9-]*$/.test(name) || OWN_SETTINGS.has(name)) return false;
		if (OWN_PREFIXES.some((prefix) => name.startsWith(prefix))) return false;
		return !name.startsWith("cluster-") || FREE_CLUSTER_SETTINGS.has(name);
	});
}

/**
 * Gives a running engine the live parameters that differ, each in a command of its own, so that one refusal doesn't
 * affect the others.
 */
export async function applyParameters(
	parameters: readonly EngineParameter[],
	command: (...args: string[]) => Promise<RespValue>,
): Promise<AppliedSettings["refused"]> {
	const live = writableParameters(parameters).filter((parameter) => parameter.live);
	if (live.length === 0) return [];
	const names = live.map(({ name }) => name);
	const present = readPairs(await command("CONFIG", "GET", ...names));
	const results = await Promise.all(
		live.map(async ({ name, value }) => {
			const before = present.get(name);
			if (before === undefined) return { name, value, message: "the engine has no such setting" };
			if (isSameValue(before, value)) return null;
			const message = await trySet(name, value, command);
			return message === null ? null : { name, value, message };
		}),
	);
	return results.filter((result) => result !== null);
}

/** Null if the engine accepted it, otherwise why not. */
async function trySet(
	name: string,
	value: string,
	command: (...args: string[]) => Promise<RespValue>,
): Promise<string | null> {
	try {
		await command("CONFIG", "SET", name, value);
		return null;
	} catch (error) {
		if (error instanceof EngineCommandError) return error.message;
		throw error;
	}
}

function readPairs(answer: RespValue): Map<string, string> {
	if (!Array.isArray(answer)) throw new Error("CONFIG GET didn't return a list");
	const pairs = new Map<string, string>();
	for (let i = 0; i + 1 < answer.length; i += 2) {
		pairs.set(String(answer[i]), String(answer[i + 1]));
	}
	return pairs;
}

/**
 * Whether two notations mean the same value: `1gb` and `1073741824`. Case counts: keyspace events have flags
 * in both cases.
 */
export function isSameValue(left: string, right: string): boolean {
	return normalize(left) === normalize(right);
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
	...{ b: 1, k: 1_000, kb: 1_024, m: 1_000_000, mb: 1_024 ** 2, g: 1_000_000_000, gb: 1_024 ** 3 },
};

function normalize(value: string): string {
	return value
		.trim()
		.split(/\s+/)
		.map((word) => {
			const match = /^(-?\d+(?:\.\d+)?)([a-z]{0,2})$/i.exec(word);
			const unit = match?.[2]?.toLowerCase() ?? "";
			const factor = unit === "" ? 1 : UNIT_BYTES[unit];
			if (match === null || factor === undefined) return word;
			return String(Number(match[1]) * factor);
		})
		.join(" ");
}
