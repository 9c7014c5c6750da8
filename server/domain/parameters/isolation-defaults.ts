/**
 * In seconds. Replicas report their offset each second, so a lower value would mistake a slow moment for
 * isolation.
 */
const LAG_MAX_SECONDS = 3;
/** With a single replica, its loss would stop the writes of a healthy primary. */
const REPLICAS_MIN = 2;

/**
 * Settings for a shard's nodes if the parameter group says nothing: with two replicas or more, a primary that
 * hears from none of them refuses writes, because by then another may be primary
 * (docs/decisions/0014-isolated-primaries.md).
 */
export function isolationDefaults(replicasPerShard: number): Readonly<Record<string, string>> {
	if (replicasPerShard < REPLICAS_MIN) return {};
	return { "min-replicas-to-write": "1", "min-replicas-max-lag": String(LAG_MAX_SECONDS) };
}
