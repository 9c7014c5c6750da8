import { countSlots, formatSlots, type SlotRange } from "../../server/contract/slots.ts";
import { formatGib } from "../../server/contract/units.ts";
import { countKeys, type InfoFields, infoNumber } from "../drivers/valkey-info.ts";

const LARGEST_LIST = 300;

/** One of the source's primaries. */
export interface SourceFacts {
	/** Host and port. */
	readonly name: string;
	/** All sections of INFO. */
	readonly info: InfoFields;
	/** Null without cluster mode. */
	readonly slots: readonly SlotRange[] | null;
	/** The part of its data that goes to this shard of the cache, from 0 to 1. */
	readonly share: number;
	/** It lets Larder hold its writes. */
	readonly holdsWrites: boolean;
}

interface PreflightFacts {
	readonly sources: readonly SourceFacts[];
	/** Names of the sources' modules that the cache's engine hasn't. */
	readonly modules: readonly string[];
	readonly target: InfoFields;
	/** That the cache's engine has. */
	readonly databases: number;
}

/** Why the cache can't take the source's place, in a sentence with what to do; null if it can. */
export function preflightProblem(facts: PreflightFacts): string | null {
	for (const source of facts.sources) {
		const problem =
			identityProblem(source.info, facts.target) ??
			versionProblem(source.info, facts.target) ??
			databasesProblem(source.info, facts);
		if (problem !== null) return problem;
	}
	return modulesProblem(facts) ?? roomProblem(facts);
}

/** What was found at one of the source's primaries, in a line for people. */
export function describeSource({ name, info, slots, holdsWrites }: SourceFacts): string {
	const [libraries, scripts] = ["number_of_libraries", "number_of_cached_scripts"].map((field) =>
		infoNumber(info, field),
	);
	const keys = countKeys(info);
	return [
		`${name}${slots === null ? "" : ` (slots ${shorten(formatSlots(slots))})`}: primary`,
		nameOf(engineOf(info)),
		`${keys.toLocaleString("en")} key${keys === 1 ? "" : "s"}`,
		formatGib(infoNumber(info, "used_memory")),
		"no modules that the cache lacks",
		...(libraries ? [`${libraries} librar${libraries === 1 ? "y" : "ies"} of functions`] : []),
		...(scripts
			? [
					`${scripts} cached script${scripts === 1 ? "" : "s"}, not copied: clients load them again (SCRIPT LOAD)`,
				]
			: []),
		holdsWrites
			? "Larder can hold its writes"
			: "it doesn't allow CLIENT PAUSE: stop its writers before you complete the migration",
	].join(", ");
}

function shorten(text: string): string {
	return text.length <= LARGEST_LIST ? text : `${text.slice(0, LARGEST_LIST)}…`;
}

function identityProblem(source: InfoFields, target: InfoFields): string | null {
	if (source.get("run_id") === target.get("run_id")) {
		return "The source is this cache's own primary. Name the engine that you want to move.";
	}
	if (source.get("role") === "slave") {
		return `The source is a replica. Name its primary, ${source.get("master_host")}:${source.get("master_port")}.`;
	}
	return null;
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

function databasesProblem(
	source: InfoFields,
	{ target, databases }: Pick<PreflightFacts, "target" | "databases">,
): string | null {
	const used = [...source.keys()].flatMap((name) => /^db(\d+)$/.exec(name)?.[1] ?? []).map(Number);
	const highest = Math.max(-1, ...used);
	if (target.get("cluster_enabled") === "1") {
		if (highest <= 0) return null;
		return `The source has keys in database ${highest}, and a cache with cluster mode enabled has only database 0. Move to a cache with cluster mode disabled.`;
	}
	if (highest < databases) return null;
	return `The source has keys in database ${highest}, and the cache has only databases 0 to ${databases - 1}. Raise the parameter databases, and reboot the cache.`;
}

function roomProblem({ sources, target }: PreflightFacts): string | null {
	const used = sources.reduce(
		(sum, { info, share }) => sum + share * infoNumber(info, "used_memory"),
		0,
	);
	const room = infoNumber(target, "maxmemory");
	if (room === 0 || used <= room) return null;
	const isCluster = target.get("cluster_enabled") === "1";
	return `The source holds ${formatGib(used)}${isCluster ? " in the slots of one of the cache's shards" : ""}, and the ${isCluster ? "shard" : "cache"} has room for ${formatGib(room)}. Give it a larger node type${isCluster ? ", or more shards" : ""}.`;
}

/** Of a primary with these slots, the part that lies in others. */
export function shareOf(
	slots: readonly SlotRange[] | null,
	common: readonly SlotRange[],
	allSlots: number,
): number {
	return countSlots(common) / (slots === null ? allSlots : Math.max(1, countSlots(slots)));
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
