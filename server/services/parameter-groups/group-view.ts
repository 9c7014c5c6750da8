import type { Parameter, ParameterGroup, ParameterGroupSummary } from "../../contract/index.ts";
import type { StoredParameterGroup } from "../../data/parameter-groups.ts";
import { allowedText, parameterDefinitions } from "../../domain/parameters/index.ts";

export function toGroupSummary(
	group: StoredParameterGroup,
	caches: readonly string[],
): ParameterGroupSummary {
	return {
		name: group.name,
		family: group.family,
		description: group.description,
		isDefault: group.isDefault,
		clusterMode: group.clusterMode,
		caches: [...caches],
	};
}

export function toGroupView(
	group: StoredParameterGroup,
	caches: readonly string[],
): ParameterGroup {
	return { ...toGroupSummary(group, caches), parameters: parametersOf(group) };
}

/** All parameters of the group's family, sorted by name. */
function parametersOf({ family, overrides, isDefault }: StoredParameterGroup): Parameter[] {
	return parameterDefinitions(family).map((definition) => {
		const override = overrides[definition.name];
		return {
			name: definition.name,
			value: override ?? definition.defaultValue,
			defaultValue: definition.defaultValue,
			type: definition.type,
			allowedValues: allowedText(definition.allowed),
			apply: definition.apply,
			modifiable: definition.modifiable,
			source: override === undefined || isDefault ? "default" : "user",
			description: definition.description,
		};
	});
}
