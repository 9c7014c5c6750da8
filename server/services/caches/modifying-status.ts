import type { FullCache } from "../../data/cache-mapping.ts";

/** What a cache's status says from a request until the reconciler has looked. Something worse stays. */
export function modifyingStatus(
	{ status }: FullCache,
	statusReason: string,
): { status: string; statusReason?: string } {
	const isCalm = status === "available" || status === "modifying";
	return isCalm ? { status: "modifying", statusReason } : { status };
}
