import type { ParameterFamily } from "../../contract/parameter-group.ts";
import { parameterDefinitions } from "./catalog.ts";

/** Memcached has no such parameter. */
const WITHOUT_PARAMETER = 300;

/** Seconds of silence after which a gateway probes the other end of a connection, as the cache's nodes do; 0 for never. */
export function tcpKeepaliveSeconds(
	family: ParameterFamily,
	overrides: Readonly<Record<string, string>>,
): number {
	const definition = parameterDefinitions(family).find(({ name }) => name === "tcp-keepalive");
	if (definition === undefined) return WITHOUT_PARAMETER;
	return Number(overrides["tcp-keepalive"] ?? definition.defaultValue);
}
