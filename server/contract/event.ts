import { z } from "zod";
import { cacheNameSchema } from "./cache.ts";
import { severitySchema } from "./enums.ts";
import { cursorSchema, limitSchema, pageOf } from "./pagination.ts";

export const eventSchema = z.object({
	id: z.string(),
	at: z.string(),
	severity: severitySchema,
	type: z.string().describe("stable, such as cache.available or node.exited"),
	message: z.string(),
	cache: z.string().nullable(),
	node: z.string().nullable(),
	host: z.string().nullable(),
});
export type Event = z.infer<typeof eventSchema>;

export const listEventsInputSchema = z.strictObject({
	limit: limitSchema,
	cursor: cursorSchema.optional(),
	cache: cacheNameSchema.optional(),
	severity: severitySchema.optional(),
});
export const eventPageSchema = pageOf(eventSchema);
