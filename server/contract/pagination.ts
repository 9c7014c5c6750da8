import { z } from "zod";
import { LIMITS } from "./limits.ts";

/** Query parameters arrive as strings, tRPC inputs as numbers: both are accepted. */
export const limitSchema = z.coerce
	.number("limit must be a whole number")
	.int("limit must be a whole number")
	.min(1)
	.max(LIMITS.pageSizeMax, `limit can be at most ${LIMITS.pageSizeMax}`)
	.default(LIMITS.pageSizeDefault);

export const cursorSchema = z.string().min(1).max(512).describe("nextCursor of the previous page");

export function pageOf<T extends z.ZodType>(item: T) {
	return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
