import { availableParallelism, userInfo } from "node:os";
import type { Assignment, EngineParameter } from "../../server/contract/desired-state.ts";
import { MIB } from "../../server/contract/limits.ts";
import { openFilesOf } from "../machine/open-files.ts";
import { storagePort } from "./memcached-proxy.ts";
import { CLIENT_LISTENER } from "./memcached-proxy-program.ts";

const CONNECTIONS_DEFAULT = 65_000;
/** Files that the process opens besides its connections. */
const OTHER_FILES = 128;

/** Properties of this machine and user that affect the arguments. */
export interface MemcachedSurroundings {
	readonly cpus: number;
	readonly openFilesMax: number;
	/** The program refuses to run as root; it switches to the given user. */
	readonly isRoot: boolean;
}

export function readSurroundings(): MemcachedSurroundings {
	return {
		cpus: availableParallelism(),
		openFilesMax: openFilesOf().hard,
		isRoot: userInfo().uid === 0,
	};
}

/**
 * Memcached has one kind of client, which may do everything that isn't disabled here: `watch` (-W) shows
 * others' keys as they are used, and the dumps (-X) list all of them. -X also disables `stats detail`, whose
 * counters are unbounded.
 */
const CLOSED_TO_CLIENTS = ["-W", "-X"];

/** Parameters that say how many clients may be connected. */
export const CONNECTION_PARAMETERS: readonly string[] = [
	...["max_simultaneous_connections", "conn-limit"],
];

/** How many clients the parameters allow at a time. */
export function wantedConnections(parameters: readonly EngineParameter[]): number {
	const counts = parameters.flatMap((parameter) => {
		const flag = flagOf(parameter);
		return flag?.kind === "connections" ? [flag.count] : [];
	});
	return counts.at(-1) ?? CONNECTIONS_DEFAULT;
}

/** The verbosity that the parameters ask for: 0 to 3. */
export function wantedVerbosity(parameters: readonly EngineParameter[]): number {
	return Math.max(
		0,
		...parameters.map(({ name, value }) => {
			if (name === "verbosity") return Number(value) || 0;
			return name === "verbose" ? value.length + 1 : 0;
		}),
	);
}

/**
 * The command line of a node. Parameters have ElastiCache's names or those of Memcached's own options;
 * `proxy` names the program of its proxy, if it has one. `ignored` lists those that have no meaning here, or a value that the program would refuse.
 */
export function memcachedArguments(
	assignment: Assignment,
	bindAddress: string,
	proxy: string,
	{ cpus, openFilesMax, isRoot }: MemcachedSurroundings,
): { args: string[]; ignored: string[] } {
	const { maxmemoryBytes, vcpus, parameters } = assignment;
	const ignored: string[] = [];
	const flags: string[] = [];
	const extended = assignment.proxy === undefined ? [] : [`proxy_config=${proxy}`];
	for (const parameter of parameters) {
		const flag = flagOf(parameter);
		if (flag === null) ignored.push(parameter.name);
		else if (flag.kind === "extended") extended.push(flag.option);
		else if (flag.kind === "plain") flags.push(...flag.args);
	}
	// With more than the kernel allows, the program doesn't start.
	const allowed = Math.max(1, Math.min(wantedConnections(parameters), openFilesMax - OTHER_FILES));
	const args = [
		...listeners(assignment, bindAddress),
		...["-U", "0"],
		...["-m", String(Math.max(1, Math.floor(maxmemoryBytes / MIB)))],
		...["-t", String(Math.max(1, Math.min(vcpus, cpus))), "-c", String(allowed)],
		...(isRoot ? ["-u", "nobody"] : []),
		...CLOSED_TO_CLIENTS,
		...flags,
		...(extended.length === 0 ? [] : ["-o", extended.join(",")]),
	];
	return { args, ignored };
}

/**
 * Clients of a node with a proxy get the proxy. It knows neither `flush_all` nor commands that change settings, so only those
 * who reach the other port can use these: proxies and the agent.
 */
