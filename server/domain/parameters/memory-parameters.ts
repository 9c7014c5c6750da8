import { EVICTION_POLICIES } from "../../contract/choices.ts";
import { choice, INT_MAX, integer, type ParameterDefinition, yesOrNo } from "./definition.ts";

/** Debian's and Ubuntu's engines are linked with the system's jemalloc, which doesn't support defragmentation. */
const NEEDS_ANOTHER_BUILD =
	"Debian and Ubuntu build their engines without support for this, so it stays off.";

const LAZY_FREE = [
	["eviction", "when keys are evicted"],
	["expire", "when keys expire"],
	["server-del", "when a command replaces a key"],
	["user-del", "after DEL"],
	["user-flush", "after FLUSHALL and FLUSHDB"],
] as const;

/** Eviction, expiry and freeing of memory, and when small values are packed. */
export function memoryParameters(options: {
	lazyFree: "yes" | "no";
	setListpacks: boolean;
}): ParameterDefinition[] {
	return [
		choice(
			"maxmemory-policy",
			"volatile-lru",
			EVICTION_POLICIES,
			"Which keys are evicted when memory is full.",
		),
		integer("maxmemory-samples", 5, [1, 64], "Keys sampled for each eviction."),
		integer(
			"maxmemory-eviction-tenacity",
			10,
			[0, 100],
			"How hard eviction works; 100 means no limit.",
		),
		integer(
			"reserved-memory-percent",
			25,
			[0, 100],
			"Percentage of a node's memory reserved for buffers and forks rather than data.",
			{ sent: "never" },
		),
		integer("active-expire-effort", 1, [1, 10], "How hard the engine looks for expired keys."),
		...LAZY_FREE.map(([cause, words]) =>
			yesOrNo(
				`lazyfree-lazy-${cause}`,
				options.lazyFree,
				`Frees memory in the background ${words}.`,
			),
		),
		integer("lfu-decay-time", 1, [0, INT_MAX], "Minutes after which an LFU counter decays."),
		integer("lfu-log-factor", 10, [0, INT_MAX], "How slowly an LFU counter grows."),
		yesOrNo("activedefrag", "no", `Defragments memory while serving. ${NEEDS_ANOTHER_BUILD}`, {
			modifiable: false,
			sent: "never",
		}),
		integer("active-defrag-cycle-max", 75, [1, 99], "Maximum CPU percentage for defragmentation."),
		integer("active-defrag-cycle-min", 5, [1, 99], "Minimum CPU percentage for defragmentation."),
		integer(
			"active-defrag-ignore-bytes",
			104_857_600,
			[1, Number.MAX_SAFE_INTEGER],
			"Fragmentation, in bytes, at which defragmentation starts.",
		),
		integer("active-defrag-max-scan-fields", 1_000, [1, INT_MAX], "Fields processed in one step."),
		integer(
			"active-defrag-threshold-lower",
			10,
			[0, 1_000],
			"Fragmentation percentage at which defragmentation starts.",
		),
		integer(
			"active-defrag-threshold-upper",
			100,
			[0, 1_000],
			"Fragmentation percentage at which defragmentation uses maximum effort.",
		),
		yesOrNo("activerehashing", "yes", "Rehashes the main dictionary during idle time."),
		...listpack("hash", 512),
		...listpack("zset", 128),
		...(options.setListpacks ? listpack("set", 128) : []),
		integer(
			"set-max-intset-entries",
			512,
			[0, INT_MAX],
			"Maximum members of a packed set of integers.",
		),
		integer("list-max-listpack-size", -2, [-5, INT_MAX], "Maximum size of a list's packed node."),
		integer(
			"list-compress-depth",
			0,
			[0, INT_MAX],
			"Nodes at each end of a list kept uncompressed; 0 compresses none.",
		),
		integer("hll-sparse-max-bytes", 3_000, [0, INT_MAX], "Maximum bytes of a sparse HyperLogLog."),
		integer(
			"stream-node-max-bytes",
			4_096,
			[0, INT_MAX],
			"Maximum bytes of a stream's node; 0 means no limit.",
		),
		integer(
			"stream-node-max-entries",
			100,
			[0, INT_MAX],
			"Maximum entries of a stream's node; 0 means no limit.",
		),
	];
}

function listpack(type: string, entries: number): ParameterDefinition[] {
	return [
		integer(
			`${type}-max-listpack-entries`,
			entries,
			[0, INT_MAX],
			`Maximum entries of a packed ${type}.`,
		),
		integer(
			`${type}-max-listpack-value`,
			64,
			[0, INT_MAX],
			`Maximum bytes of an entry in a packed ${type}.`,
		),
	];
}
