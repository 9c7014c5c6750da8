import { choice, INT_MAX, integer, type ParameterDefinition, yesOrNo } from "./definition.ts";

const POLICIES = [
	"volatile-lru",
	"allkeys-lru",
	"volatile-lfu",
	"allkeys-lfu",
	"volatile-random",
	"allkeys-random",
	"volatile-ttl",
	"noeviction",
];
/** Debian's and Ubuntu's engines are linked with the system's jemalloc, which can't do it. */
const NEEDS_ANOTHER_BUILD =
	"Engines from the distribution are built without what this needs, so it stays off.";

/** Eviction, expiry and freeing of memory, and when small values are packed. */
export function memoryParameters(options: {
	lazyFree: "yes" | "no";
	setListpacks: boolean;
}): ParameterDefinition[] {
	return [
		choice("maxmemory-policy", "volatile-lru", POLICIES, "Which keys go when memory is full."),
		integer("maxmemory-samples", 5, [1, 64], "Keys that eviction compares at a time."),
		integer("maxmemory-eviction-tenacity", 10, [0, 100], "Effort of eviction; 100 is no limit."),
		integer(
			"reserved-memory-percent",
			25,
			[0, 100],
			"Share of a node's memory, in percent, that is kept from data for buffers and forks.",
			{ told: "never" },
		),
		integer("active-expire-effort", 1, [1, 10], "Effort of finding expired keys."),
		...(["eviction", "expire", "server-del", "user-del", "user-flush"] as const).map((cause) =>
			yesOrNo(
				`lazyfree-lazy-${cause}`,
				options.lazyFree,
				`Memory is freed in the background on ${cause}.`,
			),
		),
		integer("lfu-decay-time", 1, [0, INT_MAX], "Minutes after which an LFU counter falls."),
		integer("lfu-log-factor", 10, [0, INT_MAX], "How slowly an LFU counter rises."),
		yesOrNo("activedefrag", "no", `Defragments memory while serving. ${NEEDS_ANOTHER_BUILD}`, {
			modifiable: false,
			told: "never",
		}),
		integer("active-defrag-cycle-max", 75, [1, 99], "Most CPU, in percent, of defragmentation."),
		integer("active-defrag-cycle-min", 5, [1, 99], "Least CPU, in percent, of defragmentation."),
		integer(
			"active-defrag-ignore-bytes",
			104_857_600,
			[1, Number.MAX_SAFE_INTEGER],
			"Waste, in bytes, at which defragmentation begins.",
		),
		integer("active-defrag-max-scan-fields", 1_000, [1, INT_MAX], "Fields done in one go."),
		integer("active-defrag-threshold-lower", 10, [0, 1_000], "Waste in percent to begin at."),
		integer("active-defrag-threshold-upper", 100, [0, 1_000], "Waste in percent of most effort."),
		yesOrNo("activerehashing", "yes", "Rehashes the main dictionary in idle moments."),
		...listpack("hash", 512),
		...listpack("zset", 128),
		...(options.setListpacks ? listpack("set", 128) : []),
		integer(
			"set-max-intset-entries",
			512,
			[0, INT_MAX],
			"Members up to which integers are packed.",
		),
		integer("list-max-listpack-size", -2, [-5, INT_MAX], "Size of a list's packed part."),
		integer("list-compress-depth", 0, [0, INT_MAX], "Parts at a list's ends kept uncompressed."),
		integer(
			"hll-sparse-max-bytes",
			3_000,
			[0, INT_MAX],
			"Size up to which a HyperLogLog is sparse.",
		),
		integer("stream-node-max-bytes", 4_096, [0, INT_MAX], "Bytes of a stream's node; 0: no limit."),
		integer(
			"stream-node-max-entries",
			100,
			[0, INT_MAX],
			"Entries of a stream's node; 0: no limit.",
		),
	];
}

function listpack(type: string, entries: number): ParameterDefinition[] {
	return [
		integer(
			`${type}-max-listpack-entries`,
			entries,
			[0, INT_MAX],
			`Entries up to which a ${type} is packed.`,
		),
		integer(
			`${type}-max-listpack-value`,
			64,
			[0, INT_MAX],
			`Bytes of an entry up to which a ${type} is packed.`,
		),
	];
}
