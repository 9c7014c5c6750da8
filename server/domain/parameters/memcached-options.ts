import type { EngineParameter } from "../../contract/desired-state.ts";
import { MIB } from "../../contract/limits.ts";
import { MEMCACHED_PARAMETERS } from "./memcached-parameters.ts";

/**
 * Memcached's items consist of chunks of this size, and it refuses a maximum item size that isn't a multiple.
 */
const SLAB_CHUNK_BYTES = MIB / 2;

/**
 * ElastiCache's names as Memcached's own options. A name with hyphens is a long option
 * (`--max-item-size=1048576`), one with underscores an extended option (`-o idle_timeout=60`); an empty value
 * means that it takes none.
 */
const OPTIONS: Readonly<Record<string, (value: string) => [name: string, value: string] | null>> = {
	max_item_size: (value) => [
		"max-item-size",
		String(Math.ceil(Number(value) / SLAB_CHUNK_BYTES) * SLAB_CHUNK_BYTES),
	],
	chunk_size: (value) => ["slab-min-size", String(Number(value))],
	chunk_size_growth_factor: (value) => ["slab-growth-factor", value],
	backlog_queue_limit: (value) => ["listen-backlog", String(Number(value))],
	binding_protocol: (value) => ["protocol", value],
	cas_disabled: (value) => flag(value, "disable-cas"),
	error_on_memory_exhausted: (value) => flag(value, "disable-evictions"),
	verbosity: (value) => (Number(value) === 0 ? null : ["verbose", "v".repeat(Number(value) - 1)]),
	lru_crawler: (value) => flag(value, "lru_crawler", "no_lru_crawler"),
	lru_maintainer: (value) => flag(value, "lru_maintainer", "no_lru_maintainer"),
	hash_algorithm: (value) => ["hash_algorithm", value],
	slab_reassign: (value) => flag(value, "slab_reassign", "no_slab_reassign"),
	slab_automove: (value) => ["slab_automove", value],
	idle_timeout: (value) => ["idle_timeout", String(Number(value))],
	maxconns_fast: (value) => flag(value, "maxconns_fast", "no_maxconns_fast"),
	disable_flush_all: (value) => flag(value, "disable-flush-all"),
	temporary_ttl: (value) => ["temporary_ttl", String(Number(value))],
	hot_lru_pct: (value) => ["hot_lru_pct", String(Number(value))],
	warm_lru_pct: (value) => ["warm_lru_pct", String(Number(value))],
};

function flag(value: string, on: string, off: string | null = null): [string, string] | null {
	const name = value === "1" ? on : off;
	return name === null ? null : [name, ""];
}

/** Memcached refuses to start with these if the LRU maintainer is off. */
const NEED_LRU_MAINTAINER = ["temporary_ttl", "hot_lru_pct", "warm_lru_pct"];

/** Only what differs from Memcached's own defaults. */
export function memcachedOptions(overrides: Readonly<Record<string, string>>): EngineParameter[] {
	return MEMCACHED_PARAMETERS.flatMap(({ name, defaultValue, modifiable }) => {
		const value = overrides[name];
		if (value === undefined || value === defaultValue || !modifiable) return [];
		if (overrides.lru_maintainer === "0" && NEED_LRU_MAINTAINER.includes(name)) return [];
		const option = OPTIONS[name]?.(value) ?? null;
		return option === null ? [] : [{ name: option[0], value: option[1], live: false }];
	});
}
