export { busyTimeoutMs } from "./busy-timeout.ts";
export { parameterDefinition, parameterDefinitions } from "./catalog.ts";
export { canonicalValue, checkOverrides, validateParameter } from "./check-overrides.ts";
export { allowedText, type ParameterDefinition } from "./definition.ts";
export {
	defaultGroupName,
	engineOf,
	PARAMETER_FAMILIES,
	parseDefaultGroupName,
} from "./families.ts";
export { resolveParameters } from "./resolve-parameters.ts";
export { tcpKeepaliveSeconds } from "./tcp-keepalive.ts";
