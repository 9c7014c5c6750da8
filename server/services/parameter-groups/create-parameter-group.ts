import { randomUUID } from "node:crypto";
import type { z } from "zod";
import {
	AppError,
	type createParameterGroupInputSchema,
	type ParameterGroup,
} from "../../contract/index.ts";
import { isUniqueViolation } from "../../data/database.ts";
import { toParameterGroup } from "../../data/parameter-groups.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { toGroupView } from "./group-view.ts";
import { acceptOverrides } from "./overrides.ts";

const RESERVED_PREFIX = "default.";

/** `already_exists` if the name is taken, `invalid_argument` for a value that isn't allowed. */
export async function createParameterGroup(
	resources: Resources,
	caller: Caller,
	input: z.output<typeof createParameterGroupInputSchema>,
): Promise<ParameterGroup> {
	if (input.name.startsWith(RESERVED_PREFIX)) {
		throw new AppError(
			"invalid_argument",
			`Names that begin with ${RESERVED_PREFIX} are reserved for default groups; choose another name`,
			{ field: "name" },
		);
	}
	const parameters = acceptOverrides(input.family, input.parameters);
	try {
		return await mutate(resources, caller, {
			action: "parameter-group.create",
			target: input.name,
			input,
			run: async (tx) => {
				const row = await tx.parameterGroup.create({
					data: {
						id: randomUUID(),
						name: input.name,
						family: input.family,
						description: input.description,
						parameters,
						createdAt: resources.clock.now(),
					},
				});
				return toGroupView(toParameterGroup(row), []);
			},
		});
	} catch (error) {
		if (!isUniqueViolation(error)) throw error;
		throw new AppError(
			"already_exists",
			`Parameter group ${input.name} already exists. Choose another name, or modify that group.`,
			{ field: "name", cause: error },
		);
	}
}
