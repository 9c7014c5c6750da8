import {
	clusterModeSchema,
	type ParameterFamily,
	type ParameterGroup,
	type ParameterGroupSummary,
} from "../../contract/index.ts";
import { findParameterGroups, toParameterGroup } from "../../data/parameter-groups.ts";
import { defaultGroupName, PARAMETER_FAMILIES } from "../../domain/parameters/index.ts";
import type { Resources } from "../context.ts";
import { cachesByGroup, cachesUsing, requireGroup } from "./find-group.ts";
import { toGroupSummary, toGroupView } from "./group-view.ts";

/** Default groups of every family first, then the others by name. */
export async function listParameterGroups(
	{ db }: Resources,
	input: { family?: ParameterFamily | undefined },
): Promise<ParameterGroupSummary[]> {
	const defaultNames = PARAMETER_FAMILIES.flatMap((family) =>
		clusterModeSchema.options.map((mode) => defaultGroupName(family, mode)),
	);
	const [defaults, rows, users] = await Promise.all([
		findParameterGroups(db, defaultNames),
		db.parameterGroup.findMany({ orderBy: { name: "asc" } }),
		cachesByGroup(db),
	]);
	const groups = [...defaults.values(), ...rows.map(toParameterGroup)];
	const wanted = groups.filter((group) => group.family === (input.family ?? group.family));
	return wanted.map((group) => toGroupSummary(group, users.get(group.name) ?? []));
}

/** With all parameters of its family. `not_found` if there is no such group. */
export async function getParameterGroup(
	{ db }: Resources,
	input: { name: string },
): Promise<ParameterGroup> {
	const group = await requireGroup(db, input.name);
	return toGroupView(group, await cachesUsing(db, group.name));
}
