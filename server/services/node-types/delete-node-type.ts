import { AppError, NODE_TYPES } from "../../contract/index.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";

/** `conflict` for a type of the catalog, and while a cache uses it. */
export async function deleteNodeType(
	resources: Resources,
	caller: Caller,
	input: { name: string },
): Promise<{ name: string }> {
	if (NODE_TYPES.has(input.name)) {
		throw new AppError(
			"conflict",
			`Node type ${input.name} belongs to the catalog and can't be deleted. You can delete only node types of your own.`,
			{ field: "name" },
		);
	}
	return mutate(resources, caller, {
		action: "node-type.delete",
		target: input.name,
		input,
		run: async (tx) => {
			const { count } = await tx.nodeType.deleteMany({ where: { name: input.name } });
			if (count === 0) {
				throw new AppError(
					"not_found",
					`Node type ${input.name} not found. List the node types to see what exists.`,
					{ field: "name" },
				);
			}
			const user = await tx.cache.findFirst({
				where: { nodeType: input.name },
				select: { name: true },
			});
			if (user !== null) {
				throw new AppError(
					"conflict",
					`Node type ${input.name} can't be deleted: cache ${user.name} uses it. Delete that cache first.`,
					{ field: "name" },
				);
			}
			return { name: input.name };
		},
	});
}
