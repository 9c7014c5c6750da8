import { CLOCK_OFF_MS } from "../../contract/limits.ts";

/** What a wrong clock of a host means for its caches, in sentences; null if it is right, or unknown. */
export function clockWarning(hostName: string, aheadMs: number | null): string | null {
	if (aheadMs === null || Math.abs(aheadMs) <= CLOCK_OFF_MS) return null;
	const direction = aheadMs > 0 ? "ahead of" : "behind";
	const when = aheadMs > 0 ? "too early" : "too late";
	return `The clock of ${hostName} is ${describe(Math.abs(aheadMs))} ${direction} the control plane's. Keys with a time to live expire ${when} while a primary runs there. Set the clock, for example with chrony or systemd-timesyncd.`;
}

function describe(ms: number): string {
	const seconds = ms / 1_000;
	if (seconds < 120) return `${seconds.toFixed(1)} s`;
	if (seconds < 7_200) return `${Math.round(seconds / 60)} minutes`;
	if (seconds < 172_800) return `${Math.round(seconds / 3_600)} hours`;
	return `${Math.round(seconds / 86_400)} days`;
}
