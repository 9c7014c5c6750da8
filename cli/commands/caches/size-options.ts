import { type Command, Option } from "commander";
import { collectPair, collectText, wholeNumber } from "../../option-values.ts";

/** The options that say how many nodes a cache has. */
export interface SizeOptions {
	by?: string;
	replicas?: number;
	shardReplicas?: Record<string, string>;
	remove?: string[];
	shards?: number;
	nodes?: number;
}

export function replicasOption(): Option {
	return new Option("--replicas <count>", "copies of each primary, 0 to 5").argParser(wholeNumber);
}

export function nodesOption(): Option {
	return new Option("--nodes <count>", "Memcached nodes, 1 to 40").argParser(wholeNumber);
}

export function sizeOptions(command: Command): Command {
	return command
		.option("--shards <count>", "with cluster mode: slots move while the cache serves", wholeNumber)
		.addOption(
			new Option(
				"--by <weight>",
				"with --shards: spread slots by their number or by what they hold",
			).choices(["slots", "bytes"]),
		)
		.addOption(replicasOption())
		.option(
			"--shard-replicas <shard=count>",
			"copies of one shard's primary, such as 0002=3; may be given several times",
			collectPair,
		)
		.addOption(nodesOption())
		.option(
			"--remove <node>",
			"a replica or Memcached node to remove; may be given several times",
			collectText,
		);
}

/** The request fields that these options set. */
export function sizeOf({ by, replicas, shardReplicas, remove, shards, nodes }: SizeOptions) {
	return {
		replicasPerShard: replicas,
		shardReplicas:
			shardReplicas &&
			Object.entries(shardReplicas).map(([shard, count]) => ({
				...{ shard, replicas: wholeNumber(count) },
			})),
		...{ removeNodes: remove, shards, weightBy: by, nodes },
	};
}

/** What a command that doesn't wait says about the change that it requested. */
export function acceptedWords(name: string, { window }: { window?: boolean }): string {
	return window === true
		? `${name} will change in its maintenance window; see: larder caches show ${name}`
		: `${name} is being modified.`;
}
