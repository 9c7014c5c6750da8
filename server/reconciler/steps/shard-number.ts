/** The name of a shard in sentences and events, as ElastiCache writes it. */
export function shardNumber(shard: { index: number } | undefined): string {
	return String((shard?.index ?? 0) + 1).padStart(4, "0");
}
