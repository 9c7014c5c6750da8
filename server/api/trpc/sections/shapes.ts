import { z } from "zod";

export const emptyInput = z.strictObject({}).prefault({});

/** A list that is never long enough for pages, in the shape of a paged list. */
export function wholeListOf<T extends z.ZodType>(item: T) {
	return z.object({ items: z.array(item), nextCursor: z.null() });
}
