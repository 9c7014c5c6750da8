import { z } from "zod";
import { PERSISTENCES } from "./choices.ts";

/** Whether nodes write every change to their host's disk, and how often they make sure that it is there. */
export const persistenceSchema = z.enum(PERSISTENCES);
export type Persistence = z.infer<typeof persistenceSchema>;

/** Why a cache of this kind can't be persistent; null if it can. */
export function persistenceRefusal(
	persistence: Persistence | undefined,
	{ kind, engine }: { kind: string; engine?: string | undefined },
): string | null {
	if (persistence === undefined || persistence === "none") return null;
	if (kind === "serverless") {
		return "persistence doesn't apply to a serverless cache, whose nodes come and go with the load: replicas on other hosts keep its data. Leave persistence out, or create a provisioned cache";
	}
	if (engine === "memcached") {
		return "persistence doesn't apply to Memcached, which keeps data in memory only. Leave persistence out";
	}
	return null;
}
