import { z } from "zod";
import { engineSchema } from "./enums.ts";

export const engineVersionInputSchema = z
	.string()
	.regex(
		/^\d+(\.\d+){0,2}$/,
		"engineVersion must look like 9, 9.1 or 9.1.2; see GET /api/v1/engine-versions",
	);

export const engineVersionSchema = z.object({
	engine: engineSchema,
	version: z.string().describe("full version, as the binary reports it"),
	hosts: z.array(z.string()).describe("names of the hosts that have it unpacked"),
	isDefault: z.boolean(),
});
export type EngineVersion = z.infer<typeof engineVersionSchema>;
