import { formatGib } from "../../server/contract/units.ts";
import { type InfoFields, infoNumber } from "../drivers/valkey-info.ts";

interface PreflightFacts {
	/** All sections of INFO. */
	readonly source: InfoFields;
	/** Names of the source's modules that the cache's engine hasn't. */
	readonly modules: readonly string[];
	readonly target: InfoFields;
	/** That the cache's engine has. */
	readonly databases: number;
}

/** Why the cache can't take the source's place, in a sentence with what to do; null if it can. */
export function preflightProblem(facts: PreflightFacts): string | null {
	const { source, target } = facts;
	if (source.get("run_id") === target.get("run_id")) {
		return "The source is this cache's own primary. Name the engine that you want to move.";
	}
	if (source.get("role") === "slave") {
		return `The source is a replica. Name its primary, ${source.get("master_host")}:${source.get("master_port")}.`;
	}
	if (source.get("cluster_enabled") === "1") {
		return "The source has cluster mode enabled, and the cache hasn't. Take a snapshot of each of its shards, import them, and restore them into a cache with cluster mode enabled.";
	}
	return (
		versionProblem(source, target) ??
		modulesProblem(facts) ??
		databasesProblem(facts) ??
		roomProblem(facts)
	);
}

function versionProblem(source: InfoFields, target: InfoFields): string | null {
	const [from, to] = [engineOf(source), engineOf(target)];
	if (formatOf(from) !== null && (formatOf(from) ?? 0) <= (formatOf(to) ?? 0)) return null;
	return `The source runs ${nameOf(from)}, whose data ${nameOf(to)} can't read. Move to a cache with a newer engine.`;
}

function modulesProblem({ modules }: PreflightFacts): string | null {
	if (modules.length === 0) return null;
	return `The source has modules (${modules.join(", ")}), which the cache doesn't have. Unload them, and delete their data.`;
}

function databasesProblem({ source, databases }: PreflightFacts): string | null {
	const used = [...source.keys()].flatMap((name) => /^db(\d+)$/.exec(name)?.[1] ?? []).map(Number);
	const highest = Math.max(-1, ...used);
	if (highest < databases) return null;
	return `The source has keys in database ${highest}, and the cache has only databases 0 to ${databases - 1}. Raise the parameter databases, and reboot the cache.`;
}

function roomProblem({ source, target }: PreflightFacts): string | null {
	const [used, room] = [infoNumber(source, "used_memory"), infoNumber(target, "maxmemory")];
	if (room === 0 || used <= room) return null;
	return `The source holds ${formatGib(used)}, and the cache has room for ${formatGib(room)}. Give it a larger node type.`;
}

interface Version {
	engine: "valkey" | "redis";
	text: string;
	major: number;
	minor: number;
}

function engineOf(info: InfoFields): Version {
	const valkey = info.get("valkey_version");
	const text = valkey ?? info.get("redis_version") ?? "0";
	const [major = 0, minor = 0] = text.split(".").map(Number);
	return { engine: valkey === undefined ? "redis" : "valkey", text, major, minor };
}

function nameOf({ engine, text }: Version): string {
	return `${engine === "valkey" ? "Valkey" : "Redis"} ${text}`;
}

/** The newest format of data that it writes and reads; null for one that no engine of Larder reads. */
function formatOf({ engine, major, minor }: Version): number | null {
	if (engine === "valkey") return major >= 9 ? 80 : 11;
	if (major < 7) return 9;
	if (major > 7 || minor >= 4) return null;
	return minor >= 2 ? 11 : 10;
}
