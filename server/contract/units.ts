import { GIB, MIB } from "./limits.ts";

const KIB = 1024;

/** `0.5 GiB`, `384 MiB`, `12 KiB`: for sentences. The console formats numbers on its own. */
export function formatGib(bytes: number): string {
	if (bytes > 0 && bytes < MIB) return `${Math.ceil(bytes / KIB)} KiB`;
	if (bytes < GIB / 4) return `${Math.round(bytes / MIB)} MiB`;
	return `${Number((bytes / GIB).toFixed(2))} GiB`;
}

/** `1 vCPU`, `0.2 vCPUs`: for sentences. */
export function formatCpus(millis: number): string {
	const cpus = Number((millis / 1_000).toFixed(2));
	return `${cpus} vCPU${cpus === 1 ? "" : "s"}`;
}
