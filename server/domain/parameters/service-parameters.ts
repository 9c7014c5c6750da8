import { BUSY_TIMING, CLIENTS_MAX_DEFAULT } from "../../contract/limits.ts";
import { INT_MAX, integer, type ParameterDefinition, yesOrNo } from "./definition.ts";

const REBOOT = { apply: "requires-reboot" } as const;
const MAX = Number.MAX_SAFE_INTEGER;

/** Connections, replication, cluster and the engine's own reporting. */
export function serviceParameters(options: { backlogBytes: number }): ParameterDefinition[] {
	return [
		integer(
			"timeout",
			0,
			[0, INT_MAX],
			"Seconds after which an idle client is disconnected; 0 means never.",
		),
		integer(
			"tcp-keepalive",
			300,
			[0, INT_MAX],
			"Seconds between TCP keepalives; 0 turns them off.",
		),
		integer("maxclients", CLIENTS_MAX_DEFAULT, [1, 65_000], "Maximum simultaneous clients.", {
			modifiable: false,
			sent: "never",
		}),
		integer(
			"client-query-buffer-limit",
			1_073_741_824,
			[1_048_576, MAX],
			"Maximum bytes of a request.",
		),
		integer(
			"proto-max-bulk-len",
			536_870_912,
			[1_048_576, MAX],
			"Maximum bytes of one value in a request.",
		),
		...outputBuffer("normal", [0, 0, 0]),
		...outputBuffer("pubsub", [33_554_432, 8_388_608, 60]),
		...outputBuffer("replica", [268_435_456, 67_108_864, 60]),
		integer(
			"tracking-table-max-keys",
			1_000_000,
			[0, INT_MAX],
			"Maximum keys tracked for client-side caching.",
		),
		integer(
			"io-threads",
			1,
			[1, 128],
			"I/O threads, including the main thread. If you don't set it, Larder bases it on the node type's vCPUs.",
			{ ...REBOOT, sent: "when-set" },
		),
		integer(
			"databases",
			16,
			[1, 10_000],
			"Number of databases; for cluster mode, see cluster-databases.",
			{
				...REBOOT,
				clusterMode: "disabled",
			},
		),
		yesOrNo(
			"appendonly",
			"no",
			"Append-only file. Always off: nodes keep data in memory and in replicas.",
			{
				modifiable: false,
				sent: "never",
			},
		),
		integer(
			"busy-reply-threshold",
			5_000,
			[0, INT_MAX],
			"Milliseconds after which a script or function counts as slow.",
		),
		integer(
			"larder-busy-timeout",
			BUSY_TIMING.defaultSeconds,
			[2, 86_400],
			"Seconds that a primary may spend on one command or script without answering before a replica takes over.",
			{ sent: "never" },
		),
		integer(
			"repl-backlog-size",
			options.backlogBytes,
			[16_384, MAX],
			"Bytes of the replication backlog.",
		),
		integer(
			"repl-backlog-ttl",
			3_600,
			[0, INT_MAX],
			"Seconds that the replication backlog is kept.",
			{
				modifiable: false,
				sent: "never",
			},
		),
		integer(
			"repl-timeout",
			60,
			[1, INT_MAX],
			"Seconds of silence after which replication times out.",
			{
				modifiable: false,
				sent: "never",
			},
		),
		integer(
			"min-replicas-to-write",
			0,
			[0, 5],
			"Minimum reachable replicas for writes to succeed. If you don't set it: 1 for caches with two or more replicas per shard.",
		),
		integer(
			"min-replicas-max-lag",
			10,
			[0, INT_MAX],
			"Maximum lag, in seconds, of a replica that counts for min-replicas-to-write. If you don't set it: 3 for caches with two or more replicas per shard.",
		),
		yesOrNo("cluster-enabled", "no", "Cluster mode. Fixed while caches use the group.", {
			...REBOOT,
			sent: "never",
		}),
		yesOrNo("cluster-require-full-coverage", "no", "Stops serving while any slot is uncovered.", {
			clusterMode: "enabled",
		}),
		yesOrNo("cluster-allow-reads-when-down", "no", "Serves reads while the cluster is down.", {
			clusterMode: "enabled",
		}),
		yesOrNo(
			"cluster-allow-pubsubshard-when-down",
			"yes",
			"Serves sharded pub/sub while the cluster is down.",
			{
				clusterMode: "enabled",
			},
		),
		{
			...integer("notify-keyspace-events", 0, [0, 0], "Keyspace events that are published."),
			type: "string",
			defaultValue: "",
			allowed: { kind: "characters", characters: "KEg$lshzxetdmA" },
		},
		integer(
			"slowlog-log-slower-than",
			10_000,
			[-1, MAX],
			"Logs commands slower than this many microseconds; -1 logs none.",
		),
		integer("slowlog-max-len", 128, [0, INT_MAX], "Maximum entries in the slow log."),
		integer(
			"latency-monitor-threshold",
			0,
			[0, INT_MAX],
			"Records events that take at least this many milliseconds; 0 turns the monitor off.",
		),
		yesOrNo("latency-tracking", "no", "Tracks latency percentiles for each command."),
		integer("acllog-max-len", 128, [0, INT_MAX], "Maximum entries in the ACL log."),
	];
}

/** The engine has these three in one setting; ElastiCache shows them separately. */
function outputBuffer(
	kind: "normal" | "pubsub" | "replica",
	[hard, soft, seconds]: readonly [hard: number, soft: number, seconds: number],
): ParameterDefinition[] {
	const name = `client-output-buffer-limit-${kind}`;
	const sent = { sent: "never" } as const;
	return [
		integer(
			`${name}-hard-limit`,
			hard,
			[0, MAX],
			`Output buffer, in bytes, at which ${kind} clients are disconnected; 0 means never.`,
			sent,
		),
		integer(
			`${name}-soft-limit`,
			soft,
			[0, MAX],
			`Output buffer, in bytes, at which ${kind} clients are disconnected if it stays that full.`,
			sent,
		),
		integer(
			`${name}-soft-seconds`,
			seconds,
			[0, INT_MAX],
			"Seconds above the soft limit before a client is disconnected.",
			sent,
		),
	];
}
