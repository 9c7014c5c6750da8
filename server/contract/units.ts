import { GIB, MIB } from "./limits.ts";

/** `0.5 GiB`, `384 MiB`: for sentences. The console formats numbers on its own. */
export function formatGib(bytes: number): string {
	if (bytes < GIB / 4) return `${Math.round(bytes / MIB)} MiB`;
	return `${Number((bytes / GIB).toFixed(2))} GiB`;
}
