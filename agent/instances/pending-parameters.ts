import type { Assignment, EngineParameter } from "../../server/contract/desired-state.ts";
import type { AppliedSettings, ParameterValues } from "../drivers/driver.ts";
import type { InstanceRecord } from "./instance-record.ts";

/** Values that a process is started with and can't change later. */
export function launchedParameters(parameters: readonly EngineParameter[]): ParameterValues {
	return valuesOf(parameters.filter((parameter) => !parameter.live));
}

/** Parameters that the engine refused and whose refused value is still wanted. */
export function stillRefused(
	refused: ParameterValues,
	wanted: readonly EngineParameter[],
): ParameterValues {
	return valuesOf(wanted.filter(({ name, value }) => refused[name] === value));
}

export function refusedValues(refused: AppliedSettings["refused"]): ParameterValues {
	return valuesOf(refused);
}

/**
 * Names of parameters whose wanted value the running process doesn't have: it was started with another value,
 * or refused this one. A parameter that is no longer wanted counts too: the engine's default is then wanted.
 */
export function pendingParameters(assignment: Assignment | null, record: InstanceRecord): string[] {
	if (assignment === null || record.launches === 0) return [];
	const { parameters } = assignment;
	const wanted = launchedParameters(parameters);
	const { launchedParameters: present, refusedParameters } = record;
	const names = new Set([...Object.keys(wanted), ...Object.keys(present ?? {})]);
	const stale = [...names].filter((name) => present !== null && wanted[name] !== present[name]);
	const refused = Object.keys(stillRefused(refusedParameters, parameters));
	return [...new Set([...stale, ...refused])].sort();
}

function valuesOf(parameters: readonly { name: string; value: string }[]): ParameterValues {
	return Object.fromEntries(parameters.map(({ name, value }) => [name, value]));
}
