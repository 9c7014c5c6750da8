import { engineName } from "../../../_lib/engines.ts";
import { plural } from "../../../_lib/format/count.ts";
import { type Draft, type FleetFacts, hasFailover, hasMultiAz, isCluster } from "./draft.ts";

/** The draft in one sentence: "Valkey: 1 primary and …, on cache.t4g.micro, with a password." */
export function describeChoice(draft: Draft, fleet: FleetFacts): string {
	const engine = `${engineName(draft.engine)}${draft.engineVersion === "" ? "" : ` ${draft.engineVersion}`}`;
	const size = `on ${draft.nodeType}`;
	const zones = hasMultiAz(draft, fleet) ? "spread over zones" : "wherever there is room";
	if (draft.engine === "memcached") {
		return `${engine} with ${plural(draft.nodes, "node")} ${zones}, ${size}.`;
	}
	const replicas =
		draft.replicas === 0 ? "no replica" : `${plural(draft.replicas, "replica")} ${zones}`;
	const shape = isCluster(draft)
		? `cluster mode on, ${plural(draft.shards, "shard")}, each with ${replicas}`
		: `1 primary and ${replicas}`;
	const failover =
		draft.replicas === 0
			? ""
			: hasFailover(draft, fleet)
				? ", automatic failover"
				: ", manual failover";
	const auth = draft.auth === "password" ? "with a password" : "without a password";
	return `${engine}: ${shape}${failover}, ${size}, ${auth}.`;
}