function listeners({ port, proxy }: Assignment, bindAddress: string): string[] {
	if (proxy === undefined) return ["-l", bindAddress, "-p", String(port)];
	const storage = `proto[ascii]:${bindAddress}:${storagePort({ port, proxy })}`;
	return ["-l", `${storage},proto[proxy]:tag[${CLIENT_LISTENER}]:${bindAddress}:${port}`];
}

type Flag =
	| { readonly kind: "plain"; readonly args: readonly string[] }
	| { readonly kind: "extended"; readonly option: string }
	| { readonly kind: "connections"; readonly count: number };

const plain = (...args: string[]): Flag => ({ kind: "plain", args });
const option = (text: string): Flag => ({ kind: "extended", option: text });

/** Options that take a number, by ElastiCache's name and by Memcached's own. */
const NUMBER_FLAGS: Readonly<Record<string, string>> = {
	max_item_size: "-I",
	"max-item-size": "-I",
	chunk_size: "-n",
	"slab-min-size": "-n",
	chunk_size_growth_factor: "-f",
	"slab-growth-factor": "-f",
	backlog_queue_limit: "-b",
	"listen-backlog": "-b",
};
/** Options without a value: on if the parameter is 1, or empty for those with Memcached's own name. */
const SWITCH_FLAGS: Readonly<Record<string, string>> = {
	cas_disabled: "-C",
	"disable-cas": "-C",
	error_on_memory_exhausted: "-M",
	"disable-evictions": "-M",
	large_memory_pages: "-L",
	"enable-largepages": "-L",
	disable_flush_all: "-F",
	"disable-flush-all": "-F",
};
const EXTENDED_SWITCHES: ReadonlySet<string> = new Set([
	...["lru_crawler", "lru_maintainer", "slab_reassign", "maxconns_fast"],
]);
const EXTENDED_NUMBERS: ReadonlySet<string> = new Set([
	...["idle_timeout", "slab_automove", "lru_crawler_sleep", "lru_crawler_tocrawl"],
	...["hot_lru_pct", "warm_lru_pct", "hot_max_factor", "warm_max_factor", "temporary_ttl"],
]);

/** Null for a parameter that can't be turned into an argument. */
function flagOf({ name, value }: EngineParameter): Flag | null {
	const isNumber = /^\d{1,15}(\.\d{1,6})?$/.test(value);
	const numberFlag = NUMBER_FLAGS[name];
	if (numberFlag !== undefined) return isNumber ? plain(numberFlag, value) : null;
	const switchFlag = SWITCH_FLAGS[name];
	if (switchFlag !== undefined) return switchOf(value, plain(switchFlag), plain());
	const extended = name.replace(/^no_/, "");
	if (EXTENDED_SWITCHES.has(extended)) {
		const off = extended === name ? `no_${name}` : extended;
		return switchOf(value, option(name), option(off));
	}
	if (EXTENDED_NUMBERS.has(name)) return isNumber ? option(`${name}=${value}`) : null;
	return namedFlag(name, value, isNumber);
}

function switchOf(value: string, on: Flag, off: Flag): Flag | null {
	if (value === "1" || value === "") return on;
	return value === "0" ? off : null;
}

/** Options whose values follow rules of their own. */
function namedFlag(name: string, value: string, isNumber: boolean): Flag | null {
	switch (name) {
		case "max_simultaneous_connections":
		case "conn-limit":
			return isNumber ? { kind: "connections", count: Math.trunc(Number(value)) } : null;
		case "verbosity":
			if (!/^[0-3]$/.test(value)) return null;
			return value === "0" ? plain() : plain(`-${"v".repeat(Number(value))}`);
		case "verbose":
			return /^v{0,2}$/.test(value) ? plain(`-v${value}`) : null;
		case "hash_algorithm":
			return /^(jenkins|murmur3|xxh3)$/.test(value) ? option(`hash_algorithm=${value}`) : null;
		case "binding_protocol":
		case "protocol":
			// Binary alone would shut out the agent, which uses the text protocol: `auto` accepts both.
			if (value === "ascii") return plain("-B", "ascii");
			return value === "auto" || value === "binary" ? plain("-B", "auto") : null;
		default:
			return null;
	}
}
