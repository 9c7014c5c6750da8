import { MIB } from "../../contract/limits.ts";
import { choice, INT_MAX, integer, type ParameterDefinition } from "./definition.ts";

/** Memcached takes its settings when it starts, and resolve-parameters.ts turns each into an option of its own. */
const AT_START = { apply: "requires-reboot", told: "never" } as const;
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
		"Bytes of the largest item, rounded up to 512 KiB; at most half of the node's memory.",
		AT_START,
	),
	integer("chunk_size", 48, [1, 1_024], "Least bytes of an item's key, value and flags.", AT_START),
	{
		...integer(
			"chunk_size_growth_factor",
			1.25,
			[1.01, 1_024],
			"Size of the next chunks.",
			AT_START,
		),
		type: "float",
	},
	integer(
		"backlog_queue_limit",
		1_024,
		[1, 10_000],
		"Connections that wait to be taken.",
		AT_START,
	),
	// ElastiCache has binary too. Then neither agents nor clients' auto discovery could ask a node anything.
	choice("binding_protocol", "auto", ["auto", "ascii"], "Protocols served.", AT_START),
	zeroOrOne("cas_disabled", "0", "1 turns check-and-set off and saves 8 bytes an item."),
	zeroOrOne("error_on_memory_exhausted", "0", "1 refuses writes when memory is full."),
	integer(
		"max_simultaneous_connections",
		65_000,
		[1, 65_000],
		"Most clients at a time; fewer where the host allows fewer open files.",
		FIXED,
	),
	integer(
		"memcached_connections_overhead",
		100,
		[0, 1_048_576],
		"MiB of a node's memory kept from data for connections; at most a quarter of it.",
		AT_START,
	),
	integer("requests_per_event", 20, [1, INT_MAX], "Requests of one client in a row.", FIXED),
	zeroOrOne("large_memory_pages", "0", "Large pages of memory.", false),
	zeroOrOne("lock_down_paged_memory", "0", "Locks all memory.", false),
	integer("verbosity", 0, [0, 2], "How much is logged.", AT_START),
	zeroOrOne("lru_crawler", "1", "A thread that frees expired items."),
	zeroOrOne("lru_maintainer", "1", "A thread that sorts items by use."),
	choice("hash_algorithm", "murmur3", ["jenkins", "murmur3", "xxh3"], "Hash of keys.", AT_START),
	zeroOrOne("slab_reassign", "1", "Memory may move between sizes of items."),
	choice("slab_automove", "1", ["0", "1", "2"], "How eagerly memory moves.", AT_START),
	integer(
		"idle_timeout",
		0,
		[0, INT_MAX],
		"Seconds after which an idle client is let go.",
		AT_START,
	),
	zeroOrOne("maxconns_fast", "1", "Refuses clients beyond the limit instead of queueing them."),
	zeroOrOne("disable_flush_all", "0", "1 refuses flush_all."),
	integer(
		"temporary_ttl",
		61,
		[0, INT_MAX],
		"Seconds below which items are never evicted.",
		AT_START,
	),
	// Memcached refuses more than 80 for the two together.
	integer("hot_lru_pct", 20, [1, 40], "Percent of memory for the newest items.", AT_START),
	integer("warm_lru_pct", 40, [1, 40], "Percent of memory for items in use.", AT_START),
];
