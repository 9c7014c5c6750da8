import type { z } from "zod";
import {
	cacheInterface,
	cacheInterfaceSchema,
	cachePageInterfaceSchema,
} from "../../contract/cache-interface.ts";
import { cachePageSchema, cacheSchema } from "../../contract/cache-view.ts";

/** How REST shows what a procedure returns. */
interface Presentation {
	schema: z.ZodType;
	of(output: unknown): unknown;
}

/**
 * Keyed by the procedure's output. The console shows a serverless cache's nodes to those who look after hosts. REST leaves
 * out what Larder decides, so that no program depends on it.
 */
const PRESENTATIONS = new Map<z.ZodType | undefined, Presentation>([
	presented(cacheSchema, cacheInterfaceSchema, cacheInterface),
	presented(cachePageSchema, cachePageInterfaceSchema, (page) => ({
		...page,
		items: page.items.map(cacheInterface),
	})),
]);

/** Null for a procedure whose output REST shows as it is. */
export function presentationOf(output: z.ZodType | undefined): Presentation | null {
	return PRESENTATIONS.get(output) ?? null;
}

function presented<T extends z.ZodType>(
	output: T,
	schema: z.ZodType,
	of: (output: z.output<T>) => unknown,
): [T, Presentation] {
	return [output, { schema, of: (value) => of(value as z.output<T>) }];
}
