import { AppError } from "../../contract/index.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { namesOf } from "./change-group.ts";
import { cachesUsing, lockOwnGroup } from "./find-group.ts";

/** `conflict` while a cache uses it. */
export async function deleteParameterGroup(
	resources: Resources,
	caller: Caller,
	input: { name: string },
): Promise<{ name: string }> {
	return mutate(resources, caller, {
		action: "parameter-group.delete",
		target: input.name,
		input,
		run: async (tx) => {
			const { name } = await lockOwnGroup(tx, input.name);
			const caches = await cachesUsing(tx, name);
			if (caches.length > 0) {
				throw new AppError(
					"conflict",
					`Parameter group ${name} can't be deleted, because caches use it: ${namesOf(caches)}. Move them to another group, or delete them.`,
					{ field: "name" },
				);
			}
			await tx.parameterGroup.delete({ where: { name } });
			return { name };
		},
	});
}
