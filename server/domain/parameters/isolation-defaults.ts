/** In seconds. Replicas say each second how far they are, so less would take a slow moment for an isolation. */
const LAG_MAX_SECONDS = 3;
/** With a single one, the loss of a replica would stop the writes of a primary that is well. */
const REPLICAS_MIN = 2;

/**
 * What a shard's nodes are told where the parameter group says nothing: with two replicas or more, a primary that hears
 * from none of them takes no writes, because by then another may lead (docs/decisions/0014-isolated-primaries.md).
 */
export function isolationDefaults(replicasPerShard: number): Readonly<Record<string, string>> {
	if (replicasPerShard < REPLICAS_MIN) return {};
	return { "min-replicas-to-write": "1", "min-replicas-max-lag": String(LAG_MAX_SECONDS) };
}
