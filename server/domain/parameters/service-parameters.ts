import { INT_MAX, integer, type ParameterDefinition, yesOrNo } from "./definition.ts";

const REBOOT = { apply: "requires-reboot" } as const;
const MAX = Number.MAX_SAFE_INTEGER;

/** Connections, replication, cluster and what the engine tells of itself. */
export function serviceParameters(options: { backlogBytes: number }): ParameterDefinition[] {
	return [
		integer("timeout", 0, [0, INT_MAX], "Seconds after which an idle client is let go; 0: never."),
		integer("tcp-keepalive", 300, [0, INT_MAX], "Seconds between signs of life; 0: none."),
		integer("maxclients", 10_000, [1, 65_000], "Most clients at a time.", {
			modifiable: false,
			told: "never",
		}),
		integer("client-query-buffer-limit", 1_073_741_824, [1_048_576, MAX], "Bytes of a request."),
		integer(
			"proto-max-bulk-len",
			536_870_912,
			[1_048_576, MAX],
			"Bytes of one value of a request.",
		),
		...outputBuffer("normal", [0, 0, 0]),
		...outputBuffer("pubsub", [33_554_432, 8_388_608, 60]),
		...outputBuffer("replica", [268_435_456, 67_108_864, 60]),
		integer("tracking-table-max-keys", 1_000_000, [0, INT_MAX], "Keys of client-side caching."),
		integer(
			"io-threads",
			1,
			[1, 128],
			"Threads that read and write, the main one among them. Larder chooses by the node type's vCPUs unless it is set.",
			{ ...REBOOT, told: "when-set" },
		),
		integer("databases", 16, [1, 10_000], "Databases; in cluster mode see cluster-databases.", {
			...REBOOT,
			clusterMode: "disabled",
		}),
		yesOrNo("appendonly", "no", "Append-only file. Nodes keep data in memory and in replicas.", {
			modifiable: false,
			told: "never",
		}),
		integer("busy-reply-threshold", 5_000, [0, INT_MAX], "Milliseconds of a script or function."),
		integer("repl-backlog-size", options.backlogBytes, [16_384, MAX], "Bytes kept for replicas."),
		integer("repl-backlog-ttl", 3_600, [0, INT_MAX], "Seconds that the backlog is kept.", {
			modifiable: false,
			told: "never",
		}),
		integer("repl-timeout", 60, [1, INT_MAX], "Seconds of silence that end replication.", {
			modifiable: false,
			told: "never",
		}),
		integer(
			"min-replicas-to-write",
			0,
			[0, 5],
			"Replicas in reach without which writes fail; 1 for caches of two replicas a shard and more, unless it is set.",
		),
		integer(
			"min-replicas-max-lag",
			10,
			[0, INT_MAX],
			"Seconds that such a replica may lag; 3 for caches of two replicas a shard and more, unless it is set.",
		),
		yesOrNo("cluster-enabled", "no", "Cluster mode. Fixed while caches use the group.", {
			...REBOOT,
			told: "never",
		}),
		yesOrNo("cluster-require-full-coverage", "no", "Stops serving if any slot is unserved.", {
			clusterMode: "enabled",
		}),
		yesOrNo("cluster-allow-reads-when-down", "no", "Serves reads while the cluster is down.", {
			clusterMode: "enabled",
		}),
		yesOrNo("cluster-allow-pubsubshard-when-down", "yes", "The same for sharded pub/sub.", {
			clusterMode: "enabled",
		}),
		{
			...integer("notify-keyspace-events", 0, [0, 0], "Events that are published for keys."),
			type: "string",
			defaultValue: "",
			allowed: { kind: "characters", characters: "KEg$lshzxetdmA" },
		},
		integer("slowlog-log-slower-than", 10_000, [-1, MAX], "Microseconds; -1: nothing is logged."),
		integer("slowlog-max-len", 128, [0, INT_MAX], "Entries of the slow log."),
		integer("latency-monitor-threshold", 0, [0, INT_MAX], "Milliseconds; 0: off."),
		yesOrNo("latency-tracking", "no", "Percentiles of each command's latency."),
		integer("acllog-max-len", 128, [0, INT_MAX], "Entries of the ACL log."),
	];
}

/** Engine 7 has these three in one setting; ElastiCache shows them apart. */
function outputBuffer(
	kind: "normal" | "pubsub" | "replica",
	[hard, soft, seconds]: readonly [hard: number, soft: number, seconds: number],
): ParameterDefinition[] {
	const name = `client-output-buffer-limit-${kind}`;
	const told = { told: "never" } as const;
	return [
		integer(
			`${name}-hard-limit`,
			hard,
			[0, MAX],
			`Bytes at which ${kind} clients go; 0: never.`,
			told,
		),
		integer(
			`${name}-soft-limit`,
			soft,
			[0, MAX],
			`Bytes at which ${kind} clients go in time.`,
			told,
		),
		integer(`${name}-soft-seconds`, seconds, [0, INT_MAX], "Seconds above the soft limit.", told),
	];
}
