import { z } from "zod";
import { LIMITS } from "./limits.ts";

export const createAdministratorInputSchema = z.strictObject({
	setupToken: z.string().min(1, "open the set-up link that npm start printed"),
	name: z.string().trim().min(1, "name is required").max(100),
	email: z.email("enter a valid e-mail address").max(254).toLowerCase(),
	password: z
		.string()
		.min(
			LIMITS.passwordMinLength,
			`password must have at least ${LIMITS.passwordMinLength} characters`,
		)
		.max(LIMITS.passwordMaxLength),
});

export const setupStatusSchema = z.object({
	required: z.boolean().describe("true until the first administrator exists"),
});

export const meSchema = z.object({
	kind: z.enum(["user", "token", "machine"]),
	name: z.string(),
	email: z.string().nullable(),
});
export type Me = z.infer<typeof meSchema>;

export const overviewSchema = z.object({
	version: z.string(),
	caches: z.number(),
	hosts: z.number(),
	/** So many hosts fell silent at once that the control plane takes itself to be cut off: nothing is replaced. */
	safeMode: z.object({ silentHosts: z.array(z.string()) }).nullable(),
	zones: z.array(
		z.object({
			name: z.string(),
			hosts: z.number(),
			online: z.number(),
			memoryBytes: z.number(),
			memoryAssignedBytes: z.number(),
		}),
	),
});
