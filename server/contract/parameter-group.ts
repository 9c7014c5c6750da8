import { z } from "zod";
import { PARAMETER_FAMILIES } from "./choices.ts";
import { clusterModeSchema } from "./enums.ts";
import { LIMITS } from "./limits.ts";

export const parameterFamilySchema = z.enum(PARAMETER_FAMILIES);
export type ParameterFamily = z.infer<typeof parameterFamilySchema>;

/** ElastiCache's rule for identifiers, plus dots, which names of default groups contain. */
export const parameterGroupNameSchema = z
	.string("a parameter group name is required")
	.min(1, "a parameter group name is required")
	.max(
		LIMITS.parameterGroupNameMaxLength,
		`a parameter group name can have at most ${LIMITS.parameterGroupNameMaxLength} characters`,
	)
	.regex(
		/^[A-Za-z](?!.*--)[A-Za-z0-9.-]*(?<!-)$/,
		"a parameter group name begins with a letter, holds only letters, digits, dots and hyphens, doesn't end with a hyphen, and has no two hyphens in a row",
	)
	.transform((name) => name.toLowerCase());

/** `immediate`: applied to running nodes. `requires-reboot`: applied at a node's next start. */
export const parameterApplySchema = z.enum(["immediate", "requires-reboot"]);
export type ParameterApply = z.infer<typeof parameterApplySchema>;

export const parameterSchema = z.object({
	name: z.string(),
	value: z.string(),
	defaultValue: z.string(),
	type: z.enum(["integer", "float", "boolean", "enum", "string"]),
	allowedValues: z.string().nullable().describe("1-300, or yes,no; null for free text"),
	apply: parameterApplySchema,
	modifiable: z.boolean(),
	source: z.enum(["default", "user"]),
	description: z.string(),
});
export type Parameter = z.infer<typeof parameterSchema>;

export const parameterGroupSummarySchema = z.object({
	name: z.string(),
	family: parameterFamilySchema,
	description: z.string(),
	isDefault: z.boolean().describe("default groups can't be changed"),
	clusterMode: clusterModeSchema
		.nullable()
		.describe("what cluster-enabled says; null for Memcached"),
	caches: z.array(z.string()).describe("names of the caches that use it"),
});
export type ParameterGroupSummary = z.infer<typeof parameterGroupSummarySchema>;

export const parameterGroupSchema = parameterGroupSummarySchema.extend({
	parameters: z.array(parameterSchema),
});
export type ParameterGroup = z.infer<typeof parameterGroupSchema>;

const parameterValuesSchema = z
	.record(z.string().min(1).max(128), z.string().max(1_024))
	.refine(
		(values) => Object.keys(values).length <= LIMITS.parametersPerRequestMax,
		`at most ${LIMITS.parametersPerRequestMax} parameters can be set in one request`,
	);

export const createParameterGroupInputSchema = z.strictObject({
	name: parameterGroupNameSchema,
	family: parameterFamilySchema,
	description: z.string().max(LIMITS.descriptionMaxLength).default(""),
	parameters: parameterValuesSchema.default({}),
});
export const modifyParameterGroupInputSchema = z.strictObject({
	name: parameterGroupNameSchema,
	description: z.string().max(LIMITS.descriptionMaxLength).optional(),
	parameters: parameterValuesSchema.default({}),
});
export const resetParameterGroupInputSchema = z.strictObject({
	name: parameterGroupNameSchema,
	parameters: z
		.array(z.string().min(1).max(128))
		.max(LIMITS.parametersPerRequestMax)
		.optional()
		.describe("names to reset; when absent all, except cluster-enabled while caches use the group"),
});
export const parameterGroupRefSchema = z.strictObject({ name: parameterGroupNameSchema });
export const listParameterGroupsInputSchema = z
	.strictObject({ family: parameterFamilySchema.optional() })
	.prefault({});
