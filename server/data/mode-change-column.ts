import { z } from "zod";
import type { ModeChange } from "../domain/cache/sleep-model.ts";
import type { CacheRow } from "./database.ts";

const modeChangeColumn = z.object({
	...{ id: z.string(), startedAt: z.string() },
	notBefore: z.string().nullable(),
	interruptions: z.number(),
	parameterGroup: z.string().nullable().default(null),
});

/** The change to cluster mode that was requested and isn't finished; null for none. */
export function modeChangeOf({ modeChange }: Pick<CacheRow, "modeChange">): ModeChange | null {
	return modeChangeColumn.nullable().parse(modeChange);
}
