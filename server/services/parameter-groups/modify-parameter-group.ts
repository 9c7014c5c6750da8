import type { z } from "zod";
import {
	AppError,
	type modifyParameterGroupInputSchema,
	type ParameterGroup,
	type resetParameterGroupInputSchema,
} from "../../contract/index.ts";
import { parameterDefinition } from "../../domain/parameters/index.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { FIXED_IN_USE, writeOverrides } from "./change-group.ts";
import { cachesUsing, lockOwnGroup } from "./find-group.ts";
import { toGroupView } from "./group-view.ts";
import { acceptOverrides } from "./overrides.ts";

/** Sets the named parameters; others stay as they are. */
export async function modifyParameterGroup(
	resources: Resources,
	caller: Caller,
	input: z.output<typeof modifyParameterGroupInputSchema>,
): Promise<ParameterGroup> {
	if (input.description === undefined && Object.keys(input.parameters).length === 0) {
		throw new AppError(
			"invalid_argument",
			"No modifications were requested: send description or parameters",
		);
	}
	return mutate(resources, caller, {
		action: "parameter-group.modify",
		target: input.name,
		input,
		run: async (tx, after) => {
			const group = await lockOwnGroup(tx, input.name);
			const values = acceptOverrides(group.family, input.parameters);
			const overrides = { ...group.overrides, ...values };
			const changed = await writeOverrides(resources, caller, tx, after, { group, overrides });
			const { description } = input;
			if (description !== undefined) {
				await tx.parameterGroup.update({ where: { name: group.name }, data: { description } });
				changed.description = description;
			}
			return toGroupView(changed, await cachesUsing(tx, group.name));
		},
	});
}

/**
 * Resets the named parameters to their defaults. Without names it resets all, except those that can't change
 * while caches use the group.
 */
export async function resetParameterGroup(
	resources: Resources,
	caller: Caller,
	input: z.output<typeof resetParameterGroupInputSchema>,
): Promise<ParameterGroup> {
	return mutate(resources, caller, {
		action: "parameter-group.reset",
		target: input.name,
		input,
		run: async (tx, after) => {
			const group = await lockOwnGroup(tx, input.name);
			for (const [index, name] of (input.parameters ?? []).entries()) {
				if (parameterDefinition(group.family, name) !== undefined) continue;
				throw new AppError(
					"invalid_argument",
					`${name} isn't a parameter of the family ${group.family}`,
					{ field: `parameters.${index}` },
				);
			}
			const caches = await cachesUsing(tx, group.name);
			const isKept = (name: string) =>
				input.parameters === undefined
					? caches.length > 0 && FIXED_IN_USE.has(name)
					: !input.parameters.includes(name);
			const kept = Object.entries(group.overrides).filter(([name]) => isKept(name));
			const overrides = Object.fromEntries(kept);
			const changed = await writeOverrides(resources, caller, tx, after, { group, overrides });
			return toGroupView(changed, caches);
		},
	});
}
