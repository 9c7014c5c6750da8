import type { Assignment } from "../../server/contract/desired-state.ts";
import { SENTINEL_CHANNELS } from "../sentinel/hello-channel.ts";
import { flavorOf } from "./valkey-flavor.ts";

/**
 * Commands that a cache's clients can't use. ElastiCache denies most of them too. Like ElastiCache, Larder allows
 * KEYS, MONITOR, SLOWLOG, LATENCY, ROLE and FLUSHALL: they read, or touch only the cache's own data.
 */
const DENIED: readonly string[] = [
	// Users, settings, files, and code inside the engine.
	...["acl", "bgrewriteaof", "bgsave", "config", "debug", "module", "save", "shutdown"],
	// Roles, replication and slot ownership.
	...["cluster", "failover", "psync", "replconf", "replicaof", "slaveof", "sync"],
	// Makes the engine connect to an address of the client's choice.
	"migrate",
	// Stop all of the engine's clients, including health checks.
	...["client|pause", "client|unpause", "script|debug"],
	// Can end the connections of replicas and agents, too.
	"client|kill",
	// Exempts its caller from the limit on clients' total memory.
	"client|no-evict",
	// The engine's self-tests, which block it for seconds.
	...["pfdebug", "pfselftest"],
];

/** The read-only ones among the commands above. Every version that Larder runs knows them. */
const READS: readonly string[] = [
	...["whoami", "cat", "genpass", "help"].map((name) => `acl|${name}`),
	...["slots", "shards", "nodes", "info", "keyslot", "myid", "links", "replicas", "slaves"].map(
		(name) => `cluster|${name}`,
	),
	...["countkeysinslot", "getkeysinslot", "count-failure-reports", "help"].map(
		(name) => `cluster|${name}`,
	),
	...["module|list", "module|help", "config|help"],
];

/**
 * What a cache's clients may do, as rules of an ACL user. The engine refuses a whole file for one name that
 * it doesn't know.
 */
export function clientRules({
	engine,
	engineVersion,
}: Pick<Assignment, "engine" | "engineVersion">): string[] {
	const reads = [...READS, ...flavorOf(engine).readsSince(Number.parseInt(engineVersion, 10))];
	return [
		...["~*", "&*", "+@all"],
		...DENIED.map((name) => `-${name}`),
		...reads.map((name) => `+${name}`),
		// Through a selector, so that subscriptions keep all channels: PSUBSCRIBE requires its exact pattern to
		// be allowed.
		"-publish",
		`(+publish ${channelsExcept(SENTINEL_CHANNELS).join(" ")})`,
	];
}

/**
 * Rules that allow every channel except those that start with `prefix`. An ACL can't remove a channel, so the
 * rules name each way in which a channel can differ: it ends early, or has another byte somewhere.
 */
function channelsExcept(prefix: string): string[] {
	return [...prefix].flatMap((character, index) => {
		const before = prefix.slice(0, index);
		return [`&${before}`, `&${before}[^${character}]*`];
	});
}
