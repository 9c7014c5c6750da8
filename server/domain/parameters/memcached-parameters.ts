import { MIB } from "../../contract/limits.ts";
import { choice, INT_MAX, integer, type ParameterDefinition } from "./definition.ts";

/**
 * Memcached reads its settings when it starts, and resolve-parameters.ts turns each into one of Memcached's
 * own options.
 */
const AT_START = { apply: "requires-reboot", sent: "never" } as const;
const FIXED = { ...AT_START, modifiable: false } as const;

function zeroOrOne(
	name: string,
	defaultValue: "0" | "1",
	description: string,
	modifiable = true,
): ParameterDefinition {
	const definition = choice(name, defaultValue, ["0", "1"], description, {
		...AT_START,
		modifiable,
	});
	return { ...definition, type: "boolean" };
}

export const MEMCACHED_PARAMETERS: readonly ParameterDefinition[] = [
	integer(
		"max_item_size",
		MIB,
		[1_024, 128 * MIB],
		"Maximum item size in bytes, rounded up to 512 KiB; at most half of the node's memory.",
		AT_START,
	),
	integer(
		"chunk_size",
		48,
		[1, 1_024],
		"Minimum bytes allocated for an item's key, value and flags.",
		AT_START,
	),
	{
		...integer(
			"chunk_size_growth_factor",
			1.25,
			[1.01, 1_024],
			"Growth factor from one chunk size to the next.",
			AT_START,
		),
		type: "float",
	},
	integer(
		"backlog_queue_limit",
		1_024,
		[1, 10_000],
		"Connections that may wait to be accepted.",
		AT_START,
	),
	// ElastiCache also has binary. With that, neither agents nor clients' auto discovery could ask a node
	// anything.
	choice("binding_protocol", "auto", ["auto", "ascii"], "Protocols served.", AT_START),
	zeroOrOne("cas_disabled", "0", "1 turns check-and-set off and saves 8 bytes per item."),
	zeroOrOne(
		"error_on_memory_exhausted",
		"0",
		"1 refuses writes when memory is full instead of evicting.",
	),
	integer(
		"max_simultaneous_connections",
		65_000,
		[1, 65_000],
		"Maximum simultaneous clients; fewer if the host allows fewer open files.",
		FIXED,
	),
	integer(
		"memcached_connections_overhead",
		100,
		[0, 1_048_576],
		"MiB of a node's memory reserved for connections rather than data; at most a quarter of it.",
		AT_START,
	),
	integer(
		"requests_per_event",
		20,
		[1, INT_MAX],
		"Maximum consecutive requests served for one client.",
		FIXED,
	),
	zeroOrOne("large_memory_pages", "0", "Uses large memory pages.", false),
	zeroOrOne("lock_down_paged_memory", "0", "Locks all memory.", false),
	integer("verbosity", 0, [0, 2], "Log verbosity.", AT_START),
	zeroOrOne("lru_crawler", "1", "Runs a thread that frees expired items."),
	zeroOrOne("lru_maintainer", "1", "Runs a thread that sorts items by use."),
	choice(
		"hash_algorithm",
		"murmur3",
		["jenkins", "murmur3", "xxh3"],
		"Hash function for keys.",
		AT_START,
	),
	zeroOrOne("slab_reassign", "1", "Lets memory move between item sizes."),
	choice(
		"slab_automove",
		"1",
		["0", "1", "2"],
		"How aggressively memory moves between item sizes.",
		AT_START,
	),
	integer(
		"idle_timeout",
		0,
		[0, INT_MAX],
		"Seconds after which an idle client is disconnected.",
		AT_START,
	),
	zeroOrOne("maxconns_fast", "1", "Refuses clients beyond the limit instead of queueing them."),
	zeroOrOne("disable_flush_all", "0", "1 refuses flush_all."),
	integer(
		"temporary_ttl",
		61,
		[0, INT_MAX],
		"Items younger than this many seconds are never evicted.",
		AT_START,
	),
	// Memcached refuses more than 80 for the sum of the two.
	integer("hot_lru_pct", 20, [1, 40], "Percentage of memory for the newest items.", AT_START),
	integer("warm_lru_pct", 40, [1, 40], "Percentage of memory for items in use.", AT_START),
];
